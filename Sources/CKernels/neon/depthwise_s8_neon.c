#if defined(__aarch64__)

#include "depthwise_neon.h"
#include "neon.h"
#include <string.h>

// Products of two taps are added in int16, and then to the int32 sums of their channels. Two products of an activation
// and a weight above -128 are at most 2 * 128 * 127, which int16 holds; a layer with a weight of -128 is computed from
// values widened to int16. Weights lie block by block, tap by tap, behind a header that says which it is.

enum { HEADER_BYTES = 16, VECTORS = MASKD_NEON_VECTORS, PAIR = 2, LARGEST_SIDE = 5 };

#pragma clang attribute push(__attribute__((target("tune=cortex-a53"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

size_t maskd_packed_depthwise_s8_bytes_neon(size_t height, size_t width, size_t channels) {
  size_t bytes = maskd_blocks_neon(channels);
  if (__builtin_mul_overflow(bytes, height, &bytes) || __builtin_mul_overflow(bytes, width, &bytes) ||
      __builtin_mul_overflow(bytes, (size_t)MASKD_BLOCK_NEON, &bytes) ||
      __builtin_add_overflow(bytes, (size_t)HEADER_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}

void maskd_pack_depthwise_s8_neon(size_t height, size_t width, size_t channels, const int8_t *weights, void *packed) {
  const size_t taps = height * width;
  int8_t *to = packed;
  memset(to, 0, HEADER_BYTES);
  *to = memchr(weights, INT8_MIN & 0xff, taps * channels) != NULL;
  to += HEADER_BYTES;
  for (size_t block = 0; block < channels; block += MASKD_BLOCK_NEON) {
    const size_t start = maskd_block_start_neon(block, channels);
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t channel = start; channel < start + MASKD_BLOCK_NEON; channel += 1, to += 1)
        *to = channel < channels ? weights[tap * channels + channel] : 0;
  }
}

// Adds eight values to the int32 sums of their channels.
INLINE void add_words(int16x8_t words, int32x4_t *sums) {
  sums[0] = vaddw_s16(sums[0], vget_low_s16(words));
  sums[1] = vaddw_high_s16(sums[1], words);
}

INLINE void add_two_taps(int8x16_t x, int8x16_t w, int8x16_t next_x, int8x16_t next_w, int32x4_t sums[VECTORS]) {
  const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
  const int16x8_t high = vmull_high_s8(x, w);
  add_words(vmlal_s8(low, vget_low_s8(next_x), vget_low_s8(next_w)), sums);
  add_words(vmlal_high_s8(high, next_x, next_w), sums + 2);
}

INLINE void add_tap(int8x16_t x, int8x16_t w, int32x4_t sums[VECTORS]) {
  add_words(vmull_s8(vget_low_s8(x), vget_low_s8(w)), sums);
  add_words(vmull_high_s8(x, w), sums + 2);
}

INLINE void add_widened_tap(int8x16_t x, int8x16_t w, int32x4_t sums[VECTORS]) {
  const int16x8_t low = vmovl_s8(vget_low_s8(x)), high = vmovl_high_s8(x);
  const int16x8_t low_w = vmovl_s8(vget_low_s8(w)), high_w = vmovl_high_s8(w);
  sums[0] = vmlal_s16(sums[0], vget_low_s16(low), vget_low_s16(low_w));
  sums[1] = vmlal_high_s16(sums[1], low, low_w);
  sums[2] = vmlal_s16(sums[2], vget_low_s16(high), vget_low_s16(high_w));
  sums[3] = vmlal_high_s16(sums[3], high, high_w);
}

// Products of one tap of sixteen channels.
typedef struct products {
  int16x8_t low, high;
} products;

INLINE products multiplied(int8x16_t x, int8x16_t w) {
  return (products){vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w)};
}

INLINE products multiplied_and_added(products p, int8x16_t x, int8x16_t w) {
  return (products){vmlal_s8(p.low, vget_low_s8(x), vget_low_s8(w)), vmlal_high_s8(p.high, x, w)};
}

INLINE void add_products(products p, int32x4_t sums[VECTORS]) {
  add_words(p.low, sums);
  add_words(p.high, sums + 2);
}

// A row of a window of odd width for one result or two neighbours, whose taps are loaded once for both. All taps but
// the last are added in pairs; `last` gets the products of the last, or has them added that are there already.
INLINE void add_odd_row(const maskd_depthwise_neon *d, size_t side, size_t stride, size_t pixels, const int8_t *from,
                        const int8_t *weights, bool has_last, products last[PAIR], int32x4_t sums[PAIR][VECTORS]) {
  int8x16_t taps[LARGEST_SIDE + 2], w[LARGEST_SIDE];
#pragma clang loop unroll(full)
  for (size_t x = 0; x < (pixels - 1) * stride + side; x += 1)
    taps[x] = vld1q_s8(from + x * d->window->tap_step);
#pragma clang loop unroll(full)
  for (size_t x = 0; x < side; x += 1)
    w[x] = vld1q_s8(weights + x * MASKD_BLOCK_NEON);
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1) {
    const int8x16_t *first = taps + p * stride;
#pragma clang loop unroll(full)
    for (size_t x = 0; x + 1 < side; x += 2)
      add_products(multiplied_and_added(multiplied(first[x], w[x]), first[x + 1], w[x + 1]), sums[p]);
    last[p] = has_last ? multiplied_and_added(last[p], first[side - 1], w[side - 1])
                       : multiplied(first[side - 1], w[side - 1]);
  }
}

// The last taps of two rows make one more pair.
INLINE void convolve_pair(maskd_depthwise_neon *d, maskd_row_neon *row, size_t side, size_t stride, size_t pixels,
                          size_t offset) {
  int32x4_t sums[PAIR][VECTORS];
  products last[PAIR];
  const int8_t *weights = d->weights;
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1)
    maskd_bias_neon(row, sums[p]);
#pragma clang loop unroll(full)
  for (size_t y = 0; y < side; y += 1, weights += side * MASKD_BLOCK_NEON) {
    add_odd_row(d, side, stride, pixels, d->rows[y] + offset, weights, y % 2 != 0, last, sums);
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels && (y % 2 != 0 || y + 1 == side); p += 1)
      add_products(last[p], sums[p]);
  }
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1)
    maskd_finish_pixel_neon(d, row, sums[p]);
}

// A window of 3x3 or 5x5, `stride` taps from one result to the next.
INLINE void convolve_square(maskd_depthwise_neon *d, maskd_row_neon *row, size_t side, size_t stride, size_t rows,
                            size_t pixels) {
  for (; rows > 0; rows -= 1, maskd_next_row_neon(d)) {
    size_t offset = d->channel, left = pixels;
    for (; left >= PAIR; left -= PAIR, offset += PAIR * d->window->pixel_step)
      convolve_pair(d, row, side, stride, PAIR, offset);
    if (left > 0)
      convolve_pair(d, row, side, stride, 1, offset);
  }
}

#define CONVOLVE_SQUARE(SIDE, STRIDE)                                                                                  \
  INLINE void convolve_##SIDE##_by_##STRIDE##_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows,         \
                                                    size_t pixels) {                                                   \
    convolve_square(d, row, SIDE, STRIDE, rows, pixels);                                                               \
  }                                                                                                                    \
  MASKD_EACH_WAY_NEON(convolve_##SIDE##_by_##STRIDE)

CONVOLVE_SQUARE(3, 1)
CONVOLVE_SQUARE(3, 2)
CONVOLVE_SQUARE(5, 1)
CONVOLVE_SQUARE(5, 2)

// Two neighbouring taps of a row at a time.
INLINE void add_row(const maskd_depthwise_neon *d, bool widens, const int8_t *from, const int8_t *weights,
                    int32x4_t *sums) {
  const size_t step = d->window->tap_step, width = d->window->width;
  size_t x = 0;
  for (; !widens && x + 2 <= width; x += 2, from += 2 * step, weights += 2 * MASKD_BLOCK_NEON)
    add_two_taps(maskd_tap_neon(d, true, from), vld1q_s8(weights), maskd_tap_neon(d, true, from + step),
                 vld1q_s8(weights + MASKD_BLOCK_NEON), sums);
  for (; x < width; x += 1, from += step, weights += MASKD_BLOCK_NEON)
    if (widens)
      add_widened_tap(maskd_tap_neon(d, true, from), vld1q_s8(weights), sums);
    else
      add_tap(maskd_tap_neon(d, true, from), vld1q_s8(weights), sums);
}

// Any window, any number of channels.
INLINE void convolve_any_block(maskd_depthwise_neon *d, maskd_row_neon *row, bool widens, size_t rows, size_t pixels) {
  const maskd_depthwise_window *window = d->window;
  for (; rows > 0; rows -= 1, maskd_next_row_neon(d))
    for (size_t pixel = 0; pixel < pixels; pixel += 1) {
      int32x4_t sums[VECTORS];
      maskd_bias_neon(row, sums);
      for (size_t y = 0; y < window->height; y += 1)
        add_row(d, widens, d->rows[y] + d->channel + pixel * window->pixel_step,
                d->weights + y * window->width * MASKD_BLOCK_NEON, sums);
      maskd_finish_pixel_neon(d, row, sums);
    }
}

INLINE void convolve_widened_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  convolve_any_block(d, row, true, rows, pixels);
}

INLINE void convolve_paired_block(maskd_depthwise_neon *d, maskd_row_neon *row, size_t rows, size_t pixels) {
  convolve_any_block(d, row, false, rows, pixels);
}

static __attribute__((noinline)) void convolve_any(const maskd_depthwise_neon *d, bool widens, size_t rows,
                                                   size_t pixels) {
  if (widens)
    maskd_convolve_neon(d, d->way, d->count, rows, pixels, convolve_widened_block);
  else
    maskd_convolve_neon(d, d->way, d->count, rows, pixels, convolve_paired_block);
}

static void convolve(const maskd_depthwise_neon *d, size_t rows, size_t pixels) {
  const maskd_depthwise_window *window = d->window;
  const bool is_square = d->count == MASKD_BLOCK_NEON && window->height == window->width;
  const bool is_3x3 = is_square && window->width == 3, is_5x5 = is_square && window->width == 5;
  const bool is_next = window->pixel_step == window->tap_step;
  const bool is_next_but_one = window->pixel_step == 2 * window->tap_step;
  if (is_3x3 && is_next)
    convolve_3_by_1(d, rows, pixels);
  else if (is_3x3 && is_next_but_one)
    convolve_3_by_2(d, rows, pixels);
  else if (is_5x5 && is_next)
    convolve_5_by_1(d, rows, pixels);
  else if (is_5x5 && is_next_but_one)
    convolve_5_by_2(d, rows, pixels);
  else
    convolve_any(d, false, rows, pixels);
}

void maskd_depthwise_s8_neon(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                             const int8_t *const *taps, const void *packed, void *result,
                             const maskd_epilogue *epilogue) {
  const size_t block_bytes = window->height * window->width * MASKD_BLOCK_NEON;
  const int8_t *weights = packed;
  const maskd_depthwise_neon d =
      maskd_depthwise_of_neon(channels, window, taps, weights + HEADER_BYTES, block_bytes, result, epilogue);
  if (*weights != 0)
    convolve_any(&d, true, rows, pixels);
  else
    convolve(&d, rows, pixels);
}

#pragma clang attribute pop

#endif
