#if defined(__x86_64__)

#include "avx512vnni.h"
#include "depthwise_layout_avx512vnni.h"

// Sixty-four channels at a time. Four taps are brought together for each channel, so that one vpdpbusd multiplies and
// adds them all: those of up to four rows in a column of the window, and of a row that is left alone below (height 1,
// 5, ...) those in up to four columns. Missing ones have weights of zero. What several neighbouring results see is
// brought together once.

enum {
  TILE = 2,         // results at a time where they share columns
  MOST_COLUMNS = 5, // that a tile sees
  LARGEST_SIDE = 5, // of the windows that have loops of their own
};

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// One call of the kernel, and the block of channels that is computed now.
typedef struct convolution {
  const maskd_depthwise_window *window;
  const int8_t *const *rows;
  const maskd_epilogue *epilogue;
  size_t pixels;
  size_t channel, count; // of the block: its first channel, and how many there are from there on
  size_t parts, pixels_of_part;
  size_t apart[QUARTERS]; // the first result of each part; the last parts may overlap
  const int8_t *weights;  // of the block
  char *result;           // where the block's first channel of result 0 goes
  maskd_fixed_clamp clamp;
  __m512i bias[MASKD_VECTORS];
  maskd_fixed_constants constants[MASKD_VECTORS];
  __mmask16 are_channels[MASKD_VECTORS];
  __m512 range[2];
} convolution;

// Quarter q of vector v becomes quarter v of vector q, and back.
static inline __attribute__((always_inline)) void exchange_quarters(const __m512i from[QUARTERS],
                                                                    __m512i to[QUARTERS]) {
  const __m512i low = _mm512_shuffle_i32x4(from[0], from[1], 0x44);
  const __m512i high = _mm512_shuffle_i32x4(from[0], from[1], 0xee);
  const __m512i next_low = _mm512_shuffle_i32x4(from[2], from[3], 0x44);
  const __m512i next_high = _mm512_shuffle_i32x4(from[2], from[3], 0xee);
  to[0] = _mm512_shuffle_i32x4(low, next_low, 0x88);
  to[1] = _mm512_shuffle_i32x4(low, next_low, 0xdd);
  to[2] = _mm512_shuffle_i32x4(high, next_high, 0x88);
  to[3] = _mm512_shuffle_i32x4(high, next_high, 0xdd);
}

// The values of an array for the channels of a block, as four vectors in the order of the channels above: vector v
// takes its quarter q from sixteen values that begin at channel 16q.
static inline void gather(const void *values, const convolution *c, __m512i vectors[MASKD_VECTORS]) {
  __m512i sixteen[QUARTERS];
  for (size_t i = 0; i < QUARTERS; i += 1) {
    const size_t first = 16 * (i % (QUARTERS / c->parts));
    const __mmask16 there = first < c->count ? (__mmask16)maskd_first(c->count - first) : 0;
    sixteen[i] = _mm512_maskz_loadu_epi32(there, (const int32_t *)values + first);
  }
  exchange_quarters(sixteen, vectors);
}

static void find_channels(convolution *c) {
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 32, 33, 34, 35, 48, 49, 50, 51);
  const __m512i in_part = _mm512_and_si512(first, _mm512_set1_epi32((int32_t)(CHANNELS / c->parts) - 1));
  const __m512i count = _mm512_set1_epi32(c->count < CHANNELS ? (int32_t)c->count : CHANNELS);
  for (int32_t v = 0; v < MASKD_VECTORS; v += 1)
    c->are_channels[v] = _mm512_cmplt_epi32_mask(_mm512_add_epi32(in_part, _mm512_set1_epi32(4 * v)), count);
}

// As `maskd_fixed_constants_of`, for channels that were gathered.
static inline maskd_fixed_constants constants_of(__m512i multiplier, __m512i shift, const maskd_epilogue *to) {
  const __m512 exponent = _mm512_cvtepi32_ps(shift);
  const __m512 d = _mm512_maskz_scalef_ps(_mm512_movepi32_mask(shift), _mm512_set1_ps(0.5f), exponent);
  const __m512 base = _mm512_set1_ps(384.5f + 0x1p-14f + (float)to->zero_point);
  return maskd_fixed_constants_from(
      _mm512_scalef_ps(_mm512_cvtepi32_ps(multiplier), _mm512_sub_ps(exponent, _mm512_set1_ps(31))),
      _mm512_add_ps(base, d), _mm512_sub_ps(base, d));
}

static void begin_block(convolution *c, maskd_way way) {
  c->parts = parts_of(c->count);
  c->pixels_of_part = (c->pixels + c->parts - 1) / c->parts;
  for (size_t i = 0; i < c->parts; i += 1) {
    const size_t last = c->pixels - c->pixels_of_part;
    c->apart[i] = i * c->pixels_of_part < last ? i * c->pixels_of_part : last;
  }
  gather(c->epilogue->bias + c->channel, c, c->bias);
  __m512i first[MASKD_VECTORS], second[MASKD_VECTORS];
  if (way == MASKD_WAY_FLOAT) {
    gather(c->epilogue->factor + c->channel, c, first);
    gather(c->epilogue->addend + c->channel, c, second);
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      c->constants[v] =
          (maskd_fixed_constants){.scale = _mm512_castsi512_ps(first[v]), .addend = _mm512_castsi512_ps(second[v])};
    find_channels(c);
  } else if (way != MASKD_WAY_ANY) {
    gather(c->epilogue->multiplier + c->channel, c, first);
    gather(c->epilogue->shift + c->channel, c, second);
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      c->constants[v] = constants_of(first[v], second[v], c->epilogue);
  }
}

// Which window it is; constants wherever speed matters.
typedef struct shape {
  maskd_way way;
  size_t parts, height, width;
} shape;

// The channels of a pixel, or of the pixels of all parts. `part_bytes` from the first part's to each other's.
static inline __attribute__((always_inline)) __m512i load(size_t parts, const int8_t *from, const size_t *part_bytes,
                                                          __mmask64 read) {
  if (parts == 1)
    return _mm512_maskz_loadu_epi8(read, from);
  if (parts == 2)
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8((__mmask32)read, from)),
                              _mm256_maskz_loadu_epi8((__mmask32)read, from + part_bytes[1]), 1);
  const __mmask16 first = (__mmask16)read;
  const __m512i one = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(first, from));
  const __m512i two = _mm512_inserti32x4(one, _mm_maskz_loadu_epi8(first, from + part_bytes[1]), 1);
  const __m512i three = _mm512_inserti32x4(two, _mm_maskz_loadu_epi8(first, from + part_bytes[2]), 2);
  return _mm512_inserti32x4(three, _mm_maskz_loadu_epi8(first, from + part_bytes[3]), 3);
}

// What the loops over the results of a block keep at hand. A copy: the results that they write could be anywhere.
typedef struct strip {
  const int8_t *rows[LARGEST_SIDE]; // of the window, to the block's first channel
  const int8_t *weights;
  char *result;
  size_t tap_step, result_step;
  size_t part_bytes[QUARTERS], part_results[QUARTERS]; // from the first part to each other
  __mmask64 there;                                     // channels of the block
  convolution *block;
} strip;

static inline __attribute__((always_inline)) strip strip_of(convolution *c, size_t parts, size_t height) {
  strip strip = {
      .weights = c->weights,
      .result = c->result,
      .tap_step = c->window->tap_step,
      .result_step = c->window->result_step,
      .there = maskd_first(c->count),
      .block = c,
  };
#pragma clang loop unroll(full)
  for (size_t y = 0; y < height; y += 1)
    strip.rows[y] = c->rows[y] + c->channel;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < parts; i += 1) {
    strip.part_bytes[i] = c->apart[i] * c->window->pixel_step;
    strip.part_results[i] = c->apart[i] * c->window->result_step;
  }
  return strip;
}

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

// Stores the bytes of a pixel, or of the pixels of all parts.
static inline __attribute__((always_inline)) void store_bytes(size_t parts, const strip *to, __m512i bytes,
                                                              char *result) {
  if (parts == 1)
    _mm512_mask_storeu_epi8(result, to->there, bytes);
  else if (parts == 2) {
    _mm256_mask_storeu_epi8(result, (__mmask32)to->there, _mm512_castsi512_si256(bytes));
    _mm256_mask_storeu_epi8(result + to->part_results[1], (__mmask32)to->there, _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    const __mmask16 there = (__mmask16)to->there;
    _mm_mask_storeu_epi8(result, there, _mm512_castsi512_si128(bytes));
    _mm_mask_storeu_epi8(result + to->part_results[1], there, _mm512_extracti32x4_epi32(bytes, 1));
    _mm_mask_storeu_epi8(result + to->part_results[2], there, _mm512_extracti32x4_epi32(bytes, 2));
    _mm_mask_storeu_epi8(result + to->part_results[3], there, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

// A quarter of each vector is sixteen neighbouring channels.
static inline __attribute__((always_inline)) void store_floats(size_t parts, const strip *to,
                                                               const __m512i values[MASKD_VECTORS], char *result) {
  __m512i sixteen[QUARTERS];
  exchange_quarters(values, sixteen);
#pragma clang loop unroll(full)
  for (size_t quarter = 0; quarter < QUARTERS; quarter += 1) {
    const size_t first = quarter % (QUARTERS / parts) * 16;
    _mm512_mask_storeu_epi32((float *)(result + to->part_results[quarter / (QUARTERS / parts)]) + first,
                             (__mmask16)(to->there >> first), sixteen[quarter]);
  }
}

static inline __attribute__((always_inline)) __m512i to_float(__m512i sum, size_t v, convolution *c) {
  const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), c->constants[v].scale, c->constants[v].addend);
  const __m512 floored = _mm512_max_ps(scaled, _mm512_set1_ps(c->epilogue->float_minimum));
  const __m512 value = _mm512_min_ps(floored, _mm512_set1_ps(c->epilogue->float_maximum));
  c->range[0] = _mm512_mask_min_ps(c->range[0], c->are_channels[v], c->range[0], value);
  c->range[1] = _mm512_mask_max_ps(c->range[1], c->are_channels[v], c->range[1], value);
  return _mm512_castps_si512(value);
}

// What a vector of sums becomes before it is stored.
static inline __attribute__((always_inline)) __m512i scaled(maskd_way way, __m512i sum, size_t v, convolution *c) {
  if (way == MASKD_WAY_FLOAT)
    return to_float(sum, v, c);
  return maskd_fixed(sum, &c->constants[v], way == MASKD_WAY_NEAREST_SIGNED);
}

// Returns whether all of it is certain.
static inline __attribute__((always_inline)) bool store(maskd_way way, size_t parts, const strip *strip,
                                                        const __m512i values[MASKD_VECTORS], char *result) {
  if (way == MASKD_WAY_FLOAT) {
    store_floats(parts, strip, values, result);
    return true;
  }
  // A branch here would keep the results of a tile from being worked out side by side.
  maskd_fixed_clamp clamp = strip->block->clamp;
  clamp.is_needed = true;
  store_bytes(parts, strip, maskd_fixed_packed(values, &clamp), result);
  return maskd_fixed_sure(values) == (__mmask16)-1;
}

// Computes `tile` neighbouring results, `stride` columns apart, from the taps of all columns that they see, vector by
// vector, so that each weight is read once for all of them.
static inline __attribute__((always_inline)) void convolve_tile(shape s, size_t stride, size_t tile, const strip *strip,
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
      values[i][v] = scaled(s.way, sums[i], v, c);
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
  const strip strip = strip_of(c, s.parts, s.height);
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
  if (pixel == pixels)
    return;
#pragma clang loop unroll(full)
  for (size_t x = again; x < s.width; x += 1)
    bring_together(s.parts, s.height, &strip, (pixel * stride + x) * strip.tap_step, taps[x]);
  convolve_tile(s, stride, 1, &strip, taps, pixel);
}

static inline __attribute__((always_inline)) void finish(maskd_way way, size_t parts, const strip *strip,
                                                         const __m512i sums[MASKD_VECTORS], size_t pixel) {
  __m512i values[MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    values[v] = scaled(way, sums[v], v, strip->block);
  if (__builtin_expect(!store(way, parts, strip, values, strip->result + pixel * strip->result_step), false))
    convolve_again(strip->block, pixel);
}

// Five rows and columns, results one column apart: column `column` of the picture is tap `column - p` of result p.
// sums[0] belongs to the result that is complete next. The columns of the fifth row are groups of the result that began
// three columns ago, and end the one before it.
static inline __attribute__((always_inline)) void convolve_rotating(maskd_way way, size_t parts, convolution *c) {
  enum { SIDE = 5 };
  const strip strip = strip_of(c, parts, SIDE);
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
}

static inline __attribute__((always_inline)) void convolve_apart(shape s, convolution *c) {
  const strip strip = strip_of(c, s.parts, 0);
  for (size_t pixel = 0; pixel < c->pixels_of_part; pixel += 1) {
    __m512i sums[MASKD_VECTORS];
    sum_apart(s.parts, s.height, s.width, c, strip.part_bytes, pixel, sums);
    finish(s.way, s.parts, &strip, sums, pixel);
  }
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
    begin_block(&c, way);
    for (size_t row = 0; row < rows; row += 1) {
      c.rows = taps + row * window->height;
      c.result = (char *)result + row * pixels * window->result_step + channel * element_bytes;
      convolve_row(way, &c);
    }
  }
  if (way == MASKD_WAY_FLOAT)
    maskd_take_range(epilogue, c.range);
}

#pragma clang attribute pop

#endif
