#ifndef MASKD_NEON_ELEMENTWISE_H
#define MASKD_NEON_ELEMENTWISE_H

#include "../partial.h"
#include "requantize_neon.h"

// Eight values as int32.
typedef struct maskd_eight_neon {
  int32x4_t low, high;
} maskd_eight_neon;

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

// `count` (at most 8) values less their zero point; with a step of 0 the first value in every place.
static inline maskd_eight_neon maskd_load_8_neon(const int8_t *from, size_t step, size_t index, size_t count,
                                                 int32_t zero_point) {
  int8x8_t bytes;
  if (step == 0)
    bytes = vdup_n_s8(*from);
  else if (count >= 8)
    bytes = vld1_s8(from + index);
  else
    bytes = vcreate_s8(maskd_load_part_of_u64(from + index, count));
  const int16x8_t words = vmovl_s8(bytes);
  const int32x4_t offset = vdupq_n_s32(zero_point);
  return (maskd_eight_neon){vsubq_s32(vmovl_s16(vget_low_s16(words)), offset),
                            vsubq_s32(vmovl_high_s16(words), offset)};
}

static inline int16x4_t maskd_clamp_4_neon(int32x4_t scaled, int32_t zero_point, int32_t minimum, int32_t maximum) {
  const int32x4_t value = vaddq_s32(scaled, vdupq_n_s32(zero_point));
  const int32x4_t floored = vmaxq_s32(value, vdupq_n_s32(minimum));
  return vmovn_s32(vminq_s32(floored, vdupq_n_s32(maximum)));
}

static inline maskd_eight_neon maskd_rescale_8_neon(maskd_eight_neon x, int32_t multiplier, int32_t shift) {
  const int32x4_t multipliers = vdupq_n_s32(multiplier), shifts = vdupq_n_s32(shift);
  return (maskd_eight_neon){maskd_round_twice_neon(x.low, multipliers, shifts),
                            maskd_round_twice_neon(x.high, multipliers, shifts)};
}

#pragma clang attribute pop

#endif
