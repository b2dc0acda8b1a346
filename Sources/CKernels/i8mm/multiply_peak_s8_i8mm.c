#if defined(__aarch64__)

#include "../multiply_peak.h"
#include "i8mm.h"
#include <arm_neon.h>

// smmla: 32 products an instruction.

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)

uint64_t maskd_multiply_peak_s8_i8mm(size_t repeats) {
  const int8x16_t left = vdupq_n_s8(3), right = vdupq_n_s8(5);
  int32x4_t sums[MASKD_PEAK_SUMS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1)
    sums[i] = vdupq_n_s32(0);
  for (size_t n = 0; n < repeats; n += 1) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1) {
      sums[i] = vmmlaq_s32(sums[i], left, right);
      __asm__ volatile("" : "+w"(sums[i]));
    }
  }
  return (uint64_t)repeats * MASKD_PEAK_SUMS * 32;
}

#pragma clang attribute pop

#endif
