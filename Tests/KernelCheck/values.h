#ifndef KERNELCHECK_VALUES_H
#define KERNELCHECK_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Random numbers that repeat with the seed, and arrays of random and extreme values.

void values_seed(uint64_t seed);
uint64_t values_next(void);
bool values_coin(void);

// low ... high, both included.
int64_t values_in(int64_t low, int64_t high);

// One of: random, all -128, all 127, both of these mixed, small values.
void values_fill_s8(int8_t *values, size_t count);

// The same, but in half of the cases nothing below -127: kernels know a shorter way then.
void values_fill_weights_s8(int8_t *values, size_t count);

// Adds `offset` (0 or 128) to each value, or takes it away again: both flip the highest bit.
void values_offset_s8(int8_t *values, size_t count, int32_t offset);

// As above for weights of a depthwise convolution, whose range is -255 ... 255; also the ends of int16.
void values_fill_s16(int16_t *values, size_t count);

// Small, any, or the ends of int32.
int32_t values_accumulator(void);

// 0, the ends of 2^30 ..< 2^31, or any in between.
int32_t values_multiplier(void);

// -31 ... 30, mostly where results stay within int8.
int32_t values_shift(void);

// A real scale: a power of two (ties are frequent), 0, huge, or any that keeps results within int8.
double values_scale(void);

// minimum <= maximum within int8; often the whole of it.
void values_range_s8(int32_t *minimum, int32_t *maximum);

// Around 1, sometimes huge, so that sums become infinite and then no number.
void values_fill_f32(float *values, size_t count);

#endif
