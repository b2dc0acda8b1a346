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
  maskd_results_neon results;
  maskd_range_neon range;
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

// Calls `convolve` for each block; its weights are `block_bytes` long.
static inline __attribute__((always_inline)) void
maskd_convolve_neon(size_t pixels, size_t channels, const maskd_depthwise_window *window, const int8_t *const *rows,
                    const int8_t *weights, size_t block_bytes, void *result, const maskd_epilogue *epilogue,
                    void (*convolve)(maskd_depthwise_neon *d, size_t pixels)) {
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  maskd_depthwise_neon d = {.window = window,
                            .rows = rows,
                            .epilogue = epilogue,
                            .results = maskd_results_of_neon(epilogue),
                            .range = maskd_empty_range_neon(),
                            .weights = weights};
  for (size_t channel = 0; channel < channels; channel += MASKD_BLOCK_NEON, d.weights += block_bytes) {
    d.channel = maskd_block_start_neon(channel, channels);
    d.count = channels < MASKD_BLOCK_NEON ? channels : MASKD_BLOCK_NEON;
    d.result = (char *)result + d.channel * element_bytes;
    convolve(&d, pixels);
  }
  maskd_take_range_neon(epilogue, &d.range);
}

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

// The block's activations of one tap; `is_part` where there are fewer than sixteen.
static inline int8x16_t maskd_tap_neon(const maskd_depthwise_neon *d, bool is_part, const int8_t *from) {
  if (!is_part || d->count == MASKD_BLOCK_NEON)
    return vld1q_s8(from);
  const maskd_sixteen_bytes part = maskd_load_part_of_sixteen(from, d->count);
  return vcombine_s8(vcreate_s8(part.low), vcreate_s8(part.high));
}

// What a row of results needs again and again. Where `way` and `count` are constants, so is what is done for them.
typedef struct maskd_row_neon {
  maskd_scales_neon scales;
  maskd_results_neon results;
  size_t count;
  const int32_t *bias;
  char *next; // where the next result goes
  size_t step;
} maskd_row_neon;

static inline maskd_row_neon maskd_row_of_neon(const maskd_depthwise_neon *d, maskd_way_neon way, size_t count) {
  maskd_row_neon row = {.results = d->results,
                        .count = count,
                        .bias = d->epilogue->bias + d->channel,
                        .next = d->result,
                        .step = d->window->result_step};
  row.results.way = way;
  if (way < MASKD_WAY_ANY)
    row.scales = maskd_scales_at_neon(d->epilogue, d->channel, MASKD_NEON_VECTORS);
  return row;
}

static inline void maskd_bias_neon(const maskd_row_neon *row, int32x4_t sums[MASKD_NEON_VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1)
    sums[v] = vld1q_s32(row->bias + 4 * v);
}

// Writes the results of one pixel.
static inline void maskd_finish_pixel_neon(maskd_depthwise_neon *d, maskd_row_neon *row,
                                           const int32x4_t sums[MASKD_NEON_VECTORS]) {
  const maskd_way_neon way = row->results.way;
  if (way < MASKD_WAY_ANY) {
    const int8x16_t values = maskd_sixteen_results_neon(sums, &row->scales, &row->results, way);
    maskd_store_16_neon(values, row->count, (int8_t *)row->next);
  } else {
    int32_t all[MASKD_NEON_RESULTS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1)
      vst1q_s32(all + 4 * v, sums[v]);
    maskd_finish_slowly_neon(all, d->channel, row->count, d->epilogue, row->next, &d->range);
  }
  row->next += row->step;
}

#pragma clang attribute pop

// A function for each way from one that takes the way as a constant, and the choice between them.
#define MASKD_EACH_WAY_NEON(NAME)                                                                                      \
  static void NAME##_right(maskd_depthwise_neon *d, size_t pixels) {                                                   \
    NAME##_in_way(d, MASKD_WAY_RIGHT, pixels);                                                                         \
  }                                                                                                                    \
  static void NAME##_right_signed(maskd_depthwise_neon *d, size_t pixels) {                                            \
    NAME##_in_way(d, MASKD_WAY_RIGHT_SIGNED, pixels);                                                                  \
  }                                                                                                                    \
  static void NAME##_right_within(maskd_depthwise_neon *d, size_t pixels) {                                            \
    NAME##_in_way(d, MASKD_WAY_RIGHT_WITHIN, pixels);                                                                  \
  }                                                                                                                    \
  static void NAME##_slowly(maskd_depthwise_neon *d, size_t pixels) {                                                  \
    NAME##_in_way(d, MASKD_WAY_ANY, pixels);                                                                           \
  }                                                                                                                    \
  static void NAME(maskd_depthwise_neon *d, size_t pixels) {                                                           \
    if (d->results.way == MASKD_WAY_RIGHT)                                                                             \
      NAME##_right(d, pixels);                                                                                         \
    else if (d->results.way == MASKD_WAY_RIGHT_SIGNED)                                                                 \
      NAME##_right_signed(d, pixels);                                                                                  \
    else if (d->results.way == MASKD_WAY_RIGHT_WITHIN)                                                                 \
      NAME##_right_within(d, pixels);                                                                                  \
    else                                                                                                               \
      NAME##_slowly(d, pixels);                                                                                        \
  }

#endif
