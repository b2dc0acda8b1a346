#if defined(__x86_64__)

#include "avx512vnni.h"
#include "depthwise_block_avx512vnni.h"

// Sixty-four channels at a time. Four taps are brought together for each channel, so that one vpdpbusd multiplies and
// adds them all: those of up to four rows in a column of the window, and of a row that is left alone below (height 1,
// 5, ...) those in up to four columns. Missing ones have weights of zero. What several neighbouring results see is
// brought together once.

enum {
  TILE = 2,         // results at a time where they share columns
  MOST_COLUMNS = 5, // that a tile sees
};

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
static inline __attribute__((always_inline)) void bring_together(size_t parts, size_t height, const strip *strip,
                                                                 size_t offset, __m512i taps[MASKD_VECTORS]) {
  __m512i row[GROUP];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < GROUP; y += 1)
    row[y] = y < height ? load(parts, strip->rows[y] + offset, strip->part_bytes, strip->there) : row[y - 1];
  interleave(row, taps);
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
        tap[i] = load(parts, c->rows[y + i < height ? y + i : height - 1] + first + x * step, part_bytes, there);
      interleave(tap, taps);
      add_taps(weights, taps, sums);
    }
  for (size_t group = 0; group < row_groups_of(height, width); group += 1, weights += GROUP_BYTES) {
    const size_t x = first_column(group, width);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < GROUP; i += 1)
      tap[i] = load(parts, c->rows[height - 1] + first + (x + i < width ? x + i : width - 1) * step, part_bytes, there);
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
  char *result = strip->result + pixel * strip->result_step;
  bool is_sure[TILE], are_sure = true;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1) {
    is_sure[i] = store(s.way, s.parts, strip, values[i], result + i * strip->result_step);
    are_sure &= is_sure[i];
  }
  if (__builtin_expect(are_sure, true))
    return;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < tile; i += 1)
    if (!is_sure[i])
      convolve_again(c, pixel + i);
}

// Up to four rows, results one or two columns apart: the last columns of a tile are the first of the next.
static inline __attribute__((always_inline)) void convolve_sharing(shape s, size_t stride, convolution *c) {
  const size_t again = s.width - stride, columns = (TILE - 1) * stride + s.width, pixels = c->pixels_of_part;
  strip strip = strip_of(c, s.parts, s.height);
  __m512i taps[MOST_COLUMNS][MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t x = 0; x < again; x += 1)
    bring_together(s.parts, s.height, &strip, x * strip.tap_step, taps[x]);
  size_t pixel = 0;
  for (; pixel + TILE <= pixels; pixel += TILE) {
#pragma clang loop unroll(full)
    for (size_t x = again; x < columns; x += 1)
      bring_together(s.parts, s.height, &strip, (pixel * stride + x) * strip.tap_step, taps[x]);
    convolve_tile(s, stride, TILE, &strip, taps, pixel);
#pragma clang loop unroll(full)
    for (size_t x = 0; x < again; x += 1)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < MASKD_VECTORS; v += 1)
        taps[x][v] = taps[x + TILE * stride][v];
  }
  if (pixel < pixels) {
#pragma clang loop unroll(full)
    for (size_t x = again; x < s.width; x += 1)
      bring_together(s.parts, s.height, &strip, (pixel * stride + x) * strip.tap_step, taps[x]);
    convolve_tile(s, stride, 1, &strip, taps, pixel);
  }
  end_strip(s.way, &strip);
}

static inline __attribute__((always_inline)) void finish(maskd_way way, size_t parts, strip *strip,
                                                         const __m512i sums[MASKD_VECTORS], size_t pixel) {
  __m512i values[MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    values[v] = scaled(way, sums[v], v, strip);
  if (__builtin_expect(!store(way, parts, strip, values, strip->result + pixel * strip->result_step), false))
    convolve_again(strip->block, pixel);
}

// Five rows and columns, results one column apart: column `column` of the picture is tap `column - p` of result p.
// sums[0] belongs to the result that is complete next. The columns of the fifth row are groups of the result that began
// three columns ago, and end the one before it.
static inline __attribute__((always_inline)) void convolve_rotating(maskd_way way, size_t parts, convolution *c) {
  enum { SIDE = 5 };
  strip strip = strip_of(c, parts, SIDE);
  const size_t columns = c->pixels_of_part + SIDE - 1;
  const int8_t *const row_weights = strip.weights + SIDE * GROUP_BYTES;
  __m512i sums[SIDE][MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < SIDE; i += 1)
    begin_sums(c, sums[i]);
  for (size_t column = 0; column < columns; column += 1) {
    const size_t offset = column * strip.tap_step;
    __m512i taps[MASKD_VECTORS];
    bring_together(parts, GROUP, &strip, offset, taps);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SIDE; i += 1)
      add_taps(strip.weights + (SIDE - 1 - i) * GROUP_BYTES, taps, sums[i]);
    if (column + 1 >= GROUP) {
      __m512i tap[GROUP];
#pragma clang loop unroll(full)
      for (size_t i = 0; i < GROUP; i += 1)
        tap[i] =
            load(parts, strip.rows[GROUP] + offset - (GROUP - 1 - i) * strip.tap_step, strip.part_bytes, strip.there);
      interleave(tap, taps);
      add_taps(row_weights, taps, sums[1]);
      add_taps(row_weights + GROUP_BYTES, taps, sums[0]);
    }
    if (column + 1 >= SIDE)
      finish(way, parts, &strip, sums[0], column + 1 - SIDE);
#pragma clang loop unroll(full)
    for (size_t i = 0; i + 1 < SIDE; i += 1)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < MASKD_VECTORS; v += 1)
        sums[i][v] = sums[i + 1][v];
    begin_sums(c, sums[SIDE - 1]);
  }
  end_strip(way, &strip);
}

static inline __attribute__((always_inline)) void convolve_apart(shape s, convolution *c) {
  strip strip = strip_of(c, s.parts, 0);
  for (size_t pixel = 0; pixel < c->pixels_of_part; pixel += 1) {
    __m512i sums[MASKD_VECTORS];
    sum_apart(s.parts, s.height, s.width, c, strip.part_bytes, pixel, sums);
    finish(s.way, s.parts, &strip, sums, pixel);
  }
  end_strip(s.way, &strip);
}

static inline __attribute__((always_inline)) void convolve_parts(maskd_way way, size_t parts, convolution *c) {
  const maskd_depthwise_window *w = c->window;
  const bool are_neighbours = w->tap_step == w->pixel_step;
  if (are_neighbours && w->height == 3 && w->width == 3)
    convolve_sharing((shape){way, parts, 3, 3}, 1, c);
  else if (w->pixel_step == 2 * w->tap_step && w->height == 3 && w->width == 3)
    convolve_sharing((shape){way, parts, 3, 3}, 2, c);
  else if (are_neighbours && w->height == 5 && w->width == 5)
    convolve_rotating(way, parts, c);
  else if (w->height == 5 && w->width == 5)
    convolve_apart((shape){way, parts, 5, 5}, c);
  else
    convolve_apart((shape){way, parts, w->height, w->width}, c);
}

static inline __attribute__((always_inline)) void convolve_way(maskd_way way, convolution *c) {
  if (c->parts == 1)
    convolve_parts(way, 1, c);
  else if (c->parts == 2)
    convolve_parts(way, 2, c);
  else
    convolve_parts(way, 4, c);
}

static void convolve_nearest(convolution *c) {
  convolve_way(MASKD_WAY_NEAREST, c);
}

static void convolve_nearest_signed(convolution *c) {
  convolve_way(MASKD_WAY_NEAREST_SIGNED, c);
}

// Inlined where `c` is made it is several times slower.
static __attribute__((noinline)) void convolve_proven(convolution *c) {
  convolve_way(MASKD_WAY_PROVEN, c);
}

static void convolve_float(convolution *c) {
  convolve_way(MASKD_WAY_FLOAT, c);
}

static void convolve_any(const convolution *c) {
  for (size_t pixel = 0; pixel < c->pixels; pixel += 1)
    convolve_exactly(c, pixel);
}

static void convolve_row(maskd_way way, convolution *c) {
  if (way == MASKD_WAY_NEAREST)
    convolve_nearest(c);
  else if (way == MASKD_WAY_NEAREST_SIGNED)
    convolve_nearest_signed(c);
  else if (way == MASKD_WAY_PROVEN)
    convolve_proven(c);
  else if (way == MASKD_WAY_FLOAT)
    convolve_float(c);
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
  convolution c = {.window = window, .epilogue = epilogue, .pixels = pixels};
  c.clamp = maskd_fixed_clamp_of(epilogue);
  c.range[0] = _mm512_set1_ps(INFINITY);
  c.range[1] = _mm512_set1_ps(-INFINITY);
  for (size_t channel = 0; channel < channels; channel += CHANNELS) {
    c.channel = channel;
    c.count = channels - channel;
    c.weights = (const int8_t *)packed + channel / CHANNELS * block_bytes;
    const maskd_way block_way = begin_block(&c, way);
    for (size_t row = 0; row < rows; row += 1) {
      c.rows = taps + row * window->height;
      c.result = (char *)result + row * pixels * window->result_step + channel * element_bytes;
      convolve_row(block_way, &c);
    }
  }
  if (way == MASKD_WAY_FLOAT)
    maskd_take_range(epilogue, c.range);
}

#pragma clang attribute pop

#endif
