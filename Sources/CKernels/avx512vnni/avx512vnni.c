#if defined(__x86_64__)

#include "avx512vnni.h"
#include "../families.h"
#include "../features.h"

void maskd_install_avx512vnni(maskd_kernels *table) {
  table->family = "avx512vnni";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 64, .nr = 16, .kr = 4, .weight_bytes = 1, .activation_offset = 128};
  table->gemm_s8 = maskd_gemm_s8_64x16_avx512vnni;
  table->prove_rounding = maskd_prove_rounding_avx512vnni;
  table->depthwise_s8 = maskd_depthwise_s8_avx512vnni;
  table->pads_depthwise_s8 = true;
  table->packed_depthwise_s8_bytes = maskd_packed_depthwise_s8_bytes_avx512vnni;
  table->pack_depthwise_s8 = maskd_pack_depthwise_s8_avx512vnni;
  table->depthwise_s8_s16 = maskd_depthwise_s8_s16_avx512vnni;
  table->row_sums_s8 = maskd_row_sums_s8_avx512vnni;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_avx512vnni;
  maskd_install_float_avx512vnni(table);
  table->quantize_f32_s8 = maskd_quantize_f32_s8_avx512vnni;
  if (maskd_processor_has_avx512vbmi())
    table->lookup_s8 = maskd_lookup_s8_avx512vbmi;
  table->add_s8 = maskd_add_s8_avx512vnni;
  table->prove_add_s8 = maskd_prove_add_s8_avx512vnni;
  table->mul_s8 = maskd_mul_s8_avx512vnni;
  table->average_pool_s8 = maskd_average_pool_s8_avx512vnni;
  table->max_pool_s8 = maskd_max_pool_s8_avx512vnni;
  table->mean_s8 = maskd_mean_s8_avx512vnni;
}

#endif
