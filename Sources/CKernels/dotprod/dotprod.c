#if defined(__aarch64__)

#include "dotprod.h"
#include "../families.h"

void maskd_install_dotprod(maskd_kernels *table) {
  table->family = "dotprod";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 8, .nr = 8, .kr = 4, .weight_bytes = 1, .activation_offset = 0};
  table->gemm_s8 = maskd_gemm_s8_8x8_dotprod;
  table->row_sums_s8 = maskd_row_sums_s8_dotprod;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_dotprod;
}

#endif
