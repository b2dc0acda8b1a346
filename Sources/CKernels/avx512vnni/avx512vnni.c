#if defined(__x86_64__)

#include "avx512vnni.h"
#include "../families.h"

void maskd_install_avx512vnni(maskd_kernels *table) {
  table->family = "avx512vnni";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 8, .nr = 32, .kr = 4, .weight_bytes = 1, .activation_offset = 128};
  table->gemm_s8 = maskd_gemm_s8_8x32_avx512vnni;
  table->depthwise_s8 = maskd_depthwise_s8_avx512vnni;
  table->row_sums_s8 = maskd_row_sums_s8_avx512vnni;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_avx512vnni;
}

#endif
