#ifndef MASKD_NEON_COLUMN_SUMS_H
#define MASKD_NEON_COLUMN_SUMS_H

#include "sixteen_neon.h"

// Sums of sixteen columns, in sixteen bits as often as these cannot overflow, then in 32 bits.

enum { MASKD_SUMMED_AT_ONCE = 255 };

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

typedef struct maskd_column_sums {
  int16x8_t low, high;
  maskd_sixteen all;
} maskd_column_sums;

static inline void maskd_add_row(maskd_column_sums *sums, int8x16_t bytes) {
  sums->low = vaddw_s8(sums->low, vget_low_s8(bytes));
  sums->high = vaddw_high_s8(sums->high, bytes);
}

static inline void maskd_widen_sums(maskd_column_sums *sums) {
  int32x4_t *quarters = sums->all.quarters;
  quarters[0] = vaddw_s16(quarters[0], vget_low_s16(sums->low));
  quarters[1] = vaddw_high_s16(quarters[1], sums->low);
  quarters[2] = vaddw_s16(quarters[2], vget_low_s16(sums->high));
  quarters[3] = vaddw_high_s16(quarters[3], sums->high);
  sums->low = sums->high = vdupq_n_s16(0);
}

static inline maskd_column_sums maskd_no_sums(void) {
  const int32x4_t zero = vdupq_n_s32(0);
  return (maskd_column_sums){vdupq_n_s16(0), vdupq_n_s16(0), {{zero, zero, zero, zero}}};
}

#pragma clang attribute pop

#endif
