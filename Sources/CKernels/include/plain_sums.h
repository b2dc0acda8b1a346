#ifndef MASKD_PLAIN_SUMS_H
#define MASKD_PLAIN_SUMS_H

#include <stddef.h>
#include <stdint.h>

// Sums of products for layers on int16 operands, and for those too rare to have kernels in every family. Every count is
// at least 1.
//
// Products of integers are added up in 32 bits for `block` of them at a time, then in 64. The caller says how many fit:
// 256 for int16 with int8 (22 bits each), 16384 for the differences of two int8 (16 bits each), 1 for int16 with int16.

// sums[r * columns + c] = sum over t, k of operands[t * row_slots + r][k] * weights[c][t][k]
//
// `operands` holds taps * row_slots pointers, tap by tap, each to `depth` values; those of rows beyond `rows` are never
// read.
void maskd_sums_s16(size_t rows, size_t row_slots, size_t columns, size_t taps, size_t depth,
                    const int16_t *const *operands, const int16_t *weights, size_t block, int64_t *sums);

// sums[c] = sum over t of operands[t][c] * weights[t][c]
void maskd_depthwise_sums_s16(size_t channels, size_t taps, const int16_t *const *operands, const int16_t *weights,
                              size_t block, int64_t *sums);

// The same for floats, in 8 partial sums for each result that are added at the end.
void maskd_sums_f32(size_t rows, size_t row_slots, size_t columns, size_t taps, size_t depth,
                    const float *const *operands, const float *weights, float *sums);

#endif
