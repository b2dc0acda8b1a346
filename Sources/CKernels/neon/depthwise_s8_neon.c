#if defined(__aarch64__)

#include "depthwise_neon.h"
#include "neon.h"
#include <string.h>

// Products of two taps are added in int16, and then to the int32 sums of their channels. Two products of an activation
// and a weight above -128 are at most 2 * 128 * 127, which int16 holds; a layer with a weight of -128 is computed from
// values widened to int16. Weights lie block by block, tap by tap, behind a header that says which it is.

enum { HEADER_BYTES = 16, VECTORS = MASKD_NEON_VECTORS, SIDE = 3, TAPS = SIDE * SIDE };

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

INLINE void convolve_3x3_in_way(maskd_depthwise_neon *d, maskd_way_neon way, size_t pixels) {
  maskd_row_neon row = maskd_row_of_neon(d, way, MASKD_BLOCK_NEON);
  const size_t step = d->window->tap_step;
  const int8_t *rows[SIDE];
  int8x16_t weights[TAPS];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < SIDE; y += 1)
    rows[y] = d->rows[y] + d->channel;
#pragma clang loop unroll(full)
  for (size_t tap = 0; tap < TAPS; tap += 1)
    weights[tap] = vld1q_s8(d->weights + tap * MASKD_BLOCK_NEON);
  for (; pixels > 0; pixels -= 1) {
    int8x16_t taps[TAPS];
#pragma clang loop unroll(full)
    for (size_t y = 0; y < SIDE; y += 1) {
      taps[SIDE * y] = vld1q_s8(rows[y]);
      taps[SIDE * y + 1] = vld1q_s8(rows[y] + step);
      taps[SIDE * y + 2] = vld1q_s8(rows[y] + 2 * step);
      rows[y] += d->window->pixel_step;
    }
    int32x4_t sums[VECTORS];
    maskd_bias_neon(&row, sums);
#pragma clang loop unroll(full)
    for (size_t tap = 0; tap + 1 < TAPS; tap += 2)
      add_two_taps(taps[tap], weights[tap], taps[tap + 1], weights[tap + 1], sums);
    add_tap(taps[TAPS - 1], weights[TAPS - 1], sums);
    maskd_finish_pixel_neon(d, &row, sums);
  }
}
MASKD_EACH_WAY_NEON(convolve_3x3)

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
INLINE void convolve_any(maskd_depthwise_neon *d, bool widens, size_t pixels) {
  maskd_row_neon row = maskd_row_of_neon(d, d->results.way, d->count);
  const maskd_depthwise_window *window = d->window;
  for (size_t pixel = 0; pixel < pixels; pixel += 1) {
    int32x4_t sums[VECTORS];
    maskd_bias_neon(&row, sums);
    for (size_t y = 0; y < window->height; y += 1)
      add_row(d, widens, d->rows[y] + d->channel + pixel * window->pixel_step,
              d->weights + y * window->width * MASKD_BLOCK_NEON, sums);
    maskd_finish_pixel_neon(d, &row, sums);
  }
}

static void convolve_widened(maskd_depthwise_neon *d, size_t pixels) {
  convolve_any(d, true, pixels);
}

static void convolve(maskd_depthwise_neon *d, size_t pixels) {
  if (d->count == MASKD_BLOCK_NEON && d->window->height == SIDE && d->window->width == SIDE)
    convolve_3x3(d, pixels);
  else
    convolve_any(d, false, pixels);
}

void maskd_depthwise_s8_neon(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                             const int8_t *const *rows, const void *packed, void *result,
                             const maskd_epilogue *epilogue) {
  const size_t block_bytes = window->height * window->width * MASKD_BLOCK_NEON;
  const int8_t *weights = packed;
  if (*weights != 0)
    maskd_convolve_neon(pixels, channels, window, rows, weights + HEADER_BYTES, block_bytes, result, epilogue,
                        convolve_widened);
  else
    maskd_convolve_neon(pixels, channels, window, rows, weights + HEADER_BYTES, block_bytes, result, epilogue,
                        convolve);
}

#pragma clang attribute pop

#endif
