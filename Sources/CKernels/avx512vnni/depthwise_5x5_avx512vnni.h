#ifndef MASKD_AVX512VNNI_DEPTHWISE_5X5_H
#define MASKD_AVX512VNNI_DEPTHWISE_5X5_H

#include "depthwise_taps_avx512vnni.h"

// Windows of five rows and columns over whole blocks. The columns that a tile sees do not fit into registers: half of
// the vectors of each result are summed up first, then the other half.

enum { HALF = MASKD_VECTORS / 2 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// Brings four vectors together as `interleave` does, but makes one half of it only.
static inline __attribute__((always_inline)) void interleave_half(const __m512i row[GROUP], size_t half,
                                                                  __m512i taps[HALF]) {
  const __m512i first = half == 0 ? _mm512_unpacklo_epi8(row[0], row[1]) : _mm512_unpackhi_epi8(row[0], row[1]);
  const __m512i second = half == 0 ? _mm512_unpacklo_epi8(row[2], row[3]) : _mm512_unpackhi_epi8(row[2], row[3]);
  taps[0] = _mm512_unpacklo_epi16(first, second);
  taps[1] = _mm512_unpackhi_epi16(first, second);
}

// Adds what a column of the picture, or a group of taps in the last row, gives to the results that see it: it is
// number `x - i * stride` of the `count` that result i has.
static inline __attribute__((always_inline)) void add_shared(size_t stride, size_t tile, size_t x, size_t count,
                                                             const __m512i weights[][HALF], const __m512i taps[HALF],
                                                             __m512i sums[][HALF]) {
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1)
    if (x >= i * stride && x - i * stride < count)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < HALF; v += 1)
        sums[i][v] = _mm512_dpbusd_epi32(sums[i][v], taps[v], weights[x - i * stride][v]);
}

static inline __attribute__((always_inline)) void load_weights(size_t groups, const int8_t *from, size_t half,
                                                               __m512i weights[][HALF]) {
#pragma clang loop unroll(full)
  for (size_t x = 0; x < groups; x += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < HALF; v += 1)
      weights[x][v] = _mm512_loadu_si512(from + x * GROUP_BYTES + (half * HALF + v) * 64);
}

// Half of the vectors of neighbouring results with five rows and columns: so few that their weights stay in registers.
static inline __attribute__((always_inline)) void convolve_half(shape s, size_t stride, size_t tile, size_t half,
                                                                strip *strip, size_t pixel,
                                                                __m512i values[][MASKD_VECTORS]) {
  convolution *c = strip->block;
  const size_t columns = (tile - 1) * stride + LARGEST_SIDE;
  __m512i sums[TILE][HALF], weights[LARGEST_SIDE][HALF], taps[HALF], tap[GROUP];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < HALF; v += 1)
      sums[i][v] = c->bias[half * HALF + v];
  load_weights(LARGEST_SIDE, strip->weights, half, weights);
  size_t offset = pixel * stride * strip->tap_step;
#pragma clang loop unroll(full)
  for (size_t x = 0; x < columns; x += 1) {
    __asm__("" : "+r"(offset)); // as in bring_columns
#pragma clang loop unroll(full)
    for (size_t y = 0; y < GROUP; y += 1)
      tap[y] = load(s, strip, strip->rows[y] + offset);
    offset += strip->tap_step;
    interleave_half(tap, half, taps);
    add_shared(stride, tile, x, LARGEST_SIDE, weights, taps, sums);
  }
  __asm__ volatile("" ::: "memory"); // what follows is not begun before: registers are few
  load_weights(2, strip->weights + LARGEST_SIDE * GROUP_BYTES, half, weights);
  offset = pixel * stride * strip->tap_step;
#pragma clang loop unroll(full)
  for (size_t x = 0; x < columns; x += 1) {
    __asm__("" : "+r"(offset));
    tap[0] = tap[1], tap[1] = tap[2], tap[2] = tap[3];
    tap[3] = load(s, strip, strip->rows[GROUP] + offset);
    offset += strip->tap_step;
    if (x + 1 < GROUP)
      continue;
    interleave_half(tap, half, taps);
    add_shared(stride, tile, x + 1 - GROUP, 2, weights, taps, sums);
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < HALF; v += 1)
      values[i][half * HALF + v] = scaled(s.way, sums[i][v], half * HALF + v, strip);
}

static inline __attribute__((always_inline)) void convolve_halves(shape s, size_t stride, size_t tile, strip *strip,
                                                                  size_t pixel) {
  __m512i values[TILE][MASKD_VECTORS];
  convolve_half(s, stride, tile, 0, strip, pixel, values);
  __asm__ volatile("" ::: "memory");
  convolve_half(s, stride, tile, 1, strip, pixel, values);
  store_tile(s, tile, strip, values, pixel);
}

// A row of results whose windows have five rows and columns. The last tile begins early so that it is whole.
static inline __attribute__((always_inline)) void convolve_five(shape s, size_t stride, convolution *c) {
  strip strip = strip_of(c, s.parts, LARGEST_SIDE);
  const size_t pixels = c->pixels_of_part;
  if (pixels < TILE)
    for (size_t pixel = 0; pixel < pixels; pixel += 1)
      convolve_halves(s, stride, 1, &strip, pixel);
  else
    for (size_t pixel = 0; pixel < pixels; pixel += TILE)
      convolve_halves(s, stride, TILE, &strip, pixel + TILE <= pixels ? pixel : pixels - TILE);
  end_strip(s.way, &strip);
}

#pragma clang attribute pop

#endif
