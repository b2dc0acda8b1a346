#ifndef MASKD_AVX512VNNI_DEPTHWISE_TAPS_H
#define MASKD_AVX512VNNI_DEPTHWISE_TAPS_H

#include "depthwise_block_avx512vnni.h"

// How taps are brought together, and the results of a tile stored.

enum { TILE = 3 }; // neighbouring results at a time, at most: what registers hold

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// Brings two pairs of rows together, each low and high.
static inline __attribute__((always_inline)) void interleave_pairs(const __m512i first[2], const __m512i second[2],
                                                                   __m512i taps[MASKD_VECTORS]) {
  taps[0] = _mm512_unpacklo_epi16(first[0], second[0]);
  taps[1] = _mm512_unpackhi_epi16(first[0], second[0]);
  taps[2] = _mm512_unpacklo_epi16(first[1], second[1]);
  taps[3] = _mm512_unpackhi_epi16(first[1], second[1]);
}

static inline __attribute__((always_inline)) void interleave(const __m512i row[GROUP], __m512i taps[MASKD_VECTORS]) {
  const __m512i first[2] = {_mm512_unpacklo_epi8(row[0], row[1]), _mm512_unpackhi_epi8(row[0], row[1])};
  const __m512i second[2] = {_mm512_unpacklo_epi8(row[2], row[3]), _mm512_unpackhi_epi8(row[2], row[3])};
  interleave_pairs(first, second, taps);
}

static inline __attribute__((always_inline)) void begin_sums(const convolution *c, __m512i sums[MASKD_VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    sums[v] = c->bias[v];
}

static inline __attribute__((always_inline)) void add_taps(const int8_t *weights, const __m512i taps[MASKD_VECTORS],
                                                           __m512i sums[MASKD_VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    sums[v] = _mm512_dpbusd_epi32(sums[v], taps[v], _mm512_loadu_si512(weights + v * 64));
}

// Brings `height` rows, four at most, together in one column.
static inline __attribute__((always_inline)) void bring_together(shape s, const strip *strip, size_t offset,
                                                                 __m512i taps[MASKD_VECTORS]) {
  __m512i row[GROUP];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < GROUP; y += 1)
    row[y] = y < s.height ? load(s, strip, strip->rows[y] + offset) : row[y - 1];
  interleave(row, taps);
}

// The same in a column of which some parts are padding: that of the first window in a row, or of the last one.
static inline __attribute__((always_inline)) void bring_border(shape s, const strip *strip, size_t offset, bool is_left,
                                                               __m512i taps[MASKD_VECTORS]) {
  const convolution *c = strip->block;
  __m512i row[GROUP];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < GROUP; y += 1) {
    const int8_t *from[QUARTERS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < s.parts && y < s.height; i += 1) {
      const bool is_outside = is_left ? c->apart[i] == 0 : c->apart[i] + c->pixels_of_part == c->pixels;
      from[i] = is_outside ? c->padding : strip->rows[y] + offset + (i > 0 ? strip->part_bytes[i] : 0);
    }
    row[y] = y >= s.height ? row[y - 1] : s.parts == 1 ? _mm512_loadu_si512(from[0]) : join(s.parts, from);
  }
  interleave(row, taps);
}

// Whether a tap of a result is a column of padding.
static inline bool is_padding(const convolution *c, size_t pixel, size_t x) {
  const maskd_depthwise_window *w = c->window;
  return (x < w->left && pixel == 0) || (x + w->right >= w->width && pixel + 1 == c->pixels);
}

// The sums of one result, or of one of each part, for whatever window: taps are brought together for it alone.
static inline __attribute__((always_inline)) void sum_apart(size_t parts, size_t height, size_t width,
                                                            const convolution *c, const size_t *part_bytes,
                                                            size_t pixel, __m512i sums[MASKD_VECTORS]) {
  const size_t first = c->channel + pixel * c->window->pixel_step, step = c->window->tap_step;
  const __mmask64 there = maskd_first(c->count);
  const int8_t *weights = c->weights;
  __m512i tap[GROUP], taps[MASKD_VECTORS];
  begin_sums(c, sums);
  for (size_t x = 0; x < width; x += 1)
    for (size_t y = 0; y / GROUP < groups_of(height); y += GROUP, weights += GROUP_BYTES) {
#pragma clang loop unroll(full)
      for (size_t i = 0; i < GROUP; i += 1)
        tap[i] = is_padding(c, pixel, x)
                     ? _mm512_set1_epi8(c->window->outside)
                     : load_masked(parts, c->rows[y + i < height ? y + i : height - 1] + first + x * step, part_bytes,
                                   there);
      interleave(tap, taps);
      add_taps(weights, taps, sums);
    }
  for (size_t group = 0; group < row_groups_of(height, width); group += 1, weights += GROUP_BYTES) {
    const size_t x = first_column(group, width);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < GROUP; i += 1)
      tap[i] = load_masked(parts, c->rows[height - 1] + first + (x + i < width ? x + i : width - 1) * step, part_bytes,
                           there);
    interleave(tap, taps);
    add_taps(weights, taps, sums);
  }
}

// One result pixel in integers, whatever the window and the rounding.
static __attribute__((noinline)) void convolve_exactly(const convolution *c, size_t pixel) {
  __m512i sums[MASKD_VECTORS], sixteen[QUARTERS];
  sum_apart(1, c->window->height, c->window->width, c, NULL, pixel, sums);
  exchange_quarters(sums, sixteen);
  int8_t *result = (int8_t *)c->result + pixel * c->window->result_step;
  for (size_t i = 0; i < QUARTERS && 16 * i < c->count; i += 1)
    maskd_requantize_16_avx512(sixteen[i], c->channel + 16 * i, c->count - 16 * i, c->epilogue, result + 16 * i);
}

static __attribute__((noinline, cold)) void convolve_again(const convolution *c, size_t pixel) {
  for (size_t part = 0; part < c->parts; part += 1)
    convolve_exactly(c, pixel + c->apart[part]);
}

// Stores neighbouring results, and works those again out that float32 is not sure of.
static inline __attribute__((always_inline)) void store_tile(shape s, size_t tile, const strip *strip,
                                                             const __m512i values[][MASKD_VECTORS], size_t pixel) {
  char *result = strip->result + pixel * strip->result_step;
  bool is_sure[TILE], are_sure = true;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1) {
    is_sure[i] = store(s, strip, values[i], result + i * strip->result_step);
    are_sure &= is_sure[i];
  }
  if (__builtin_expect(are_sure, true))
    return;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1)
    if (!is_sure[i])
      convolve_again(strip->block, pixel + i);
}

#pragma clang attribute pop

#endif
