#ifndef MASKD_GENERIC_ELEMENTWISE_F32_H
#define MASKD_GENERIC_ELEMENTWISE_F32_H

#include "clamp_f32.h"
#include "kernels.h"

// Elementwise kernels on floats as plain loops. Every family compiles them for its own instructions; each value is
// computed by itself, so that the bits are the same everywhere.

#pragma STDC FP_CONTRACT OFF

static inline __attribute__((always_inline)) float maskd_arithmetic_value(maskd_arithmetic operation, float a,
                                                                          float b) {
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
    return a * maskd_clamp_f32(a + 3, 0, 6) * (1.0f / 6);
  }
  return a;
}

static inline __attribute__((always_inline)) void maskd_take_value(float value, float range[2]) {
  range[0] = value < range[0] ? value : range[0];
  range[1] = value > range[1] ? value : range[1];
}

// The largest float below a half: added and cut off it rounds as a half does, but for values a hair below a half.
static const float maskd_almost_half = 0x1.fffffep-2f;

// Beyond this many steps every zero point leaves the range of int8, and rounding need not fear overflow.
static const float maskd_most_steps = 512;

// Steps as an int8 value: rounded, a tie away from zero, with the zero point added, saturated and flipped.
static inline __attribute__((always_inline)) int8_t maskd_rounded(float steps, int32_t zero_point, uint8_t flip) {
  const float floored = steps > -maskd_most_steps ? steps : -maskd_most_steps;
  const float clamped = floored < maskd_most_steps ? floored : maskd_most_steps;
  const int32_t rounded = (int32_t)(clamped + __builtin_copysignf(maskd_almost_half, clamped)) + zero_point;
  const int32_t saturated = rounded < -128 ? -128 : rounded > 127 ? 127 : rounded;
  return (int8_t)((uint8_t)saturated ^ flip);
}

static inline __attribute__((always_inline)) int8_t maskd_quantized(float value, const maskd_quantization *to) {
  return maskd_rounded(value * to->inverse_scale, to->zero_point, to->flip);
}

static inline __attribute__((always_inline)) int8_t maskd_divided(float value, const maskd_division *by) {
  return maskd_rounded(value / by->scale, by->zero_point, by->flip);
}

#endif
