#ifndef MASKD_NEON_REQUANTIZE_H
#define MASKD_NEON_REQUANTIZE_H

#include "kernels.h"
#include <arm_neon.h>
#include <string.h>

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

// The roundings of generic/requantize.h on four values. srshl rounds a tie up; taking 1 from negative values first
// turns that into a tie away from zero. Where there is no right shift nothing may be taken: the mask sees to that.
static inline int32x4_t maskd_round_twice_neon(int32x4_t x, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t zero = vdupq_n_s32(0);
  const int32x4_t left = vmaxq_s32(shift, zero);
  const int32x4_t minus_right = vminq_s32(shift, zero);
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(x, left), multiplier);
  const int32x4_t adjustment = vshrq_n_s32(vandq_s32(high, minus_right), 31);
  return vrshlq_s32(vqaddq_s32(high, adjustment), minus_right);
}

static inline int32x4_t maskd_round_once_neon(int32x4_t x, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t minus_count = vsubq_s32(shift, vdupq_n_s32(31));
  const int64x2_t low = vmull_s32(vget_low_s32(x), vget_low_s32(multiplier));
  const int64x2_t high = vmull_high_s32(x, multiplier);
  return vcombine_s32(vmovn_s64(vrshlq_s64(low, vmovl_s32(vget_low_s32(minus_count)))),
                      vmovn_s64(vrshlq_s64(high, vmovl_high_s32(minus_count))));
}

static inline int32x4_t maskd_requantize_4_neon(int32x4_t sums, size_t column, const maskd_requantization *to) {
  const int32x4_t x = vaddq_s32(sums, vld1q_s32(to->bias + column));
  const int32x4_t multiplier = vld1q_s32(to->multiplier + column);
  const int32x4_t shift = vld1q_s32(to->shift + column);
  const int32x4_t scaled = to->rounding == MASKD_ROUND_ONCE ? maskd_round_once_neon(x, multiplier, shift)
                                                            : maskd_round_twice_neon(x, multiplier, shift);
  const int32x4_t value = vaddq_s32(scaled, vdupq_n_s32(to->zero_point));
  const int32x4_t floored = vmaxq_s32(value, vdupq_n_s32(to->minimum));
  return vminq_s32(floored, vdupq_n_s32(to->maximum));
}

static inline int8x8_t maskd_requantize_8_neon(int32x4_t low, int32x4_t high, size_t column,
                                               const maskd_requantization *to) {
  const int16x4_t first = vmovn_s32(maskd_requantize_4_neon(low, column, to));
  const int16x4_t second = vmovn_s32(maskd_requantize_4_neon(high, column + 4, to));
  return vmovn_s16(vcombine_s16(first, second));
}

// Writes `count` (at most 8) results.
static inline void maskd_store_8_neon(int8x8_t values, size_t count, int8_t *result) {
  if (count >= 8) {
    vst1_s8(result, values);
  } else {
    int8_t all[8];
    vst1_s8(all, values);
    memcpy(result, all, count);
  }
}

#pragma clang attribute pop

#endif
