#if defined(__aarch64__)

#include "dotprod.h"
#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static inline uint32_t sum_of(const int8_t *values, size_t count) {
  const int8x16_t ones = vdupq_n_s8(1);
  int32x4_t sums = vdupq_n_s32(0);
  size_t k = 0;
  for (; k + 16 <= count; k += 16)
    sums = vdotq_s32(sums, vld1q_s8(values + k), ones);
  uint32_t sum = (uint32_t)vaddvq_s32(sums);
  for (; k < count; k += 1)
    sum += (uint32_t)values[k];
  return sum;
}

void maskd_row_sums_s8_dotprod(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                               int32_t *sums) {
  for (size_t row = 0; row < rows; row += 1) {
    uint32_t sum = 0;
    for (size_t tap = 0; tap < taps; tap += 1)
      sum += sum_of(operands[tap * mr + row], depth);
    sums[row] = (int32_t)sum;
  }
}

#pragma clang attribute pop

#endif
