#include "generic.h"
#include "../families.h"

void maskd_install_generic(maskd_kernels *table) {
  *table = (maskd_kernels){
      .family = "generic",
      .gemm_s8_shape = {.mr = 4, .nr = 8, .kr = 1, .weight_bytes = 1, .activation_offset = 0},
      .gemm_s8 = maskd_gemm_s8_4x8_generic,
      .depthwise_s8 = maskd_depthwise_s8_generic,
      .packed_depthwise_s8_bytes = maskd_packed_depthwise_s8_bytes_generic,
      .pack_depthwise_s8 = maskd_pack_depthwise_s8_generic,
      .depthwise_s8_s16 = maskd_depthwise_s8_s16_generic,
      .row_sums_s8 = maskd_row_sums_s8_generic,
      .gemm_f32_shape = {.mr = 4, .nr = 8, .kr = 1, .weight_bytes = 4, .activation_offset = 0},
      .gemm_f32 = maskd_gemm_f32_4x8_generic,
      .depthwise_f32 = maskd_depthwise_f32_generic,
      .arithmetic_f32 = maskd_arithmetic_f32_generic,
      .sums_of_columns_f32 = maskd_sums_of_columns_f32_generic,
      .range_f32 = maskd_range_f32_generic,
      .quantize_f32_s8 = maskd_quantize_f32_s8_generic,
      .divide_f32_s8 = maskd_divide_f32_s8_generic,
      .lookup_s8 = maskd_lookup_s8_generic,
      .add_s8 = maskd_add_s8_generic,
      .mul_s8 = maskd_mul_s8_generic,
      .average_pool_s8 = maskd_average_pool_s8_generic,
      .max_pool_s8 = maskd_max_pool_s8_generic,
      .mean_s8 = maskd_mean_s8_generic,
  };
  table->multiply_peak_s8 = maskd_multiply_peak_s8_generic;
}
