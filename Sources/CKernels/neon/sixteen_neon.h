#ifndef MASKD_NEON_SIXTEEN_H
#define MASKD_NEON_SIXTEEN_H

#include "kernels.h"
#include <arm_neon.h>
#include <string.h>

// Sixteen bytes at a time, widened in their order.

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

enum { MASKD_SIXTEEN = 16 };

// `count` bytes, at most 16 of them; what is missing reads as zero.
static inline int8x16_t maskd_load_16_neon(const int8_t *from, size_t count) {
  if (count >= MASKD_SIXTEEN)
    return vld1q_s8(from);
  int8_t all[MASKD_SIXTEEN] = {0};
  memcpy(all, from, count);
  return vld1q_s8(all);
}

static inline void maskd_store_16_neon(int8x16_t bytes, size_t count, int8_t *to) {
  if (count >= MASKD_SIXTEEN) {
    vst1q_s8(to, bytes);
    return;
  }
  int8_t all[MASKD_SIXTEEN];
  vst1q_s8(all, bytes);
  memcpy(to, all, count);
}

// The blocks of a row of channels: the last one is moved back so that it is whole, where there are enough channels.
static inline size_t maskd_block_start(size_t channel, size_t channels) {
  return channels >= MASKD_SIXTEEN && channel + MASKD_SIXTEEN > channels ? channels - MASKD_SIXTEEN : channel;
}

static inline int8x16_t maskd_turned(int8x16_t bytes, int8x16_t flip) {
  return veorq_s8(bytes, flip);
}

// What becomes of the bytes of a result.
typedef struct maskd_byte_range {
  int8x16_t minimum, maximum, flip;
} maskd_byte_range;

static inline maskd_byte_range maskd_byte_range_of(int32_t minimum, int32_t maximum, uint8_t flip) {
  return (maskd_byte_range){vdupq_n_s8((int8_t)minimum), vdupq_n_s8((int8_t)maximum), vdupq_n_s8((int8_t)flip)};
}

static inline int8x16_t maskd_in_range(int8x16_t bytes, const maskd_byte_range *range) {
  return maskd_turned(vminq_s8(vmaxq_s8(bytes, range->minimum), range->maximum), range->flip);
}

typedef struct maskd_sixteen {
  int32x4_t quarters[4];
} maskd_sixteen;

// Saturated bytes of sixteen values.
static inline int8x16_t maskd_narrowed(const maskd_sixteen *x) {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(x->quarters[0]), x->quarters[1]);
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(x->quarters[2]), x->quarters[3]);
  return vqmovn_high_s16(vqmovn_s16(low), high);
}

#pragma clang attribute pop

#endif
