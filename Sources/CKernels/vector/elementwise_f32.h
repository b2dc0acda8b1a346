#ifndef MASKD_VECTOR_ELEMENTWISE_F32_H
#define MASKD_VECTOR_ELEMENTWISE_F32_H

#include "../generic/elementwise_f32.h"
#include "vector_f32.h"
#include <math.h>

MASKD_INLINE maskd_vector maskd_least(maskd_vector values, maskd_vector so_far) {
  return values < so_far ? values : so_far;
}

MASKD_INLINE maskd_vector maskd_greatest(maskd_vector values, maskd_vector so_far) {
  return values > so_far ? values : so_far;
}

// The least and the greatest lane, by halves.
MASKD_INLINE void maskd_take_lanes(maskd_vector least, maskd_vector greatest, float *range) {
  float low[MASKD_LANES], high[MASKD_LANES];
  maskd_store(low, least);
  maskd_store(high, greatest);
#pragma clang loop unroll(full)
  for (size_t half = MASKD_LANES / 2; half > 0; half /= 2)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < half; i += 1) {
      low[i] = low[i + half] < low[i] ? low[i + half] : low[i];
      high[i] = high[i + half] > high[i] ? high[i + half] : high[i];
    }
  range[0] = low[0] < range[0] ? low[0] : range[0];
  range[1] = high[0] > range[1] ? high[0] : range[1];
}

// Several vectors at a time: each minimum waits for the one before.
enum { MASKD_RANGE_VECTORS = 4 };

static void maskd_range_f32_vector(size_t count, const float *values, float *range) {
  maskd_vector least[MASKD_RANGE_VECTORS], greatest[MASKD_RANGE_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_RANGE_VECTORS; v += 1)
    least[v] = range[0], greatest[v] = range[1];
  size_t i = 0;
  for (; i + MASKD_RANGE_VECTORS * MASKD_LANES <= count; i += MASKD_RANGE_VECTORS * MASKD_LANES)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_RANGE_VECTORS; v += 1) {
      const maskd_vector next = maskd_load(values + i + v * MASKD_LANES);
      least[v] = maskd_least(next, least[v]);
      greatest[v] = maskd_greatest(next, greatest[v]);
    }
  for (; i + MASKD_LANES <= count; i += MASKD_LANES) {
    const maskd_vector next = maskd_load(values + i);
    least[0] = maskd_least(next, least[0]);
    greatest[0] = maskd_greatest(next, greatest[0]);
  }
#pragma clang loop unroll(full)
  for (size_t v = 1; v < MASKD_RANGE_VECTORS; v += 1) {
    least[0] = maskd_least(least[v], least[0]);
    greatest[0] = maskd_greatest(greatest[v], greatest[0]);
  }
  maskd_take_lanes(least[0], greatest[0], range);
  for (; i < count; i += 1)
    maskd_take_value(values[i], range);
}

// As maskd_arithmetic_value.
MASKD_INLINE maskd_vector maskd_arithmetic_vector(maskd_arithmetic operation, maskd_vector a, maskd_vector b) {
  switch (operation) {
  case MASKD_ADD:
    return a + b;
  case MASKD_SUBTRACT:
    return a - b;
  case MASKD_MULTIPLY:
    return a * b;
  case MASKD_DIVIDE:
    return a / b;
  case MASKD_MAXIMUM:
    return a > b ? a : b;
  case MASKD_MINIMUM:
    return a > b ? b : a;
  case MASKD_PRELU:
    return a >= 0 ? a : a * b;
  case MASKD_HARD_SWISH:
    return a * maskd_clamp_vector(a + 3, 0, 6) * (maskd_vector)(1.0f / 6);
  }
  return a;
}

// What all runs share, and the range of their results.
typedef struct maskd_runs_f32 {
  size_t count, left_step, right_step;
  float minimum, maximum;
  maskd_vector least, greatest;
} maskd_runs_f32;

MASKD_INLINE maskd_vector maskd_operand(const float *values, size_t step, size_t i, size_t count) {
  if (step == 0)
    return *values;
  return count == MASKD_LANES ? maskd_load(values + i) : maskd_load_part(values + i, count);
}

MASKD_INLINE maskd_vector maskd_combined(maskd_arithmetic operation, const maskd_runs_f32 *runs, const float *left,
                                         const float *right, size_t i, size_t count) {
  const maskd_vector a = maskd_operand(left, runs->left_step, i, count);
  const maskd_vector b = maskd_operand(right, runs->right_step, i, count);
  return maskd_clamp_vector(maskd_arithmetic_vector(operation, a, b), runs->minimum, runs->maximum);
}

MASKD_INLINE void maskd_arithmetic_run(maskd_arithmetic operation, maskd_runs_f32 *runs, const float *left,
                                       const float *right, float *result) {
  size_t i = 0;
  for (; i + MASKD_LANES <= runs->count; i += MASKD_LANES) {
    const maskd_vector values = maskd_combined(operation, runs, left, right, i, MASKD_LANES);
    maskd_store(result + i, values);
    runs->least = maskd_least(values, runs->least);
    runs->greatest = maskd_greatest(values, runs->greatest);
  }
  const size_t rest = runs->count - i;
  if (rest == 0)
    return;
  const maskd_vector values = maskd_combined(operation, runs, left, right, i, rest);
  maskd_store_part(result + i, values, rest);
  // What is not a number is passed over, and so are the lanes behind the end.
  const maskd_vector seen = maskd_first_lanes(values, rest);
  runs->least = maskd_least(seen, runs->least);
  runs->greatest = maskd_greatest(seen, runs->greatest);
}

// The operation and the steps are known where it is inlined.
MASKD_INLINE void maskd_arithmetic_runs(maskd_arithmetic operation, size_t left_step, size_t right_step,
                                        const maskd_broadcast *shape, const float *left, const float *right,
                                        float minimum, float maximum, float *result, float *range) {
  maskd_runs_f32 runs = {shape->count, left_step, right_step, minimum, maximum, INFINITY, -INFINITY};
  for (size_t run = 0; run < shape->runs; run += 1)
    maskd_arithmetic_run(operation, &runs, left + run * shape->left_stride, right + run * shape->right_stride,
                         result + run * shape->result_stride);
  if (range)
    maskd_take_lanes(runs.least, runs.greatest, range);
}

MASKD_INLINE void maskd_arithmetic_steps(maskd_arithmetic operation, const maskd_broadcast *shape, const float *left,
                                         const float *right, float minimum, float maximum, float *result,
                                         float *range) {
  if (shape->left_step == 0)
    maskd_arithmetic_runs(operation, 0, 1, shape, left, right, minimum, maximum, result, range);
  else if (shape->right_step == 0)
    maskd_arithmetic_runs(operation, 1, 0, shape, left, right, minimum, maximum, result, range);
  else
    maskd_arithmetic_runs(operation, 1, 1, shape, left, right, minimum, maximum, result, range);
}

#define MASKD_ARITHMETIC(OPERATION)                                                                                    \
  case OPERATION:                                                                                                      \
    maskd_arithmetic_steps(OPERATION, shape, left, right, minimum, maximum, result, range);                            \
    return;

static void maskd_arithmetic_f32_vector(maskd_arithmetic operation, const maskd_broadcast *shape, const float *left,
                                        const float *right, float minimum, float maximum, float *result, float *range) {
  switch (operation) {
    MASKD_ARITHMETIC(MASKD_ADD)
    MASKD_ARITHMETIC(MASKD_SUBTRACT)
    MASKD_ARITHMETIC(MASKD_MULTIPLY)
    MASKD_ARITHMETIC(MASKD_DIVIDE)
    MASKD_ARITHMETIC(MASKD_MAXIMUM)
    MASKD_ARITHMETIC(MASKD_MINIMUM)
    MASKD_ARITHMETIC(MASKD_PRELU)
    MASKD_ARITHMETIC(MASKD_HARD_SWISH)
  }
}

// Sums of several vectors of columns at a time: each addition waits for the one before.
MASKD_INLINE void maskd_sums_of_vectors(size_t vectors, size_t rows, size_t stride, const float *values, float *sums) {
  maskd_vector so_far[MASKD_RANGE_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    so_far[v] = 0;
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      so_far[v] += maskd_load(values + r * stride + v * MASKD_LANES);
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    maskd_store(sums + v * MASKD_LANES, so_far[v]);
}

static void maskd_sums_of_columns_f32_vector(size_t columns, size_t rows, size_t stride, const float *values,
                                             float *sums) {
  size_t c = 0;
  for (; c + MASKD_RANGE_VECTORS * MASKD_LANES <= columns; c += MASKD_RANGE_VECTORS * MASKD_LANES)
    maskd_sums_of_vectors(MASKD_RANGE_VECTORS, rows, stride, values + c, sums + c);
  for (; c + MASKD_LANES <= columns; c += MASKD_LANES)
    maskd_sums_of_vectors(1, rows, stride, values + c, sums + c);
  for (; c < columns; c += 1) {
    float sum = 0;
    for (size_t r = 0; r < rows; r += 1)
      sum += values[r * stride + c];
    sums[c] = sum;
  }
}

// As maskd_rounded, a vector at a time.
MASKD_INLINE maskd_vector_s8 maskd_rounded_vector(maskd_vector steps, int32_t zero_point, uint8_t flip) {
  const maskd_vector most = maskd_most_steps, half = maskd_almost_half;
  const maskd_vector floored = steps > -most ? steps : -most;
  const maskd_vector clamped = floored < most ? floored : most;
  const maskd_vector nudged = clamped + __builtin_elementwise_copysign(half, clamped);
  const maskd_vector_s32 rounded = __builtin_convertvector(nudged, maskd_vector_s32) + zero_point;
  const maskd_vector_s32 saturated =
      __builtin_elementwise_min(__builtin_elementwise_max(rounded, (maskd_vector_s32)-128), (maskd_vector_s32)127);
  return __builtin_convertvector(saturated, maskd_vector_s8) ^ (maskd_vector_s8)(int8_t)flip;
}

// As maskd_quantized, a vector at a time.
MASKD_INLINE maskd_vector_s8 maskd_quantized_vector(maskd_vector values, const maskd_quantization *to) {
  return maskd_rounded_vector(values * to->inverse_scale, to->zero_point, to->flip);
}

static void maskd_quantize_f32_s8_vector(size_t count, const float *values, const maskd_quantization *to,
                                         int8_t *result) {
  const maskd_quantization parameters = *to; // a copy, which no store through `result` can change
  size_t i = 0;
  for (; i + MASKD_LANES <= count; i += MASKD_LANES) {
    const maskd_vector_s8 bytes = maskd_quantized_vector(maskd_load(values + i), &parameters);
    memcpy(result + i, &bytes, sizeof bytes);
  }
  for (; i < count; i += 1)
    result[i] = maskd_quantized(values[i], &parameters);
}

// As maskd_divided, a vector at a time.
MASKD_INLINE maskd_vector_s8 maskd_divided_vector(maskd_vector values, const maskd_division *by) {
  return maskd_rounded_vector(values / by->scale, by->zero_point, by->flip);
}

static void maskd_divide_f32_s8_vector(size_t count, const float *values, const maskd_division *by, int8_t *result) {
  const maskd_division parameters = *by; // a copy, which no store through `result` can change
  size_t i = 0;
  for (; i + MASKD_LANES <= count; i += MASKD_LANES) {
    const maskd_vector_s8 bytes = maskd_divided_vector(maskd_load(values + i), &parameters);
    memcpy(result + i, &bytes, sizeof bytes);
  }
  for (; i < count; i += 1)
    result[i] = maskd_divided(values[i], &parameters);
}

#endif
