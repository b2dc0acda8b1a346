#if defined(__aarch64__)

#include "neon.h"
#include <stdbool.h>

// The float kernels for this family's vectors. Of 32 registers 16 hold sums, two weights, the rest activations.

#define MASKD_LANES 4
#define MASKD_ROWS 8
#define MASKD_VECTORS 2

#include "../vector/depthwise_f32.h"
#include "../vector/elementwise_f32.h"
#include "../vector/gemm_f32.h"

void maskd_install_float_neon(maskd_kernels *table) {
  table->gemm_f32_shape = (maskd_gemm_shape){.mr = MASKD_TILE_ROWS, .nr = MASKD_LANES, .kr = 1, .weight_bytes = 4};
  table->gemm_f32 = maskd_gemm_f32_vector;
  table->depthwise_f32 = maskd_depthwise_f32_vector;
  table->arithmetic_f32 = maskd_arithmetic_f32_vector;
  table->sums_of_columns_f32 = maskd_sums_of_columns_f32_vector;
  table->range_f32 = maskd_range_f32_vector;
  table->quantize_f32_s8 = maskd_quantize_f32_s8_vector;
  table->divide_f32_s8 = maskd_divide_f32_s8_vector;
}

#endif
