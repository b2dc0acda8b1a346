#ifndef MASKD_I8MM_H
#define MASKD_I8MM_H

#include "kernels.h"

void maskd_gemm_s8_24x16_i8mm(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                              const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                              size_t result_stride, const maskd_epilogue *epilogue);

uint64_t maskd_multiply_peak_s8_i8mm(size_t repeats);

#endif
