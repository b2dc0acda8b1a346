#if defined(__x86_64__)

#include "avx512vnni.h"
#include <stdbool.h>

// The float kernels for this family's vectors. Of 32 registers 24 hold sums, three weights and one an activation.

#define MASKD_LANES 16
#define MASKD_ROWS 8
#define MASKD_VECTORS 3
#define MASKD_HAS_MASKS

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#include "../vector/depthwise_f32.h"
#include "../vector/elementwise_f32.h"
#include "../vector/gemm_f32.h"

#pragma clang attribute pop

void maskd_install_float_avx512vnni(maskd_kernels *table) {
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
