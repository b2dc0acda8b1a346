#if defined(__x86_64__)

#include "avx512vnni.h"
#include "depthwise_5x5_avx512vnni.h"
#include <string.h>

// Sixty-four channels at a time. Four taps are brought together for each channel, so that one vpdpbusd multiplies and
// adds them all: those of up to four rows in a column of the window, and of a row that is left alone below (height 1,
// 5, ...) those in up to four columns. Missing ones have weights of zero. What several neighbouring results see is
// brought together once.

enum {
  MOST_COLUMNS = 5, // that a tile sees
};

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// Computes `tile` neighbouring results, `stride` columns apart, from the taps of all columns that they see, vector by
// vector, so that each weight is read once for all of them.
static inline __attribute__((always_inline)) void convolve_tile(shape s, size_t stride, size_t tile, strip *strip,
                                                                __m512i taps[MOST_COLUMNS][MASKD_VECTORS],
                                                                size_t pixel) {
  convolution *c = strip->block;
  __m512i values[TILE][MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1) {
    __m512i sums[TILE];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile; i += 1)
      sums[i] = c->bias[v];
#pragma clang loop unroll(full)
    for (size_t x = 0; x < s.width; x += 1) {
      const __m512i weights = _mm512_loadu_si512(strip->weights + x * GROUP_BYTES + v * 64);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < tile; i += 1)
        sums[i] = _mm512_dpbusd_epi32(sums[i], taps[i * stride + x][v], weights);
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < tile; i += 1)
      values[i][v] = scaled(s.way, sums[i], v, strip);
  }
  store_tile(s, tile, strip, values, pixel);
}

// Brings the columns of a tile together up to `end`, but for the first ones, which it shares with the tile before.
static inline __attribute__((always_inline)) void bring_columns(shape s, size_t stride, size_t end, const strip *strip,
                                                                __m512i taps[MOST_COLUMNS][MASKD_VECTORS],
                                                                size_t pixel) {
  size_t offset = (pixel * stride + s.width - stride) * strip->tap_step;
#pragma clang loop unroll(full)
  for (size_t x = s.width - stride; x < end; x += 1) {
    // Else the compiler keeps a pointer for each row and column, more than there are registers.
    __asm__("" : "+r"(offset));
    bring_together(s, strip, offset, taps[x]);
    offset += strip->tap_step;
  }
}

// Computes the last results of a row, whose last column may be padding.
static inline __attribute__((always_inline)) void end_row(shape s, size_t stride, size_t tile, strip *strip,
                                                          __m512i taps[MOST_COLUMNS][MASKD_VECTORS], size_t pixel) {
  const size_t last = (tile - 1) * stride + s.width - 1;
  const size_t offset = (pixel * stride + last) * strip->tap_step;
  bring_columns(s, stride, last, strip, taps, pixel);
  if (strip->block->window->right > 0)
    bring_border(s, strip, offset, false, taps[last]);
  else
    bring_together(s, strip, offset, taps[last]);
  convolve_tile(s, stride, tile, strip, taps, pixel);
}

// A row of results whose windows have up to four rows, one or two columns apart.
static inline __attribute__((always_inline)) void convolve_sharing(shape s, size_t stride, convolution *c) {
  const size_t tile = stride == 1 ? TILE : 2, again = s.width - stride;
  const size_t pixels = c->pixels_of_part, inside = pixels - c->window->right;
  strip strip = strip_of(c, s.parts, s.height);
  __m512i taps[MOST_COLUMNS][MASKD_VECTORS];
  if (c->window->left > 0)
    bring_border(s, &strip, 0, true, taps[0]);
  else
    bring_together(s, &strip, 0, taps[0]);
#pragma clang loop unroll(full)
  for (size_t x = 1; x < again; x += 1)
    bring_together(s, &strip, x * strip.tap_step, taps[x]);
  size_t pixel = 0;
  for (; pixel + tile <= inside; pixel += tile) {
    bring_columns(s, stride, (tile - 1) * stride + s.width, &strip, taps, pixel);
    convolve_tile(s, stride, tile, &strip, taps, pixel);
#pragma clang loop unroll(full)
    for (size_t x = 0; x < again; x += 1)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < MASKD_VECTORS; v += 1)
        taps[x][v] = taps[x + tile * stride][v];
  }
  if (tile == 3 && pixels - pixel == 3)
    end_row(s, stride, 3, &strip, taps, pixel);
  else if (pixels - pixel == 2)
    end_row(s, stride, 2, &strip, taps, pixel);
  else if (pixel < pixels)
    end_row(s, stride, 1, &strip, taps, pixel);
  end_strip(s.way, &strip);
}

static inline __attribute__((always_inline)) void convolve_apart(shape s, convolution *c) {
  strip strip = strip_of(c, s.parts, 0);
  for (size_t pixel = 0; pixel < c->pixels_of_part; pixel += 1) {
    __m512i sums[MASKD_VECTORS], values[1][MASKD_VECTORS];
    sum_apart(s.parts, s.height, s.width, c, strip.part_bytes, pixel, sums);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      values[0][v] = scaled(s.way, sums[v], v, &strip);
    store_tile(s, 1, &strip, values, pixel);
  }
  end_strip(s.way, &strip);
}

// Whether a window is a square of that many taps without gaps, results `stride` columns apart.
static inline bool is_square(const maskd_depthwise_window *w, size_t side, size_t stride) {
  return w->height == side && w->width == side && w->pixel_step == stride * w->tap_step;
}

// Goes on to a row of results, counted from the first of the call.
static inline __attribute__((always_inline)) void begin_row(convolution *c, size_t row) {
  c->rows = c->first_rows + row * c->window->height;
  c->result = c->first_result + row * c->pixels * c->window->result_step;
}

static inline __attribute__((always_inline)) void convolve_parts(shape s, convolution *c) {
  const maskd_depthwise_window *w = c->window;
  if (is_square(w, 3, 1))
    for (size_t row = 0; row < c->row_count; row += 1) {
      begin_row(c, row);
      convolve_sharing((shape){s.way, s.clamps, s.is_whole, s.parts, 3, 3}, 1, c);
    }
  else if (is_square(w, 3, 2))
    for (size_t row = 0; row < c->row_count; row += 1) {
      begin_row(c, row);
      convolve_sharing((shape){s.way, s.clamps, s.is_whole, s.parts, 3, 3}, 2, c);
    }
  else if (is_square(w, 5, 1) && s.is_whole && s.parts == 1)
    for (size_t row = 0; row < c->row_count; row += 1) {
      begin_row(c, row);
      convolve_five(s, 1, c);
    }
  else if (is_square(w, 5, 2) && s.is_whole && s.parts == 1)
    for (size_t row = 0; row < c->row_count; row += 1) {
      begin_row(c, row);
      convolve_five(s, 2, c);
    }
  else
    for (size_t row = 0; row < c->row_count; row += 1) {
      begin_row(c, row);
      convolve_apart((shape){s.way, s.clamps, false, s.parts, w->height, w->width}, c);
    }
}

static inline __attribute__((always_inline)) void convolve_way(maskd_way way, bool clamps, convolution *c) {
  if (c->parts == 2)
    convolve_parts((shape){.way = way, .clamps = clamps, .is_whole = true, .parts = 2}, c);
  else if (c->parts == 4)
    convolve_parts((shape){.way = way, .clamps = clamps, .is_whole = true, .parts = 4}, c);
  else if (c->count >= CHANNELS)
    convolve_parts((shape){.way = way, .clamps = clamps, .is_whole = true, .parts = 1}, c);
  else
    convolve_parts((shape){.way = way, .clamps = clamps, .parts = 1}, c);
}

// Functions of their own: inlined where `c` is made they are several times slower.
static __attribute__((noinline)) void convolve_nearest(convolution *c) {
  convolve_way(MASKD_WAY_NEAREST, true, c);
}

static __attribute__((noinline)) void convolve_nearest_signed(convolution *c) {
  convolve_way(MASKD_WAY_NEAREST_SIGNED, true, c);
}

static __attribute__((noinline)) void convolve_proven(convolution *c) {
  convolve_way(MASKD_WAY_PROVEN, false, c);
}

static __attribute__((noinline)) void convolve_proven_clamped(convolution *c) {
  convolve_way(MASKD_WAY_PROVEN, true, c);
}

static __attribute__((noinline)) void convolve_float(convolution *c) {
  convolve_way(MASKD_WAY_FLOAT, true, c);
}

static __attribute__((noinline)) void convolve_float_from_zero(convolution *c) {
  convolve_way(MASKD_WAY_FLOAT_FROM_ZERO, true, c);
}

static void convolve_any(convolution *c) {
  for (size_t row = 0; row < c->row_count; row += 1) {
    begin_row(c, row);
    for (size_t pixel = 0; pixel < c->pixels; pixel += 1)
      convolve_exactly(c, pixel);
  }
}

static void convolve_block(maskd_way way, convolution *c) {
  if (way == MASKD_WAY_NEAREST)
    convolve_nearest(c);
  else if (way == MASKD_WAY_NEAREST_SIGNED)
    convolve_nearest_signed(c);
  else if (way == MASKD_WAY_PROVEN && !c->clamp.changes)
    convolve_proven(c);
  else if (way == MASKD_WAY_PROVEN)
    convolve_proven_clamped(c);
  else if (way == MASKD_WAY_FLOAT)
    convolve_float(c);
  else if (way == MASKD_WAY_FLOAT_FROM_ZERO)
    convolve_float_from_zero(c);
  else
    convolve_any(c);
}

void maskd_depthwise_s8_avx512vnni(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                   const int8_t *const *taps, const void *packed, void *result,
                                   const maskd_epilogue *epilogue) {
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  const size_t block_bytes =
      GROUP_BYTES * (window->width * groups_of(window->height) + row_groups_of(window->height, window->width));
  const maskd_way way = maskd_way_of(epilogue);
  // Not all at once, which would clear what each block fills in first.
  convolution c;
  c.window = window;
  c.first_rows = taps;
  c.epilogue = epilogue;
  c.row_count = rows;
  c.pixels = pixels;
  c.clamp = maskd_fixed_clamp_of(epilogue);
  c.range[0] = c.range[1] = _mm512_setzero_ps();
  memset(c.padding, window->outside, sizeof c.padding);
  for (size_t block = 0; block < blocks_of(channels); block += 1) {
    c.channel = first_channel(block, window->height, window->width, channels);
    c.count = channels - c.channel;
    c.weights = (const int8_t *)packed + block * block_bytes;
    c.first_result = (char *)result + c.channel * element_bytes;
    convolve_block(begin_block(&c, way), &c);
  }
  if (maskd_is_float(way))
    maskd_take_range(epilogue, c.range);
}

#pragma clang attribute pop

#endif
