#if defined(__aarch64__)

#include "../neon/depthwise_neon.h"
#include "dotprod.h"
#include <string.h>

// The taps of a column of the window, four at most, are brought together for each channel, so that one sdot multiplies
// and adds them all; missing ones have weights of zero. A column of the picture is brought together once for all
// results that see it. Weights lie in that order: block, column, group of four rows, channel, row.

enum { GROUP = 4, WEIGHT_BYTES = MASKD_BLOCK_NEON * GROUP, VECTORS = MASKD_NEON_VECTORS };

#pragma clang attribute push(__attribute__((target("dotprod,tune=neoverse-n1"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

static inline size_t groups_of(size_t height) {
  return height / GROUP + (height % GROUP != 0);
}

// For windows of 5x5 the fifth row follows, as results want it that begin 0, 1, 2 and 3 columns from the first of four
// columns that are brought together: the weights of these four, then those of the next four.
enum { SIDE_5X5 = 5, SHIFTED_BYTES = 2 * GROUP * WEIGHT_BYTES };

static inline bool is_5x5(size_t height, size_t width) {
  return height == SIDE_5X5 && width == SIDE_5X5;
}

static inline size_t block_bytes_of(size_t height, size_t width) {
  return width * groups_of(height) * WEIGHT_BYTES + (is_5x5(height, width) ? SHIFTED_BYTES : 0);
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
  const int8_t *fifth = weights + (SIDE_5X5 - 1) * SIDE_5X5 * channels;
  for (size_t shift = 0; shift < GROUP; shift += 1)
    for (size_t first = 0; first < 2 * GROUP; first += GROUP)
      for (size_t channel = start; channel < start + MASKD_BLOCK_NEON; channel += 1)
        for (size_t x = first; x < first + GROUP; x += 1, to += 1) {
          const bool is_seen = x >= shift && x < shift + SIDE_5X5 && channel < channels;
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

// Else the compiler makes a pointer of each row and each offset, which are more than there are registers.
#define KEEP_OFFSET(offset) __asm__("" : "+r"(offset))

INLINE void begin_3x3(const maskd_depthwise_neon *d, const int8_t *rows[3], int8x16_t weights[3][VECTORS]) {
  point_at_rows(d, 3, rows);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < 3; x += 1)
    load_weights(d, x, weights[x]);
}

// One more column of a 3x3 window: it ends the result of sums[i], is the middle of the next and begins the one after.
INLINE void add_column_3x3(maskd_depthwise_neon *d, maskd_row_neon *row, const int8_t *const rows[3], size_t offset,
                           int8x16_t weights[3][VECTORS], int32x4_t sums[3][VECTORS], size_t i) {
  const column taps = column_of(d, false, rows, 3, 0, offset);
  maskd_bias_neon(row, sums[(i + 2) % 3]);
  add_column(&taps, weights[2], sums[i]);
  add_column(&taps, weights[1], sums[(i + 1) % 3]);
  add_column(&taps, weights[0], sums[(i + 2) % 3]);
  maskd_finish_pixel_neon(d, row, sums[i]);
}

// 3x3, results as far apart as their taps. Three pixels a round, so that no sum has to move to another register.
INLINE void convolve_3x3_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t pixels) {
  const size_t step = d->window->tap_step;
  const int8_t *rows[3];
  int8x16_t weights[3][VECTORS];
  int32x4_t sums[3][VECTORS];
  begin_3x3(d, rows, weights);
  maskd_bias_neon(row, sums[0]);
  maskd_bias_neon(row, sums[1]);
  column taps = column_of(d, false, rows, 3, 0, 0);
  add_column(&taps, weights[0], sums[0]);
  taps = column_of(d, false, rows, 3, 0, step);
  add_column(&taps, weights[1], sums[0]);
  add_column(&taps, weights[0], sums[1]);
  size_t offset = 2 * step;
  for (; pixels >= 3; pixels -= 3)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 3; i += 1, offset += step) {
      KEEP_OFFSET(offset);
      add_column_3x3(d, row, rows, offset, weights, sums, i);
    }
  if (pixels > 0)
    add_column_3x3(d, row, rows, offset, weights, sums, 0);
  if (pixels > 1)
    add_column_3x3(d, row, rows, offset + step, weights, sums, 1);
}
MASKD_EACH_WAY_NEON(convolve_3x3)

// Two more columns: they end the result of `sums`, and the second begins the next.
INLINE void add_columns_3x3_by_2(maskd_depthwise_neon *d, maskd_row_neon *row, const int8_t *const rows[3],
                                 size_t offset, int8x16_t weights[3][VECTORS], int32x4_t *sums, int32x4_t *next) {
  maskd_bias_neon(row, next);
  const column middle = column_of(d, false, rows, 3, 0, offset);
  add_column(&middle, weights[1], sums);
  const column last = column_of(d, false, rows, 3, 0, offset + d->window->tap_step);
  add_column(&last, weights[2], sums);
  add_column(&last, weights[0], next);
  maskd_finish_pixel_neon(d, row, sums);
}

// 3x3, results twice as far apart as their taps: a result's last column is the first of the next.
INLINE void convolve_3x3_by_2_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t pixels) {
  const size_t step = d->window->tap_step;
  const int8_t *rows[3];
  int8x16_t weights[3][VECTORS];
  int32x4_t sums[2][VECTORS];
  begin_3x3(d, rows, weights);
  maskd_bias_neon(row, sums[0]);
  const column first = column_of(d, false, rows, 3, 0, 0);
  add_column(&first, weights[0], sums[0]);
  size_t offset = step;
  for (; pixels >= 2; pixels -= 2)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2; i += 1, offset += 2 * step) {
      KEEP_OFFSET(offset);
      add_columns_3x3_by_2(d, row, rows, offset, weights, sums[i], sums[1 - i]);
    }
  if (pixels > 0)
    add_columns_3x3_by_2(d, row, rows, offset, weights, sums[0], sums[1]);
}
MASKD_EACH_WAY_NEON(convolve_3x3_by_2)

// 5x5, `stride` pixels from a result to the next, 1 or 2. First four rows of the columns that some results see are
// brought together, and of the fifth row four columns at a time; then each half of the channels is computed by itself,
// so that its weights stay in registers. Four columns begin ROUND / stride results, which is what a round computes.
enum { SIDE = SIDE_5X5, ROUND = GROUP, ROUNDS = 7, GROUPS = 2, HALF = VECTORS / 2 };

typedef struct picture {
  column columns[ROUND * (ROUNDS + 1)]; // four rows
  column fifth[ROUNDS + 1];             // the fifth row, four columns
} picture;

INLINE void store_column(column taps, column *to) {
  const int8x16x4_t all = {{taps.vectors[0], taps.vectors[1], taps.vectors[2], taps.vectors[3]}};
  vst1q_s8_x4((int8_t *)to, all);
}

// Brings four columns together, `offset` bytes behind where the rows begin; what lies beyond `last` is read there.
INLINE void gather_round(const maskd_depthwise_neon *d, const int8_t *const rows[SIDE], size_t step, size_t offset,
                         size_t last, column *columns, column *fifth) {
  const int8_t *at[ROUND];
#pragma clang loop unroll(full)
  for (size_t x = 0; x < ROUND; x += 1, offset += step) {
    const size_t here = offset < last ? offset : last;
    store_column(column_of(d, false, rows, GROUP, 0, here), columns + x);
    at[x] = rows[GROUP] + here;
  }
  store_column(column_of(d, false, at, GROUP, 0, 0), fifth);
}

INLINE void gather(const maskd_depthwise_neon *d, const int8_t *const rows[SIDE], size_t count, picture *to) {
  const size_t step = d->window->tap_step;
  size_t i = 0;
  for (; ROUND * (i + 1) <= count; i += 1)
    gather_round(d, rows, step, ROUND * i * step, SIZE_MAX, to->columns + ROUND * i, to->fifth + i);
  if (ROUND * i < count)
    gather_round(d, rows, step, ROUND * i * step, (count - 1) * step, to->columns + ROUND * i, to->fifth + i);
}

// Eight channels of the picture, of the weights and of the results: one half of a block.
typedef struct half {
  size_t first; // channel of the block
  const int8_t *columns, *fifth, *fifth_weights;
  int8x16_t weights[SIDE][HALF];
} half;

INLINE half half_of(const maskd_depthwise_neon *d, size_t index, const picture *from) {
  const size_t bytes = 16 * HALF * index;
  half h = {
      .first = 4 * HALF * index,
      .columns = (const int8_t *)from->columns + bytes,
      .fifth = (const int8_t *)from->fifth + bytes,
      .fifth_weights = d->weights + SIDE * GROUPS * WEIGHT_BYTES + bytes,
  };
#pragma clang loop unroll(full)
  for (size_t x = 0; x < SIDE; x += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < HALF; v += 1)
      h.weights[x][v] = vld1q_s8(d->weights + x * GROUPS * WEIGHT_BYTES + bytes + 16 * v);
  return h;
}

// `count` results that begin in the four columns of round `index`.
INLINE void add_round(const maskd_row_neon *row, size_t stride, const half *h, size_t index, size_t count,
                      int32x4_t sums[ROUND][HALF]) {
  const int8_t *columns = h->columns + index * ROUND * sizeof(column), *fifth = h->fifth + index * sizeof(column);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count; i += 1)
    maskd_bias_at_neon(row, h->first, HALF, sums[i]);
#pragma clang loop unroll(full)
  for (size_t v = 0; v < HALF; v += 1) {
#pragma clang loop unroll(full)
    for (size_t x = 0; x < (count - 1) * stride + SIDE; x += 1)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < count; i += 1)
        if (x >= i * stride && x < i * stride + SIDE)
          sums[i][v] =
              vdotq_s32(sums[i][v], vld1q_s8(columns + x * sizeof(column) + 16 * v), h->weights[x - i * stride][v]);
#pragma clang loop unroll(full)
    for (size_t next = 0; next < 2; next += 1)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < count; i += 1)
        sums[i][v] = vdotq_s32(sums[i][v], vld1q_s8(fifth + next * sizeof(column) + 16 * v),
                               vld1q_s8(h->fifth_weights + (2 * i * stride + next) * WEIGHT_BYTES + 16 * v));
  }
}

// Computes `count` results and writes the first `wanted` of them.
INLINE void convolve_round(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride, const half *h, size_t index,
                           size_t count, size_t wanted, char *to) {
  char nowhere[MASKD_BLOCK_NEON * sizeof(float)];
  int32x4_t sums[ROUND][HALF];
  add_round(row, stride, h, index, count, sums);
  // A result that is not wanted must not count for the range either.
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count; i += 1)
    if (i >= wanted)
      memcpy(sums[i], sums[0], sizeof sums[0]);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < count; i += 2, to += 2 * row->step)
    maskd_finish_halves_neon(d, row, h->first, sums[i], i < wanted ? to : nowhere,
                             i + 1 < wanted ? to + row->step : nowhere);
}

INLINE void convolve_rounds(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride, const half *h, size_t pixels) {
  const size_t results = ROUND / stride;
  char *to = row->next;
  size_t i = 0;
  for (; pixels >= results; i += 1, pixels -= results, to += results * row->step)
    convolve_round(d, row, stride, h, i, results, results, to);
  if (pixels > 2)
    convolve_round(d, row, stride, h, i, results, pixels, to);
  else if (pixels > 0)
    convolve_round(d, row, stride, h, i, 2, pixels, to);
}

INLINE void convolve_5x5_by(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride, size_t pixels) {
  const size_t most = ROUND * ROUNDS / stride;
  const int8_t *rows[SIDE];
  picture picture;
  point_at_rows(d, SIDE, rows);
  for (size_t left = pixels; left > 0;) {
    const size_t count = left < most ? left : most;
    gather(d, rows, (count - 1) * stride + SIDE, &picture);
#pragma clang loop unroll(disable)
    for (size_t index = 0; index < VECTORS / HALF; index += 1) {
      const half h = half_of(d, index, &picture);
      convolve_rounds(d, row, stride, &h, count);
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < SIDE; y += 1)
      rows[y] += count * d->window->pixel_step;
    row->next += count * row->step;
    left -= count;
  }
}

INLINE void convolve_5x5_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t pixels) {
  convolve_5x5_by(d, row, 1, pixels);
}
MASKD_EACH_WAY_NEON(convolve_5x5)

INLINE void convolve_5x5_by_2_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t pixels) {
  convolve_5x5_by(d, row, 2, pixels);
}
MASKD_EACH_WAY_NEON(convolve_5x5_by_2)

// Any window, any number of channels, results anywhere.
INLINE void convolve_any_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t pixels) {
  const maskd_depthwise_window *window = d->window;
  const size_t groups = groups_of(window->height);
  for (size_t pixel = 0; pixel < pixels; pixel += 1) {
    int32x4_t sums[VECTORS];
    maskd_bias_neon(row, sums);
    for (size_t x = 0; x < window->width; x += 1)
      for (size_t group = 0; group < groups; group += 1) {
        int8x16_t weights[VECTORS];
        load_weights(d, x * groups + group, weights);
        const size_t offset = d->channel + pixel * window->pixel_step + x * window->tap_step;
        const column taps = column_of(d, true, d->rows, window->height, group, offset);
        add_column(&taps, weights, sums);
      }
    maskd_finish_pixel_neon(d, row, sums);
  }
}

static __attribute__((noinline)) void convolve_any(const maskd_depthwise_neon *d, size_t pixels) {
  maskd_convolve_neon(d, d->way, d->count, pixels, convolve_any_block);
}

static void convolve(const maskd_depthwise_neon *d, size_t pixels) {
  const maskd_depthwise_window *window = d->window;
  const bool is_whole = d->count == MASKD_BLOCK_NEON;
  const bool is_3x3 = is_whole && window->height == 3 && window->width == 3;
  const bool is_whole_5x5 = is_whole && is_5x5(window->height, window->width);
  if (is_3x3 && window->pixel_step == window->tap_step)
    convolve_3x3(d, pixels);
  else if (is_3x3 && window->pixel_step == 2 * window->tap_step)
    convolve_3x3_by_2(d, pixels);
  else if (is_whole_5x5 && window->pixel_step == window->tap_step)
    convolve_5x5(d, pixels);
  else if (is_whole_5x5 && window->pixel_step == 2 * window->tap_step)
    convolve_5x5_by_2(d, pixels);
  else
    convolve_any(d, pixels);
}

void maskd_depthwise_s8_dotprod(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                const int8_t *const *taps, const void *packed, void *result,
                                const maskd_epilogue *epilogue) {
  maskd_depthwise_neon d = maskd_depthwise_of_neon(channels, window, taps, packed,
                                                   block_bytes_of(window->height, window->width), result, epilogue);
  for (size_t row = 0; row < rows; row += 1) {
    convolve(&d, pixels);
    maskd_next_row_neon(&d, pixels);
  }
}

#pragma clang attribute pop

#endif
