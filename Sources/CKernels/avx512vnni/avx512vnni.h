#ifndef MASKD_AVX512VNNI_H
#define MASKD_AVX512VNNI_H

#include "kernels.h"

void maskd_gemm_s8_8x32_avx512vnni(size_t rows, size_t columns, size_t taps, size_t depth,
                                   const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                   int8_t *result, size_t result_stride, const maskd_requantization *requantization);

void maskd_depthwise_s8_avx512vnni(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                   const int16_t *weights, int8_t *result, size_t result_stride,
                                   const maskd_requantization *requantization);

void maskd_row_sums_s8_avx512vnni(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                                  int32_t *sums);

uint64_t maskd_multiply_peak_s8_avx512vnni(size_t repeats);

#endif
