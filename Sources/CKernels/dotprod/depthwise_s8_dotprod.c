#if defined(__aarch64__)

#include "columns_dotprod.h"
#include "dotprod.h"
#include <string.h>

// Windows of 3x3, and any other that has no kernel of its own.

enum { GROUP = MASKD_GROUP_DOTPROD, WEIGHT_BYTES = MASKD_GROUP_BYTES_DOTPROD, VECTORS = MASKD_NEON_VECTORS };

#pragma clang attribute push(__attribute__((target(MASKD_DOTPROD_TARGET ",tune=neoverse-n1"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

static inline size_t groups_of(size_t height) {
  return height / GROUP + (height % GROUP != 0);
}

static inline bool is_5x5(size_t height, size_t width) {
  return height == MASKD_SIDE_5X5 && width == MASKD_SIDE_5X5;
}

static inline size_t block_bytes_of(size_t height, size_t width) {
  return width * groups_of(height) * WEIGHT_BYTES + (is_5x5(height, width) ? MASKD_SHIFTED_BYTES_DOTPROD : 0);
}

size_t maskd_packed_depthwise_s8_bytes_dotprod(size_t height, size_t width, size_t channels) {
  size_t bytes = maskd_blocks_neon(channels);
  if (is_5x5(height, width))
    return __builtin_mul_overflow(bytes, block_bytes_of(height, width), &bytes) ? SIZE_MAX : bytes;
  if (__builtin_mul_overflow(bytes, groups_of(height), &bytes) || __builtin_mul_overflow(bytes, width, &bytes) ||
      __builtin_mul_overflow(bytes, (size_t)WEIGHT_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}

// One column from row `group` on, for the block of channels that begins at `start`.
static int8_t *pack_column(size_t height, size_t width, size_t channels, const int8_t *weights, size_t start,
                           size_t group, size_t x, int8_t *to) {
  for (size_t channel = start; channel < start + MASKD_BLOCK_NEON; channel += 1)
    for (size_t y = group; y < group + GROUP; y += 1, to += 1)
      *to = y < height && channel < channels ? weights[(y * width + x) * channels + channel] : 0;
  return to;
}

static int8_t *pack_shifted(size_t channels, const int8_t *weights, size_t start, int8_t *to) {
  const int8_t *fifth = weights + (MASKD_SIDE_5X5 - 1) * MASKD_SIDE_5X5 * channels;
  for (size_t shift = 0; shift < GROUP; shift += 1)
    for (size_t first = 0; first < 2 * GROUP; first += GROUP)
      for (size_t channel = start; channel < start + MASKD_BLOCK_NEON; channel += 1)
        for (size_t x = first; x < first + GROUP; x += 1, to += 1) {
          const bool is_seen = x >= shift && x < shift + MASKD_SIDE_5X5 && channel < channels;
          *to = is_seen ? fifth[(x - shift) * channels + channel] : 0;
        }
  return to;
}

void maskd_pack_depthwise_s8_dotprod(size_t height, size_t width, size_t channels, const int8_t *weights,
                                     void *packed) {
  int8_t *to = packed;
  for (size_t block = 0; block < channels; block += MASKD_BLOCK_NEON) {
    const size_t start = maskd_block_start_neon(block, channels);
    for (size_t x = 0; x < width; x += 1)
      for (size_t group = 0; group < height; group += GROUP)
        to = pack_column(height, width, channels, weights, start, group, x, to);
    if (is_5x5(height, width))
      to = pack_shifted(channels, weights, start, to);
  }
}

INLINE void add_column(const maskd_column_dotprod *taps, const int8x16_t *weights, int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < VECTORS; v += 1)
    sums[v] = vdotq_s32(sums[v], taps->vectors[v], weights[v]);
}

INLINE void load_weights(const maskd_depthwise_neon *d, size_t index, int8x16_t *weights) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < VECTORS; v += 1)
    weights[v] = vld1q_s8(d->weights + index * WEIGHT_BYTES + 16 * v);
}

// Else the compiler makes a pointer of each row and each offset, which are more than there are registers.
#define KEEP_OFFSET(offset) __asm__("" : "+r"(offset))

// For the block's channels.
INLINE void make_rounding(const maskd_depthwise_neon *d, const maskd_row_neon *row, maskd_rounding_dotprod *by) {
  if (row->way < MASKD_WAY_ANY)
    maskd_make_rounding_dotprod(d->epilogue, d->channel, VECTORS, by);
}

// Writes the results of one pixel of a whole block.
INLINE void finish_pixel(maskd_depthwise_neon *d, maskd_row_neon *row, const maskd_rounding_dotprod *by,
                         const int32x4_t sums[VECTORS]) {
  if (row->way >= MASKD_WAY_ANY) {
    maskd_finish_pixel_neon(d, row, sums);
    return;
  }
  vst1q_s8((int8_t *)row->next, maskd_sixteen_of_dotprod(sums, by, maskd_tops_dotprod(), row->way, &row->results));
  row->next += row->step;
}

// Nothing that makes these sums is left for later, when their registers are wanted.
INLINE void keep_here(int32x4_t sums[VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < VECTORS; v += 1)
    __asm__ volatile("" : "+w"(sums[v]));
}

INLINE void load_3x3(const maskd_depthwise_neon *d, int8x16_t weights[3][VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t x = 0; x < 3; x += 1)
    load_weights(d, x, weights[x]);
}

// One more column of a 3x3 window: it ends the result of sums[i], is the middle of the next and begins the one after.
INLINE void add_column_3x3(maskd_depthwise_neon *d, maskd_row_neon *row, const maskd_rounding_dotprod *by,
                           const int8_t *const rows[3], size_t offset, int8x16_t weights[3][VECTORS],
                           int32x4_t sums[3][VECTORS], size_t i) {
  const maskd_column_dotprod taps = maskd_column_of_dotprod(d, false, rows, 3, 0, offset);
  maskd_bias_neon(row, sums[(i + 2) % 3]);
  add_column(&taps, weights[2], sums[i]);
  add_column(&taps, weights[1], sums[(i + 1) % 3]);
  add_column(&taps, weights[0], sums[(i + 2) % 3]);
  keep_here(sums[(i + 1) % 3]);
  keep_here(sums[(i + 2) % 3]);
  finish_pixel(d, row, by, sums[i]);
}

// A row of results as far apart as their taps. Three pixels a round, so that no sum has to move to another register.
INLINE void convolve_row_3x3(maskd_depthwise_neon *d, maskd_row_neon *row, const maskd_rounding_dotprod *by,
                             int8x16_t weights[3][VECTORS], size_t pixels) {
  const size_t step = d->window->tap_step;
  const int8_t *rows[3];
  int32x4_t sums[3][VECTORS];
  maskd_point_at_rows_dotprod(d, 3, rows);
  maskd_bias_neon(row, sums[0]);
  maskd_bias_neon(row, sums[1]);
  maskd_column_dotprod taps = maskd_column_of_dotprod(d, false, rows, 3, 0, 0);
  add_column(&taps, weights[0], sums[0]);
  taps = maskd_column_of_dotprod(d, false, rows, 3, 0, step);
  add_column(&taps, weights[1], sums[0]);
  add_column(&taps, weights[0], sums[1]);
  size_t offset = 2 * step;
  for (; pixels >= 3; pixels -= 3)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 3; i += 1, offset += step) {
      KEEP_OFFSET(offset);
      add_column_3x3(d, row, by, rows, offset, weights, sums, i);
    }
  if (pixels > 0)
    add_column_3x3(d, row, by, rows, offset, weights, sums, 0);
  if (pixels > 1)
    add_column_3x3(d, row, by, rows, offset + step, weights, sums, 1);
}

INLINE void convolve_3x3_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  int8x16_t weights[3][VECTORS];
  maskd_rounding_dotprod by;
  make_rounding(d, row, &by);
  load_3x3(d, weights);
  for (; rows > 0; rows -= 1, maskd_next_row_neon(d))
    convolve_row_3x3(d, row, &by, weights, pixels);
}
MASKD_EACH_WAY_NEON(convolve_3x3)

// Two more columns: they end the result of `sums`, and the second begins the next.
INLINE void add_columns_3x3_by_2(maskd_depthwise_neon *d, maskd_row_neon *row, const maskd_rounding_dotprod *by,
                                 const int8_t *const rows[3], size_t offset, int8x16_t weights[3][VECTORS],
                                 int32x4_t *sums, int32x4_t *next) {
  maskd_bias_neon(row, next);
  const maskd_column_dotprod middle = maskd_column_of_dotprod(d, false, rows, 3, 0, offset);
  add_column(&middle, weights[1], sums);
  const maskd_column_dotprod last = maskd_column_of_dotprod(d, false, rows, 3, 0, offset + d->window->tap_step);
  add_column(&last, weights[2], sums);
  add_column(&last, weights[0], next);
  keep_here(next);
  finish_pixel(d, row, by, sums);
}

// A row of results twice as far apart as their taps: a result's last column is the first of the next.
INLINE void convolve_row_3x3_by_2(maskd_depthwise_neon *d, maskd_row_neon *row, const maskd_rounding_dotprod *by,
                                  int8x16_t weights[3][VECTORS], size_t pixels) {
  const size_t step = d->window->tap_step;
  const int8_t *rows[3];
  int32x4_t sums[2][VECTORS];
  maskd_point_at_rows_dotprod(d, 3, rows);
  maskd_bias_neon(row, sums[0]);
  const maskd_column_dotprod first = maskd_column_of_dotprod(d, false, rows, 3, 0, 0);
  add_column(&first, weights[0], sums[0]);
  size_t offset = step;
  for (; pixels >= 2; pixels -= 2)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2; i += 1, offset += 2 * step) {
      KEEP_OFFSET(offset);
      add_columns_3x3_by_2(d, row, by, rows, offset, weights, sums[i], sums[1 - i]);
    }
  if (pixels > 0)
    add_columns_3x3_by_2(d, row, by, rows, offset, weights, sums[0], sums[1]);
}

INLINE void convolve_3x3_by_2_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  int8x16_t weights[3][VECTORS];
  maskd_rounding_dotprod by;
  make_rounding(d, row, &by);
  load_3x3(d, weights);
  for (; rows > 0; rows -= 1, maskd_next_row_neon(d))
    convolve_row_3x3_by_2(d, row, &by, weights, pixels);
}
MASKD_EACH_WAY_NEON(convolve_3x3_by_2)

// Any window, any number of channels, results anywhere.
INLINE void convolve_any_pixel(maskd_depthwise_neon *d, maskd_row_neon *row, size_t pixel) {
  const maskd_depthwise_window *window = d->window;
  const size_t groups = groups_of(window->height);
  int32x4_t sums[VECTORS];
  maskd_bias_neon(row, sums);
  for (size_t x = 0; x < window->width; x += 1)
    for (size_t group = 0; group < groups; group += 1) {
      int8x16_t weights[VECTORS];
      load_weights(d, x * groups + group, weights);
      const size_t offset = d->channel + pixel * window->pixel_step + x * window->tap_step;
      const maskd_column_dotprod taps = maskd_column_of_dotprod(d, true, d->rows, window->height, group, offset);
      add_column(&taps, weights, sums);
    }
  maskd_finish_pixel_neon(d, row, sums);
}

INLINE void convolve_any_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  for (; rows > 0; rows -= 1, maskd_next_row_neon(d))
    for (size_t pixel = 0; pixel < pixels; pixel += 1)
      convolve_any_pixel(d, row, pixel);
}

static __attribute__((noinline)) void convolve_any(const maskd_depthwise_neon *d, size_t rows, size_t pixels) {
  maskd_convolve_neon(d, d->way, d->count, rows, pixels, convolve_any_block);
}

static void convolve(const maskd_depthwise_neon *d, size_t rows, size_t pixels) {
  const maskd_depthwise_window *window = d->window;
  const bool is_whole = d->count == MASKD_BLOCK_NEON;
  const bool is_3x3 = is_whole && window->height == 3 && window->width == 3;
  const bool is_whole_5x5 = is_whole && is_5x5(window->height, window->width);
  if (is_3x3 && window->pixel_step == window->tap_step)
    convolve_3x3(d, rows, pixels);
  else if (is_3x3 && window->pixel_step == 2 * window->tap_step)
    convolve_3x3_by_2(d, rows, pixels);
  else if (is_whole_5x5 && window->pixel_step == window->tap_step)
    maskd_convolve_5x5_dotprod(d, 1, rows, pixels);
  else if (is_whole_5x5 && window->pixel_step == 2 * window->tap_step)
    maskd_convolve_5x5_dotprod(d, 2, rows, pixels);
  else
    convolve_any(d, rows, pixels);
}

void maskd_depthwise_s8_dotprod(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                const int8_t *const *taps, const void *packed, void *result,
                                const maskd_epilogue *epilogue) {
  const maskd_depthwise_neon d = maskd_depthwise_of_neon(
      channels, window, taps, packed, block_bytes_of(window->height, window->width), result, epilogue);
  convolve(&d, rows, pixels);
}

#pragma clang attribute pop

#endif
