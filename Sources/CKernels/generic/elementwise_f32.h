#ifndef MASKD_GENERIC_ELEMENTWISE_F32_H
#define MASKD_GENERIC_ELEMENTWISE_F32_H

#include "clamp_f32.h"
#include "kernels.h"

// Elementwise kernels on floats as plain loops. Every family compiles them for its own instructions; each value is
// computed by itself, so that the bits are the same everywhere.

#pragma STDC FP_CONTRACT OFF

// Loops over pairs of floats; the steps are known where it is inlined, so that the compiler makes vectors of it.
// It need not look whether the result overlaps an operand: where it does it is that operand, element for element.
#define MASKD_PAIRS(value)                                                                                             \
  _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < count; i += 1) {                               \
    const float a = left[i * left_step], b = right[i * right_step];                                                    \
    (void)b;                                                                                                           \
    result[i] = maskd_clamp_f32(value, minimum, maximum);                                                              \
  }

static inline __attribute__((always_inline)) void maskd_arithmetic_pairs(maskd_arithmetic operation, size_t count,
                                                                         const float *left, size_t left_step,
                                                                         const float *right, size_t right_step,
                                                                         float minimum, float maximum, float *result) {
  switch (operation) {
  case MASKD_ADD:
    MASKD_PAIRS(a + b)
    break;
  case MASKD_SUBTRACT:
    MASKD_PAIRS(a - b)
    break;
  case MASKD_MULTIPLY:
    MASKD_PAIRS(a * b)
    break;
  case MASKD_DIVIDE:
    MASKD_PAIRS(a / b)
    break;
  case MASKD_MAXIMUM:
    MASKD_PAIRS(a > b ? a : b)
    break;
  case MASKD_MINIMUM:
    MASKD_PAIRS(a > b ? b : a)
    break;
  case MASKD_PRELU:
    MASKD_PAIRS(a >= 0 ? a : a * b)
    break;
  case MASKD_HARD_SWISH:
    MASKD_PAIRS(a * maskd_clamp_f32(a + 3, 0, 6) * (1.0f / 6))
    break;
  }
}

static inline __attribute__((always_inline)) void maskd_arithmetic_any(maskd_arithmetic operation, size_t count,
                                                                       const float *left, size_t left_step,
                                                                       const float *right, size_t right_step,
                                                                       float minimum, float maximum, float *result) {
  if (left_step == 1 && right_step == 1)
    maskd_arithmetic_pairs(operation, count, left, 1, right, 1, minimum, maximum, result);
  else if (left_step == 1)
    maskd_arithmetic_pairs(operation, count, left, 1, &(const float){*right}, 0, minimum, maximum, result);
  else
    maskd_arithmetic_pairs(operation, count, &(const float){*left}, 0, right, right_step, minimum, maximum, result);
}

// The largest float below a half: added and cut off it rounds as a half does, but for values a hair below a half.
static const float maskd_almost_half = 0x1.fffffep-2f;

static inline __attribute__((always_inline)) int8_t maskd_quantized(float value, const maskd_quantization *to) {
  const float product = value * to->inverse_scale;
  const float steps = product + to->zero_point;
  const float floored = steps > -128 ? steps : -128;
  const float clamped = floored < 127 ? floored : 127;
  const int32_t rounded = (int32_t)(clamped + __builtin_copysignf(maskd_almost_half, clamped));
  return (int8_t)((uint8_t)rounded ^ to->flip);
}

// Beyond this many steps every zero point leaves the range of int8, and rounding need not fear overflow.
static const float maskd_most_steps = 512;

static inline __attribute__((always_inline)) int8_t maskd_divided(float value, const maskd_division *by) {
  const float steps = value / by->scale;
  const float floored = steps > -maskd_most_steps ? steps : -maskd_most_steps;
  const float clamped = floored < maskd_most_steps ? floored : maskd_most_steps;
  const int32_t rounded = (int32_t)(clamped + __builtin_copysignf(maskd_almost_half, clamped)) + by->zero_point;
  const int32_t saturated = rounded < -128 ? -128 : rounded > 127 ? 127 : rounded;
  return (int8_t)((uint8_t)saturated ^ by->flip);
}

#endif
