#if defined(__x86_64__)

#include "avx2.h"
#include "../families.h"

void maskd_install_avx2(maskd_kernels *table) {
  table->family = "avx2";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 4, .nr = 16, .kr = 2, .weight_bytes = 2, .activation_offset = 0};
  table->gemm_s8 = maskd_gemm_s8_4x16_avx2;
  table->depthwise_s8 = maskd_depthwise_s8_avx2;
  table->packed_depthwise_s8_bytes = maskd_packed_depthwise_s8_bytes_avx2;
  table->pack_depthwise_s8 = maskd_pack_depthwise_s8_avx2;
  table->depthwise_s8_s16 = maskd_depthwise_s8_s16_avx2;
  table->row_sums_s8 = maskd_row_sums_s8_avx2;
  table->lookup_s8 = maskd_lookup_s8_avx2;
  table->add_s8 = maskd_add_s8_avx2;
  table->mul_s8 = maskd_mul_s8_avx2;
  table->average_pool_s8 = maskd_average_pool_s8_avx2;
  table->max_pool_s8 = maskd_max_pool_s8_avx2;
  table->mean_s8 = maskd_mean_s8_avx2;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_avx2;
  maskd_install_float_avx2(table);
}

#endif
