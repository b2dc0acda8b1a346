#if defined(__aarch64__)

#include "neon.h"
#include "../families.h"
#include "../features.h"

void maskd_install_neon(maskd_kernels *table) {
  table->family = "neon";
  table->gemm_s8_shape = (maskd_gemm_shape){
      .mr = 28, .nr = 4, .kr = 16, .weight_bytes = 1, .is_dense = true, .header_bytes = 16, .has_pairs = true};
  table->gemm_s8 = maskd_processor_is_in_order() ? maskd_gemm_s8_28x4_neon_in_order : maskd_gemm_s8_28x4_neon;
  table->depthwise_s8_s16 = maskd_depthwise_s8_s16_neon;
  table->depthwise_s8 = maskd_depthwise_s8_neon;
  table->packed_depthwise_s8_bytes = maskd_packed_depthwise_s8_bytes_neon;
  table->pack_depthwise_s8 = maskd_pack_depthwise_s8_neon;
  table->row_sums_s8 = maskd_row_sums_s8_neon;
  table->lookup_s8 = maskd_lookup_s8_neon;
  table->add_s8 = maskd_add_s8_neon;
  table->mul_s8 = maskd_mul_s8_neon;
  table->average_pool_s8 = maskd_average_pool_s8_neon;
  table->max_pool_s8 = maskd_max_pool_s8_neon;
  table->mean_s8 = maskd_mean_s8_neon;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_neon;
  maskd_install_float_neon(table);
  table->quantize_f32_s8 = maskd_quantize_f32_s8_neon;
}

#endif
