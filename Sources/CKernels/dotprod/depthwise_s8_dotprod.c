#if defined(__aarch64__)

#include "../neon/depthwise_neon.h"
#include "dotprod.h"
#include <string.h>

// The taps of a column of the window, four at most, are brought together for each channel, so that one sdot multiplies
// and adds them all; missing ones have weights of zero. A column of the picture is brought together once for all
// results that see it. Weights lie in that order: block, column, group of four rows, channel, row.

enum { GROUP = 4, WEIGHT_BYTES = MASKD_BLOCK_NEON * GROUP, VECTORS = MASKD_NEON_VECTORS };

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

static inline size_t groups_of(size_t height) {
  return height / GROUP + (height % GROUP != 0);
}

size_t maskd_packed_depthwise_s8_bytes_dotprod(size_t height, size_t width, size_t channels) {
  size_t bytes = maskd_blocks_neon(channels);
  if (__builtin_mul_overflow(bytes, groups_of(height), &bytes) || __builtin_mul_overflow(bytes, width, &bytes) ||
      __builtin_mul_overflow(bytes, (size_t)WEIGHT_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}

void maskd_pack_depthwise_s8_dotprod(size_t height, size_t width, size_t channels, const int8_t *weights,
                                     void *packed) {
  int8_t *to = packed;
  for (size_t block = 0; block < channels; block += MASKD_BLOCK_NEON) {
    const size_t start = maskd_block_start_neon(block, channels);
    for (size_t x = 0; x < width; x += 1)
      for (size_t group = 0; group < height; group += GROUP)
        for (size_t channel = start; channel < start + MASKD_BLOCK_NEON; channel += 1)
          for (size_t y = group; y < group + GROUP; y += 1, to += 1)
            *to = y < height && channel < channels ? weights[(y * width + x) * channels + channel] : 0;
  }
}

typedef struct column {
  int8x16_t vectors[VECTORS]; // four channels each
} column;

// Brings up to four rows of one column together, `offset` bytes behind where they begin.
INLINE column column_of(const maskd_depthwise_neon *d, bool is_part, const int8_t *const *rows, size_t height,
                        size_t group, size_t offset) {
  int8x16_t row[GROUP];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < GROUP; y += 1)
    row[y] = group * GROUP + y < height ? maskd_tap_neon(d, is_part, rows[group * GROUP + y] + offset) : vdupq_n_s8(0);
  const int16x8_t low = vreinterpretq_s16_s8(vzip1q_s8(row[0], row[1]));
  const int16x8_t high = vreinterpretq_s16_s8(vzip2q_s8(row[0], row[1]));
  const int16x8_t next_low = vreinterpretq_s16_s8(vzip1q_s8(row[2], row[3]));
  const int16x8_t next_high = vreinterpretq_s16_s8(vzip2q_s8(row[2], row[3]));
  return (column){{vreinterpretq_s8_s16(vzip1q_s16(low, next_low)), vreinterpretq_s8_s16(vzip2q_s16(low, next_low)),
                   vreinterpretq_s8_s16(vzip1q_s16(high, next_high)),
                   vreinterpretq_s8_s16(vzip2q_s16(high, next_high))}};
}

// The rows of a window of known height, from the block's first channel on.
INLINE void point_at_rows(const maskd_depthwise_neon *d, size_t height, const int8_t **rows) {
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y += 1)
    rows[y] = d->rows[y] + d->channel;
}

INLINE void add_column(const column *taps, const int8x16_t *weights, int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < VECTORS; v += 1)
    sums[v] = vdotq_s32(sums[v], taps->vectors[v], weights[v]);
}

INLINE void load_weights(const maskd_depthwise_neon *d, size_t index, int8x16_t *weights) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < VECTORS; v += 1)
    weights[v] = vld1q_s8(d->weights + index * WEIGHT_BYTES + 16 * v);
}

// One more column of a 3x3 window: it ends the result of sums[i], is the middle of the next and begins the one after.
INLINE void add_column_3x3(maskd_depthwise_neon *d, maskd_row_neon *row, const column *taps,
                           int8x16_t weights[3][VECTORS], int32x4_t sums[3][VECTORS], size_t i) {
  maskd_bias_neon(row, sums[(i + 2) % 3]);
  add_column(taps, weights[2], sums[i]);
  add_column(taps, weights[1], sums[(i + 1) % 3]);
  add_column(taps, weights[0], sums[(i + 2) % 3]);
  maskd_finish_pixel_neon(d, row, sums[i]);
}

// 3x3, results as far apart as their taps. Three pixels a round, so that no sum has to move to another register.
INLINE void convolve_3x3_in_way(maskd_depthwise_neon *d, maskd_way_neon way, size_t pixels) {
  maskd_row_neon row = maskd_row_of_neon(d, way, MASKD_BLOCK_NEON);
  const size_t step = d->window->tap_step;
  const int8_t *rows[3];
  int8x16_t weights[3][VECTORS];
  int32x4_t sums[3][VECTORS];
  point_at_rows(d, 3, rows);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < 3; x += 1)
    load_weights(d, x, weights[x]);
  maskd_bias_neon(&row, sums[0]);
  maskd_bias_neon(&row, sums[1]);
  column taps = column_of(d, false, rows, 3, 0, 0);
  add_column(&taps, weights[0], sums[0]);
  taps = column_of(d, false, rows, 3, 0, step);
  add_column(&taps, weights[1], sums[0]);
  add_column(&taps, weights[0], sums[1]);
  size_t offset = 2 * step;
  for (;;) {
    taps = column_of(d, false, rows, 3, 0, offset);
    add_column_3x3(d, &row, &taps, weights, sums, 0);
    offset += step;
    if (pixels == 1)
      return;
    taps = column_of(d, false, rows, 3, 0, offset);
    add_column_3x3(d, &row, &taps, weights, sums, 1);
    offset += step;
    if (pixels == 2)
      return;
    taps = column_of(d, false, rows, 3, 0, offset);
    add_column_3x3(d, &row, &taps, weights, sums, 2);
    offset += step;
    if (pixels == 3)
      return;
    pixels -= 3;
  }
}
MASKD_EACH_WAY_NEON(convolve_3x3)

// 3x3, results twice as far apart as their taps: a result's last column is the first of the next.
INLINE void convolve_3x3_by_2_in_way(maskd_depthwise_neon *d, maskd_way_neon way, size_t pixels) {
  maskd_row_neon row = maskd_row_of_neon(d, way, MASKD_BLOCK_NEON);
  const size_t step = d->window->tap_step;
  const int8_t *rows[3];
  int8x16_t weights[3][VECTORS];
  int32x4_t sums[VECTORS], next[VECTORS];
  point_at_rows(d, 3, rows);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < 3; x += 1)
    load_weights(d, x, weights[x]);
  maskd_bias_neon(&row, next);
  column taps = column_of(d, false, rows, 3, 0, 0);
  add_column(&taps, weights[0], next);
  for (size_t offset = step; pixels > 0; pixels -= 1, offset += step) {
    memcpy(sums, next, sizeof sums);
    taps = column_of(d, false, rows, 3, 0, offset);
    add_column(&taps, weights[1], sums);
    offset += step;
    taps = column_of(d, false, rows, 3, 0, offset);
    maskd_bias_neon(&row, next);
    add_column(&taps, weights[2], sums);
    add_column(&taps, weights[0], next);
    maskd_finish_pixel_neon(d, &row, sums);
  }
}
MASKD_EACH_WAY_NEON(convolve_3x3_by_2)

// 5x5, results as far apart as their taps. sums[0] belongs to the result that is complete next.
INLINE void convolve_5x5_in_way(maskd_depthwise_neon *d, maskd_way_neon way, size_t pixels) {
  enum { SIDE = 5, GROUPS = 2 };
  maskd_row_neon row = maskd_row_of_neon(d, way, MASKD_BLOCK_NEON);
  const int8_t *rows[SIDE];
  int32x4_t sums[SIDE][VECTORS];
  point_at_rows(d, SIDE, rows);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < SIDE; i += 1)
    maskd_bias_neon(&row, sums[i]);
  for (size_t x = 0; x < pixels + SIDE - 1; x += 1) {
#pragma clang loop unroll(full)
    for (size_t group = 0; group < GROUPS; group += 1) {
      const column taps = column_of(d, false, rows, SIDE, group, x * d->window->tap_step);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < SIDE; i += 1) {
        int8x16_t weights[VECTORS];
        load_weights(d, (SIDE - 1 - i) * GROUPS + group, weights);
        add_column(&taps, weights, sums[i]);
      }
    }
    if (x + 1 >= SIDE)
      maskd_finish_pixel_neon(d, &row, sums[0]);
#pragma clang loop unroll(full)
    for (size_t i = 0; i + 1 < SIDE; i += 1)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < VECTORS; v += 1)
        sums[i][v] = sums[i + 1][v];
    maskd_bias_neon(&row, sums[SIDE - 1]);
  }
}
MASKD_EACH_WAY_NEON(convolve_5x5)

// Any window, any number of channels, results anywhere.
static void convolve_any(maskd_depthwise_neon *d, size_t pixels) {
  maskd_row_neon row = maskd_row_of_neon(d, d->results.way, d->count);
  const maskd_depthwise_window *window = d->window;
  const size_t groups = groups_of(window->height);
  for (size_t pixel = 0; pixel < pixels; pixel += 1) {
    int32x4_t sums[VECTORS];
    maskd_bias_neon(&row, sums);
    for (size_t x = 0; x < window->width; x += 1)
      for (size_t group = 0; group < groups; group += 1) {
        int8x16_t weights[VECTORS];
        load_weights(d, x * groups + group, weights);
        const size_t offset = d->channel + pixel * window->pixel_step + x * window->tap_step;
        const column taps = column_of(d, true, d->rows, window->height, group, offset);
        add_column(&taps, weights, sums);
      }
    maskd_finish_pixel_neon(d, &row, sums);
  }
}

static void convolve(maskd_depthwise_neon *d, size_t pixels) {
  const maskd_depthwise_window *window = d->window;
  const bool is_whole = d->count == MASKD_BLOCK_NEON;
  const bool is_3x3 = is_whole && window->height == 3 && window->width == 3;
  const bool is_5x5 = is_whole && window->height == 5 && window->width == 5;
  if (is_3x3 && window->pixel_step == window->tap_step)
    convolve_3x3(d, pixels);
  else if (is_3x3 && window->pixel_step == 2 * window->tap_step)
    convolve_3x3_by_2(d, pixels);
  else if (is_5x5 && window->pixel_step == window->tap_step)
    convolve_5x5(d, pixels);
  else
    convolve_any(d, pixels);
}

void maskd_depthwise_s8_dotprod(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                const int8_t *const *rows, const void *packed, void *result,
                                const maskd_epilogue *epilogue) {
  maskd_convolve_neon(pixels, channels, window, rows, packed, window->width * groups_of(window->height) * WEIGHT_BYTES,
                      result, epilogue, convolve);
}

#pragma clang attribute pop

#endif
