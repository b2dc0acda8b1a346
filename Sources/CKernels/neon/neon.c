#if defined(__aarch64__)

#include "neon.h"
#include "../families.h"

void maskd_install_neon(maskd_kernels *table) {
  table->family = "neon";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 4, .nr = 16, .kr = 1, .weight_bytes = 1, .activation_offset = 0};
  table->gemm_s8 = maskd_gemm_s8_4x16_neon;
  table->depthwise_s8_s16 = maskd_depthwise_s8_s16_neon;
  table->row_sums_s8 = maskd_row_sums_s8_neon;
  table->add_s8 = maskd_add_s8_neon;
  table->mul_s8 = maskd_mul_s8_neon;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_neon;
}

#endif
