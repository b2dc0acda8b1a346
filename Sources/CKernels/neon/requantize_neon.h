#ifndef MASKD_NEON_REQUANTIZE_H
#define MASKD_NEON_REQUANTIZE_H

#include "kernels.h"
#include <arm_neon.h>
#include <string.h>

// The roundings of generic/requantize.h, four values at a time, for any shift and any rounding. The way that nearly
// all layers take is in epilogue_neon.h.

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

// srshl rounds a tie up; taking 1 from negative values first turns that into a tie away from zero. Where there is no
// right shift nothing may be taken: the mask sees to that.
static inline int32x4_t maskd_round_twice_neon(int32x4_t x, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t zero = vdupq_n_s32(0);
  const int32x4_t left = vmaxq_s32(shift, zero);
  const int32x4_t minus_right = vminq_s32(shift, zero);
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(x, left), multiplier);
  const int32x4_t adjustment = vshrq_n_s32(vandq_s32(high, minus_right), 31);
  return vrshlq_s32(vqaddq_s32(high, adjustment), minus_right);
}

// fcvtas rounds a tie away from zero.
static inline int32x2_t maskd_round_once_2_neon(int32x2_t x, const double *scale) {
  const float64x2_t product = vmulq_f64(vcvtq_f64_s64(vmovl_s32(x)), vld1q_f64(scale));
  return vqmovn_s64(vcvtaq_s64_f64(product));
}

static inline int32x4_t maskd_rescale_4_neon(int32x4_t x, size_t column, const maskd_epilogue *to) {
  if (to->rounding == MASKD_ROUND_ONCE)
    return vcombine_s32(maskd_round_once_2_neon(vget_low_s32(x), to->scale + column),
                        maskd_round_once_2_neon(vget_high_s32(x), to->scale + column + 2));
  return maskd_round_twice_neon(x, vld1q_s32(to->multiplier + column), vld1q_s32(to->shift + column));
}

// Writes `count` (at most 4) results of the columns `column` ..< column + 4. The sums include the bias.
static inline void maskd_requantize_4_neon(int32x4_t x, size_t column, size_t count, const maskd_epilogue *to,
                                           int8_t *result) {
  const int32x4_t value = vaddq_s32(maskd_rescale_4_neon(x, column, to), vdupq_n_s32(to->zero_point));
  const int32x4_t floored = vmaxq_s32(value, vdupq_n_s32(to->minimum));
  const int16x4_t words = vmovn_s32(vminq_s32(floored, vdupq_n_s32(to->maximum)));
  const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
  int8_t all[8];
  vst1_s8(all, veor_s8(bytes, vdup_n_s8((int8_t)to->result_flip)));
  if (count >= 4)
    memcpy(result, all, 4);
  else
    memcpy(result, all, count);
}

// The least and the greatest of the floats that a call has written.
typedef struct maskd_range_neon {
  float32x4_t least, greatest;
} maskd_range_neon;

// Writes `count` (at most 4) floats. The range is taken over those alone.
static inline void maskd_float_4_neon(int32x4_t x, size_t column, size_t count, const maskd_epilogue *to, float *result,
                                      maskd_range_neon *range) {
  const float32x4_t scaled =
      vfmaq_f32(vld1q_f32(to->addend + column), vcvtq_f32_s32(x), vld1q_f32(to->factor + column));
  const float32x4_t floored = vmaxq_f32(scaled, vdupq_n_f32(to->float_minimum));
  const float32x4_t value = vminq_f32(floored, vdupq_n_f32(to->float_maximum));
  if (count >= 4) {
    vst1q_f32(result, value);
    range->least = vminnmq_f32(range->least, value);
    range->greatest = vmaxnmq_f32(range->greatest, value);
    return;
  }
  float all[4];
  vst1q_f32(all, value);
  for (size_t i = 0; i < count; i += 1) {
    result[i] = all[i];
    range->least = vminnmq_f32(range->least, vdupq_n_f32(all[i]));
    range->greatest = vmaxnmq_f32(range->greatest, vdupq_n_f32(all[i]));
  }
}

#pragma clang attribute pop

#endif
