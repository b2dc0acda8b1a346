#ifndef MASKD_NEON_DEPTHWISE_H
#define MASKD_NEON_DEPTHWISE_H

#include "../partial.h"
#include "epilogue_neon.h"

// What the depthwise convolutions of the ARM64 families share: sixteen channels at a time, one row of results after the
// other. The last block is moved back so that it is whole, and computes some channels a second time; only where there
// are fewer than sixteen channels is a block in part.

enum { MASKD_BLOCK_NEON = 16 };

// One call of a kernel, and the block of channels that is computed now.
typedef struct maskd_depthwise_neon {
  const maskd_depthwise_window *window;
  const int8_t *const *rows;
  const maskd_epilogue *epilogue;
  maskd_way_neon way;
  maskd_range_neon range;
  size_t channels, block_bytes; // of the weights
  const int8_t *packed;
  char *all_results;
  size_t channel, count; // of the block: its first channel, and how many it has
  const int8_t *weights; // of the block
  char *result;          // where the block's first channel of result 0 goes
} maskd_depthwise_neon;

static inline size_t maskd_blocks_neon(size_t channels) {
  return channels / MASKD_BLOCK_NEON + (channels % MASKD_BLOCK_NEON != 0);
}

// The first channel of the block that begins at `channel` as long as blocks are whole.
static inline size_t maskd_block_start_neon(size_t channel, size_t channels) {
  return channels > MASKD_BLOCK_NEON && channel + MASKD_BLOCK_NEON > channels ? channels - MASKD_BLOCK_NEON : channel;
}

static inline maskd_depthwise_neon maskd_depthwise_of_neon(size_t channels, const maskd_depthwise_window *window,
                                                           const int8_t *const *rows, const int8_t *weights,
                                                           size_t block_bytes, void *result,
                                                           const maskd_epilogue *epilogue) {
  return (maskd_depthwise_neon){
      .window = window,
      .rows = rows,
      .epilogue = epilogue,
      .way = maskd_way_of_neon(epilogue),
      .range = maskd_empty_range_neon(),
      .channels = channels,
      .block_bytes = block_bytes,
      .packed = weights,
      .all_results = result,
      .count = channels < MASKD_BLOCK_NEON ? channels : MASKD_BLOCK_NEON,
  };
}

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

// The block's activations of one tap; `is_part` where there are fewer than sixteen.
static inline int8x16_t maskd_tap_neon(const maskd_depthwise_neon *d, bool is_part, const int8_t *from) {
  if (!is_part || d->count == MASKD_BLOCK_NEON)
    return vld1q_s8(from);
  const maskd_sixteen_bytes part = maskd_load_part_of_sixteen(from, d->count);
  return vcombine_s8(vcreate_s8(part.low), vcreate_s8(part.high));
}

// What a row of results needs again and again. Where `way` is a constant, so is what is done for it.
typedef struct maskd_row_neon {
  maskd_way_neon way;
  maskd_results_neon results;
  maskd_range_neon range;
  // From the block's first channel on.
  const int32_t *bias, *multipliers, *shifts;
  const float *factors, *addends;
  char *next; // where the next result goes
  size_t step, count;
} maskd_row_neon;

static inline maskd_row_neon maskd_row_of_neon(const maskd_depthwise_neon *d, maskd_way_neon way, size_t count) {
  const maskd_epilogue *to = d->epilogue;
  return (maskd_row_neon){
      .way = way,
      .results = maskd_results_of_neon(to),
      .range = maskd_empty_range_neon(),
      .step = d->window->result_step,
      .count = count,
  };
}

static inline void maskd_begin_block_neon(maskd_depthwise_neon *d, maskd_row_neon *row, size_t block) {
  const maskd_epilogue *to = d->epilogue;
  const size_t channel = maskd_block_start_neon(block * MASKD_BLOCK_NEON, d->channels);
  d->channel = channel;
  d->weights = d->packed + block * d->block_bytes;
  d->result = d->all_results + channel * (row->way == MASKD_WAY_FLOAT ? sizeof(float) : 1);
  row->next = d->result;
  row->bias = to->bias + channel;
  row->multipliers = row->way < MASKD_WAY_ANY ? to->multiplier + channel : NULL;
  row->shifts = row->way < MASKD_WAY_ANY ? to->shift + channel : NULL;
  row->factors = row->way == MASKD_WAY_FLOAT ? to->factor + channel : NULL;
  row->addends = row->way == MASKD_WAY_FLOAT ? to->addend + channel : NULL;
}

static inline void maskd_take_ranges_neon(maskd_depthwise_neon *d, const maskd_row_neon *row) {
  d->range.least = vminnmq_f32(d->range.least, row->range.least);
  d->range.greatest = vmaxnmq_f32(d->range.greatest, row->range.greatest);
  maskd_take_range_neon(d->epilogue, &d->range);
}

// Convolves the rows of a block. The next row of results goes behind the last.
typedef void (*maskd_convolve_block_neon)(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels);

static inline void maskd_next_row_neon(maskd_depthwise_neon *d) {
  d->rows += d->window->height;
}

// Convolves block by block.
static inline void maskd_convolve_neon(const maskd_depthwise_neon *call, maskd_way_neon way, size_t count, size_t rows,
                                       size_t pixels, maskd_convolve_block_neon convolve) {
  maskd_depthwise_neon d = *call; // a copy, which no store through a result can change
  maskd_row_neon row = maskd_row_of_neon(&d, way, count);
  const size_t blocks = maskd_blocks_neon(d.channels);
  for (size_t block = 0; block < blocks; block += 1) {
    d.rows = call->rows;
    maskd_begin_block_neon(&d, &row, block);
    convolve(&d, &row, rows, pixels);
  }
  maskd_take_ranges_neon(&d, &row);
}

// The bias of `vectors` fours of channels, from channel `first` of the block on.
static inline void maskd_bias_at_neon(const maskd_row_neon *row, size_t first, size_t vectors, int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    sums[v] = vld1q_s32(row->bias + first + 4 * v);
}

static inline void maskd_bias_neon(const maskd_row_neon *row, int32x4_t sums[MASKD_NEON_VECTORS]) {
  maskd_bias_at_neon(row, 0, MASKD_NEON_VECTORS, sums);
}

// Floats of the four channels from channel `first` of the block on.
static inline void maskd_store_floats_neon(maskd_row_neon *row, size_t first, int32x4_t sums, float *to) {
  const float32x4_t scaled = maskd_scaled_neon(sums, vld1q_f32(row->factors + first), vld1q_f32(row->addends + first));
  const float32x4_t values = maskd_float_within_neon(scaled, &row->results);
  vst1q_f32(to, values);
  maskd_widen_range_neon(&row->range, values);
}

// Any way at all. No pointer into a row may get out of here, else it can't live in registers.
static inline void maskd_finish_any_neon(maskd_depthwise_neon *d, size_t first, size_t vectors, size_t count,
                                         const int32x4_t *sums, char *to) {
  int32_t all[MASKD_NEON_RESULTS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    vst1q_s32(all + 4 * v, sums[v]);
  maskd_finish_slowly_neon(all, d->channel + first, count, d->epilogue, to, &d->range);
}

// Writes the results of one pixel.
static inline void maskd_finish_pixel_neon(maskd_depthwise_neon *d, maskd_row_neon *row,
                                           const int32x4_t sums[MASKD_NEON_VECTORS]) {
  if (row->way < MASKD_WAY_ANY) {
    maskd_scales_neon scales;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1) {
      scales.multipliers[v] = vld1q_s32(row->multipliers + 4 * v);
      scales.shifts[v] = vld1q_s32(row->shifts + 4 * v);
    }
    maskd_store_16_neon(maskd_sixteen_results_neon(sums, &scales, &row->results, row->way), row->count,
                        (int8_t *)row->next);
  } else if (row->way == MASKD_WAY_FLOAT && row->count == MASKD_BLOCK_NEON) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1)
      maskd_store_floats_neon(row, 4 * v, sums[v], (float *)row->next + 4 * v);
  } else {
    maskd_finish_any_neon(d, 0, MASKD_NEON_VECTORS, row->count, sums, row->next);
  }
  row->next += row->step;
}

// Writes eight channels, from channel `first` of the block on, of two pixels: two vectors of sums each.
static inline void maskd_finish_halves_neon(maskd_depthwise_neon *d, maskd_row_neon *row, size_t first,
                                            const int32x4_t sums[MASKD_NEON_VECTORS], char *one, char *other) {
  if (row->way < MASKD_WAY_ANY) {
    maskd_scales_neon scales;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1) {
      scales.multipliers[v] = vld1q_s32(row->multipliers + first + 4 * (v % 2));
      scales.shifts[v] = vld1q_s32(row->shifts + first + 4 * (v % 2));
    }
    const int8x16_t values = maskd_sixteen_results_neon(sums, &scales, &row->results, row->way);
    vst1_s8((int8_t *)one + first, vget_low_s8(values));
    vst1_s8((int8_t *)other + first, vget_high_s8(values));
  } else if (row->way == MASKD_WAY_FLOAT) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1)
      maskd_store_floats_neon(row, first + 4 * (v % 2), sums[v], (float *)(v < 2 ? one : other) + first + 4 * (v % 2));
  } else {
    maskd_finish_any_neon(d, first, 2, 8, sums, one + first);
    maskd_finish_any_neon(d, first, 2, 8, sums + 2, other + first);
  }
}

#pragma clang attribute pop

// A function for each way, and the choice between them, from NAME_block, which convolves one whole block.
#define MASKD_EACH_WAY_NEON(NAME)                                                                                      \
  MASKD_ONE_WAY_NEON(NAME, right, MASKD_WAY_RIGHT)                                                                     \
  MASKD_ONE_WAY_NEON(NAME, right_signed, MASKD_WAY_RIGHT_SIGNED)                                                       \
  MASKD_ONE_WAY_NEON(NAME, right_within, MASKD_WAY_RIGHT_WITHIN)                                                       \
  MASKD_ONE_WAY_NEON(NAME, to_float, MASKD_WAY_FLOAT)                                                                  \
  MASKD_ONE_WAY_NEON(NAME, in_any_way, MASKD_WAY_ANY)                                                                  \
  static void NAME(const maskd_depthwise_neon *d, size_t rows, size_t pixels) {                                        \
    if (d->way == MASKD_WAY_RIGHT)                                                                                     \
      NAME##_right(d, rows, pixels);                                                                                   \
    else if (d->way == MASKD_WAY_RIGHT_SIGNED)                                                                         \
      NAME##_right_signed(d, rows, pixels);                                                                            \
    else if (d->way == MASKD_WAY_RIGHT_WITHIN)                                                                         \
      NAME##_right_within(d, rows, pixels);                                                                            \
    else if (d->way == MASKD_WAY_FLOAT)                                                                                \
      NAME##_to_float(d, rows, pixels);                                                                                \
    else                                                                                                               \
      NAME##_in_any_way(d, rows, pixels);                                                                              \
  }

#define MASKD_ONE_WAY_NEON(NAME, SUFFIX, WAY)                                                                          \
  static __attribute__((noinline)) void NAME##_##SUFFIX(const maskd_depthwise_neon *d, size_t rows, size_t pixels) {   \
    maskd_convolve_neon(d, WAY, MASKD_BLOCK_NEON, rows, pixels, NAME##_block);                                         \
  }

#endif
