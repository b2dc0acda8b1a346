#if defined(__aarch64__)

#include "dotprod.h"
#include "../families.h"
#include "../features.h"

void maskd_install_dotprod(maskd_kernels *table) {
  table->family = "dotprod";
  table->gemm_s8_shape = (maskd_gemm_shape){.mr = 25, .nr = 8, .kr = 4, .weight_bytes = 1, .is_dense = true};
  table->gemm_s8 = maskd_processor_is_in_order() ? maskd_gemm_s8_25x16_dotprod_in_order : maskd_gemm_s8_25x16_dotprod;
  table->depthwise_s8 = maskd_depthwise_s8_dotprod;
  table->packed_depthwise_s8_bytes = maskd_packed_depthwise_s8_bytes_dotprod;
  table->pack_depthwise_s8 = maskd_pack_depthwise_s8_dotprod;
  table->row_sums_s8 = maskd_row_sums_s8_dotprod;
  table->multiply_peak_s8 = maskd_multiply_peak_s8_dotprod;
}

#endif
