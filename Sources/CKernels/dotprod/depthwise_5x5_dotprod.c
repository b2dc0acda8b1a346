#if defined(__aarch64__)

#include "columns_dotprod.h"
#include <string.h>

// First four rows of the columns that some results see are
// brought together, and of the fifth row four columns at a time; then each half of the channels is computed by itself,
// so that its weights stay in registers. Four columns begin ROUND / stride results, which is what a round computes.
enum { SIDE = MASKD_SIDE_5X5, GROUP = MASKD_GROUP_DOTPROD, ROUND = GROUP, ROUNDS = 7, GROUPS = 2 };
enum { VECTORS = MASKD_NEON_VECTORS, HALF = VECTORS / 2, WEIGHT_BYTES = MASKD_GROUP_BYTES_DOTPROD };

#pragma clang attribute push(__attribute__((target(MASKD_DOTPROD_TARGET ",tune=neoverse-n1"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

typedef struct picture {
  maskd_column_dotprod columns[ROUND * (ROUNDS + 1)]; // four rows
  maskd_column_dotprod fifth[ROUNDS + 1];             // the fifth row, four columns
} picture;

INLINE void store_column(maskd_column_dotprod taps, maskd_column_dotprod *to) {
  const int8x16x4_t all = {{taps.vectors[0], taps.vectors[1], taps.vectors[2], taps.vectors[3]}};
  vst1q_s8_x4((int8_t *)to, all);
}

// Brings four columns together, `offset` bytes behind where the rows begin; what lies beyond `last` is read there.
INLINE void gather_round(const maskd_depthwise_neon *d, const int8_t *const rows[SIDE], size_t step, size_t offset,
                         size_t last, maskd_column_dotprod *columns, maskd_column_dotprod *fifth) {
  const int8_t *at[ROUND];
#pragma clang loop unroll(full)
  for (size_t x = 0; x < ROUND; x += 1, offset += step) {
    const size_t here = offset < last ? offset : last;
    store_column(maskd_column_of_dotprod(d, false, rows, GROUP, 0, here), columns + x);
    at[x] = rows[GROUP] + here;
  }
  store_column(maskd_column_of_dotprod(d, false, at, GROUP, 0, 0), fifth);
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

// They are rounded for two results at a time.
INLINE void make_rounding(const maskd_depthwise_neon *d, const maskd_row_neon *row, size_t first,
                          maskd_rounding_dotprod *by) {
  if (row->way < MASKD_WAY_ANY)
    maskd_make_rounding_dotprod(d->epilogue, d->channel + first, HALF, by);
}

// Writes eight channels of two pixels.
INLINE void finish_halves(maskd_depthwise_neon *d, maskd_row_neon *row, size_t first, const maskd_rounding_dotprod *by,
                          const int32x4_t sums[VECTORS], char *one, char *other) {
  if (row->way >= MASKD_WAY_ANY) {
    maskd_finish_halves_neon(d, row, first, sums, one, other);
    return;
  }
  const int8x16_t bytes = maskd_sixteen_of_dotprod(sums, by, maskd_tops_dotprod(), row->way, &row->results);
  vst1_s8((int8_t *)one + first, vget_low_s8(bytes));
  vst1_s8((int8_t *)other + first, vget_high_s8(bytes));
}

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
  const int8_t *columns = h->columns + index * ROUND * sizeof(maskd_column_dotprod),
               *fifth = h->fifth + index * sizeof(maskd_column_dotprod);
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
          sums[i][v] = vdotq_s32(sums[i][v], vld1q_s8(columns + x * sizeof(maskd_column_dotprod) + 16 * v),
                                 h->weights[x - i * stride][v]);
#pragma clang loop unroll(full)
    for (size_t next = 0; next < 2; next += 1)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < count; i += 1)
        sums[i][v] = vdotq_s32(sums[i][v], vld1q_s8(fifth + next * sizeof(maskd_column_dotprod) + 16 * v),
                               vld1q_s8(h->fifth_weights + (2 * i * stride + next) * WEIGHT_BYTES + 16 * v));
  }
}

// Computes `count` results and writes the first `wanted` of them.
INLINE void convolve_round(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride, const half *h,
                           const maskd_rounding_dotprod *by, size_t index, size_t count, size_t wanted, char *to) {
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
    finish_halves(d, row, h->first, by, sums[i], i < wanted ? to : nowhere, i + 1 < wanted ? to + row->step : nowhere);
}

INLINE void convolve_rounds(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride, const half *h,
                            const maskd_rounding_dotprod *by, size_t pixels) {
  const size_t results = ROUND / stride;
  char *to = row->next;
  size_t i = 0;
  for (; pixels >= results; i += 1, pixels -= results, to += results * row->step)
    convolve_round(d, row, stride, h, by, i, results, results, to);
  if (pixels > 2)
    convolve_round(d, row, stride, h, by, i, results, pixels, to);
  else if (pixels > 0)
    convolve_round(d, row, stride, h, by, i, 2, pixels, to);
}

INLINE void convolve_row_5x5(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride,
                             const maskd_rounding_dotprod by[VECTORS / HALF], size_t pixels) {
  const size_t most = ROUND * ROUNDS / stride;
  const int8_t *rows[SIDE];
  picture picture;
  maskd_point_at_rows_dotprod(d, SIDE, rows);
  for (size_t left = pixels; left > 0;) {
    const size_t count = left < most ? left : most;
    gather(d, rows, (count - 1) * stride + SIDE, &picture);
#pragma clang loop unroll(disable)
    for (size_t index = 0; index < VECTORS / HALF; index += 1) {
      const half h = half_of(d, index, &picture);
      convolve_rounds(d, row, stride, &h, by + index, count);
    }
#pragma clang loop unroll(full)
    for (size_t y = 0; y < SIDE; y += 1)
      rows[y] += count * d->window->pixel_step;
    row->next += count * row->step;
    left -= count;
  }
}

INLINE void convolve_5x5_by(maskd_depthwise_neon *d, maskd_row_neon *row, size_t stride, size_t rows, size_t pixels) {
  maskd_rounding_dotprod by[VECTORS / HALF];
#pragma clang loop unroll(disable)
  for (size_t index = 0; index < VECTORS / HALF; index += 1)
    make_rounding(d, row, 4 * HALF * index, by + index);
  for (; rows > 0; rows -= 1, maskd_next_row_neon(d))
    convolve_row_5x5(d, row, stride, by, pixels);
}

INLINE void convolve_5x5_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  convolve_5x5_by(d, row, 1, rows, pixels);
}
MASKD_EACH_WAY_NEON(convolve_5x5)

INLINE void convolve_5x5_by_2_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  convolve_5x5_by(d, row, 2, rows, pixels);
}
MASKD_EACH_WAY_NEON(convolve_5x5_by_2)

void maskd_convolve_5x5_dotprod(const maskd_depthwise_neon *d, size_t stride, size_t rows, size_t pixels) {
  if (stride == 1)
    convolve_5x5(d, rows, pixels);
  else
    convolve_5x5_by_2(d, rows, pixels);
}

#pragma clang attribute pop

#endif
