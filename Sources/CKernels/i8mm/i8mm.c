#if defined(__aarch64__)

#include "i8mm.h"
#include "../families.h"

void maskd_install_i8mm(maskd_kernels *table) {
  table->family = "i8mm";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 24, .nr = 8, .kr = 8, .weight_bytes = 1, .is_dense = true};
  table->gemm_s8 = maskd_gemm_s8_24x16_i8mm;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_i8mm;
}

#endif
