#ifndef MASKD_DOTPROD_COLUMNS_H
#define MASKD_DOTPROD_COLUMNS_H

#include "../neon/depthwise_neon.h"
#include "rounding_dotprod.h"

// The taps of a column of the window, four at most, are brought together for each channel, so that one sdot multiplies
// and adds them all; missing ones are any values, and have weights of zero. A column of the picture is brought together
// once for all results that see it. Weights lie in that order: block, column, group of four rows, channel, row.
//
// For windows of 5x5 the fifth row follows, as results want it that begin 0, 1, 2 and 3 columns from the first of four
// columns that are brought together: the weights of these four, then those of the next four.

enum {
  MASKD_GROUP_DOTPROD = 4,
  MASKD_GROUP_BYTES_DOTPROD = MASKD_BLOCK_NEON * MASKD_GROUP_DOTPROD,
  MASKD_SIDE_5X5 = 5,
  MASKD_SHIFTED_BYTES_DOTPROD = 2 * MASKD_GROUP_DOTPROD * MASKD_GROUP_BYTES_DOTPROD,
};

// 5x5, `stride` pixels from a result to the next, 1 or 2; whole blocks.
void maskd_convolve_5x5_dotprod(const maskd_depthwise_neon *d, size_t stride, size_t rows, size_t pixels);

#pragma clang attribute push(__attribute__((target(MASKD_DOTPROD_TARGET), always_inline)), apply_to = function)

typedef struct maskd_column_dotprod {
  int8x16_t vectors[MASKD_NEON_VECTORS]; // four channels each
} maskd_column_dotprod;

// Brings up to four rows of one column together, `offset` bytes behind where they begin.
static inline maskd_column_dotprod maskd_column_of_dotprod(const maskd_depthwise_neon *d, bool is_part,
                                                           const int8_t *const *rows, size_t height, size_t group,
                                                           size_t offset) {
  int8x16_t row[MASKD_GROUP_DOTPROD];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < MASKD_GROUP_DOTPROD; y += 1)
    row[y] = group * MASKD_GROUP_DOTPROD + y < height
                 ? maskd_tap_neon(d, is_part, rows[group * MASKD_GROUP_DOTPROD + y] + offset)
                 : row[y - 1];
  const int16x8_t low = vreinterpretq_s16_s8(vzip1q_s8(row[0], row[1]));
  const int16x8_t high = vreinterpretq_s16_s8(vzip2q_s8(row[0], row[1]));
  const int16x8_t next_low = vreinterpretq_s16_s8(vzip1q_s8(row[2], row[3]));
  const int16x8_t next_high = vreinterpretq_s16_s8(vzip2q_s8(row[2], row[3]));
  return (maskd_column_dotprod){
      {vreinterpretq_s8_s16(vzip1q_s16(low, next_low)), vreinterpretq_s8_s16(vzip2q_s16(low, next_low)),
       vreinterpretq_s8_s16(vzip1q_s16(high, next_high)), vreinterpretq_s8_s16(vzip2q_s16(high, next_high))}};
}

// The rows of a window of known height, from the block's first channel on.
static inline void maskd_point_at_rows_dotprod(const maskd_depthwise_neon *d, size_t height, const int8_t **rows) {
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y += 1)
    rows[y] = d->rows[y] + d->channel;
}

#pragma clang attribute pop

#endif
