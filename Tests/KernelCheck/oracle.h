#ifndef KERNELCHECK_ORACLE_H
#define KERNELCHECK_ORACLE_H

#include "kernels.h"

// The tiny obvious computations that the generic kernels are held against: 64-bit sums, roundings written as divisions.

// The int32 that a 64-bit sum wraps around to.
int32_t oracle_wrap(int64_t sum);

// x * multiplier * 2^(shift - 31), rounded twice.
int32_t oracle_round_twice(int32_t x, int32_t multiplier, int32_t shift);

// x * scale, rounded once.
int32_t oracle_round_once(int32_t x, double scale);

int8_t oracle_clamp(int64_t value, int32_t minimum, int32_t maximum);

// The int8 result of column `column` whose products sum to `sum`, with a bias given apart from `to->bias`.
int8_t oracle_requantize(int64_t sum, int32_t bias, size_t column, const maskd_epilogue *to);

// sum / count as an average pool rounds it.
// Also takes the value into `range`.
float oracle_float(int64_t sum, int32_t bias, size_t column, const maskd_epilogue *to, float range[2]);

int64_t oracle_average(int64_t sum, int64_t count, maskd_average_rounding rounding);

// How far two float sums of the same `count` products (bias counted as one) may lie apart, in whatever order they are
// added and whether or not products are fused with sums: `magnitude` is the sum of what is added, without signs.
// Infinite where such sums may leave the range of float.
double oracle_sum_bound(double magnitude, size_t count);

float oracle_clamp_f32(float value, float minimum, float maximum);

#endif
