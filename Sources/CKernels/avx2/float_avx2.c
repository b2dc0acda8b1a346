#if defined(__x86_64__)

#include "avx2.h"
#include <stdbool.h>

// The float kernels for this family's vectors. Of 16 registers 12 hold sums, two weights and one an activation.

#define MASKD_LANES 8
#define MASKD_ROWS 6
#define MASKD_VECTORS 2

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../vector/depthwise_f32.h"
#include "../vector/elementwise_f32.h"
#include "../vector/gemm_f32.h"

#pragma clang attribute pop

void maskd_install_float_avx2(maskd_kernels *table) {
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
