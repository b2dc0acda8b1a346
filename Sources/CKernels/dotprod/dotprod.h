#ifndef MASKD_DOTPROD_H
#define MASKD_DOTPROD_H

#include "kernels.h"

void maskd_gemm_s8_25x16_dotprod(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                 const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                 void *result, size_t result_stride, const maskd_epilogue *epilogue);

// The same for processors that keep the order of instructions: more of them, in fewer cycles there.
void maskd_gemm_s8_25x16_dotprod_in_order(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                          const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                          void *result, size_t result_stride, const maskd_epilogue *epilogue);

void maskd_depthwise_s8_dotprod(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                const int8_t *const *taps, const void *packed, void *result,
                                const maskd_epilogue *epilogue);
size_t maskd_packed_depthwise_s8_bytes_dotprod(size_t height, size_t width, size_t channels);
void maskd_pack_depthwise_s8_dotprod(size_t height, size_t width, size_t channels, const int8_t *weights, void *packed);

void maskd_row_sums_s8_dotprod(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                               int32_t *sums);

uint64_t maskd_multiply_peak_s8_dotprod(size_t repeats);

#endif
