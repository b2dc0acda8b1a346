#if defined(__aarch64__)

#include "../multiply_peak.h"
#include "neon.h"
#include <arm_neon.h>

// smull and smlal2 make pairs of products in int16 lanes, sadalp adds the pairs up: 16 products in three instructions.

uint64_t maskd_multiply_peak_s8_neon(size_t repeats) {
  const int8x16_t left = vdupq_n_s8(3), right = vdupq_n_s8(5);
  int32x4_t sums[MASKD_PEAK_SUMS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1)
    sums[i] = vdupq_n_s32(0);
  for (size_t n = 0; n < repeats; n += 1) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1) {
      int8x16_t factor = left;
      __asm__ volatile("" : "+w"(factor));
      const int16x8_t low = vmull_s8(vget_low_s8(factor), vget_low_s8(right));
      sums[i] = vpadalq_s16(sums[i], vmlal_high_s8(low, factor, right));
      __asm__ volatile("" : "+w"(sums[i]));
    }
  }
  return (uint64_t)repeats * MASKD_PEAK_SUMS * 16;
}

#endif
