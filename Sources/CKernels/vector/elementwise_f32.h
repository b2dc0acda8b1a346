#ifndef MASKD_VECTOR_ELEMENTWISE_F32_H
#define MASKD_VECTOR_ELEMENTWISE_F32_H

#include "../generic/elementwise_f32.h"
#include "vector_f32.h"

static void maskd_arithmetic_f32_vector(maskd_arithmetic operation, size_t count, const float *left, size_t left_step,
                                        const float *right, size_t right_step, float minimum, float maximum,
                                        float *result) {
  maskd_arithmetic_any(operation, count, left, left_step, right, right_step, minimum, maximum, result);
}

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
  for (; i < count; i += 1) {
    range[0] = values[i] < range[0] ? values[i] : range[0];
    range[1] = values[i] > range[1] ? values[i] : range[1];
  }
}

// As maskd_quantized, a vector at a time.
MASKD_INLINE maskd_vector_s8 maskd_quantized_vector(maskd_vector values, const maskd_quantization *to) {
  const maskd_vector scaled = values * to->inverse_scale;
  const maskd_vector steps = scaled + to->zero_point;
  const maskd_vector minimum = -128, maximum = 127;
  const maskd_vector floored = steps > minimum ? steps : minimum;
  const maskd_vector clamped = floored < maximum ? floored : maximum;
  const maskd_vector half = maskd_almost_half;
  const maskd_vector nudged = clamped + __builtin_elementwise_copysign(half, clamped);
  const maskd_vector_s32 rounded = __builtin_convertvector(nudged, maskd_vector_s32);
  return __builtin_convertvector(rounded, maskd_vector_s8) ^ (maskd_vector_s8)(int8_t)to->flip;
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
  const maskd_vector steps = values / by->scale;
  const maskd_vector most = maskd_most_steps, half = maskd_almost_half;
  const maskd_vector floored = steps > -most ? steps : -most;
  const maskd_vector clamped = floored < most ? floored : most;
  const maskd_vector nudged = clamped + __builtin_elementwise_copysign(half, clamped);
  const maskd_vector_s32 rounded = __builtin_convertvector(nudged, maskd_vector_s32) + by->zero_point;
  const maskd_vector_s32 saturated =
      __builtin_elementwise_min(__builtin_elementwise_max(rounded, (maskd_vector_s32)-128), (maskd_vector_s32)127);
  return __builtin_convertvector(saturated, maskd_vector_s8) ^ (maskd_vector_s8)(int8_t)by->flip;
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
