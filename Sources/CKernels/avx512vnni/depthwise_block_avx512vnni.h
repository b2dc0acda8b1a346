#ifndef MASKD_AVX512VNNI_DEPTHWISE_BLOCK_H
#define MASKD_AVX512VNNI_DEPTHWISE_BLOCK_H

#include "depthwise_layout_avx512vnni.h"

// A block of sixty-four channels of a depthwise convolution: what its results share, and how sums become results.

enum { LARGEST_SIDE = 5 }; // of the windows that have loops of their own

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// One call of the kernel, and the block of channels that is computed now.
typedef struct convolution {
  const maskd_depthwise_window *window;
  const int8_t *const *first_rows; // under the window over the first row of results
  const maskd_epilogue *epilogue;
  size_t row_count, pixels;
  size_t channel, count; // of the block: its first channel, and how many there are from there on
  size_t parts, pixels_of_part;
  size_t apart[QUARTERS]; // the first result of each part; the last parts may overlap
  const int8_t *weights;  // of the block
  char *first_result;     // where the block's first channel of the first row of results goes
  const int8_t *const *rows;
  char *result; // as these two, of the row of results that is computed now
  int8_t padding[CHANNELS];
  maskd_fixed_clamp clamp;
  __m512i bias[MASKD_VECTORS];
  maskd_fixed_constants constants[MASKD_VECTORS];
  __m512 range[2]; // of float results
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

// As `maskd_fixed_constants_of`, for channels that were gathered.
static inline maskd_fixed_constants constants_of(__m512i multiplier, __m512i shift, const maskd_epilogue *to) {
  const __m512 exponent = _mm512_cvtepi32_ps(shift);
  const __m512 d = _mm512_maskz_scalef_ps(_mm512_movepi32_mask(shift), _mm512_set1_ps(0.5f), exponent);
  const __m512 base = _mm512_set1_ps(384.5f + 0x1p-14f + (float)to->zero_point);
  return maskd_fixed_constants_from(
      _mm512_scalef_ps(_mm512_cvtepi32_ps(multiplier), _mm512_sub_ps(exponent, _mm512_set1_ps(31))),
      _mm512_add_ps(base, d), _mm512_sub_ps(base, d));
}

// Bias and constants of a block whose rounding is proven; false if it is not.
static bool load_proven(convolution *c) {
  const maskd_epilogue *to = c->epilogue;
  if (!to->proven_scale)
    return false;
  __m512i scales[MASKD_VECTORS], addends[MASKD_VECTORS];
  gather(to->proven_scale + c->channel, c, scales);
  gather(to->proven_addend + c->channel, c, addends);
  __mmask16 unproven = 0;
  for (size_t v = 0; v < MASKD_VECTORS; v += 1) {
    c->constants[v] =
        (maskd_fixed_constants){.scale = _mm512_castsi512_ps(scales[v]), .addend = _mm512_castsi512_ps(addends[v])};
    unproven |= _mm512_movepi32_mask(scales[v]);
  }
  if (unproven)
    return false;
  gather(to->proven_bias + c->channel, c, c->bias);
  return true;
}

// Returns the way that the block goes.
static maskd_way begin_block(convolution *c, maskd_way way) {
  c->parts = parts_of(c->count);
  c->pixels_of_part = (c->pixels + c->parts - 1) / c->parts;
  for (size_t i = 0; i < c->parts; i += 1) {
    const size_t last = c->pixels - c->pixels_of_part;
    c->apart[i] = i * c->pixels_of_part < last ? i * c->pixels_of_part : last;
  }
  if (way == MASKD_WAY_NEAREST && load_proven(c))
    return MASKD_WAY_PROVEN;
  gather(c->epilogue->bias + c->channel, c, c->bias);
  __m512i first[MASKD_VECTORS], second[MASKD_VECTORS];
  if (maskd_is_float(way)) {
    gather(c->epilogue->factor + c->channel, c, first);
    gather(c->epilogue->addend + c->channel, c, second);
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      c->constants[v] =
          (maskd_fixed_constants){.scale = _mm512_castsi512_ps(first[v]), .addend = _mm512_castsi512_ps(second[v])};
  } else if (way != MASKD_WAY_ANY) {
    gather(c->epilogue->multiplier + c->channel, c, first);
    gather(c->epilogue->shift + c->channel, c, second);
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      c->constants[v] = constants_of(first[v], second[v], c->epilogue);
  }
  return way;
}

// What the loops are made for; constants wherever speed matters.
typedef struct shape {
  maskd_way way;
  bool clamps;   // false: what is proven is stored as it is, if it is bytes
  bool is_whole; // no part of a register is without a channel: masked loads take a place among the products
  size_t parts, height, width;
} shape;

static inline __attribute__((always_inline)) __m512i join(size_t parts, const int8_t *const from[QUARTERS]) {
  if (parts == 2)
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)from[0])),
                              _mm256_loadu_si256((const __m256i *)from[1]), 1);
  const __m512i one = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)from[0]));
  const __m512i two = _mm512_inserti32x4(one, _mm_loadu_si128((const __m128i *)from[1]), 1);
  const __m512i three = _mm512_inserti32x4(two, _mm_loadu_si128((const __m128i *)from[2]), 2);
  return _mm512_inserti32x4(three, _mm_loadu_si128((const __m128i *)from[3]), 3);
}

static inline __attribute__((always_inline)) __m512i load_masked(size_t parts, const int8_t *from,
                                                                 const size_t *part_bytes, __mmask64 read) {
  if (parts == 1)
    return _mm512_maskz_loadu_epi8(read, from);
  const int8_t *all[QUARTERS] = {from};
#pragma clang loop unroll(full)
  for (size_t i = 1; i < parts; i += 1)
    all[i] = from + part_bytes[i];
  return join(parts, all);
}

// What the loops over the results of a block keep at hand. A copy: the results that they write could be anywhere.
typedef struct strip {
  const int8_t *rows[LARGEST_SIDE]; // of the window, to the block's first channel
  const int8_t *weights;
  char *result;
  size_t tap_step, result_step;
  size_t part_bytes[QUARTERS], part_results[QUARTERS]; // from the first part to each other
  __mmask64 there;                                     // channels of the block
  float minimum, maximum;                              // of float results
  __m512 range[2];                                     // of those of the strip
  convolution *block;
} strip;

// The channels of a pixel, or of the pixels of all parts.
static inline __attribute__((always_inline)) __m512i load(shape s, const strip *strip, const int8_t *from) {
  return s.is_whole && s.parts == 1 ? _mm512_loadu_si512(from)
                                    : load_masked(s.parts, from, strip->part_bytes, strip->there);
}

static inline __attribute__((always_inline)) strip strip_of(convolution *c, size_t parts, size_t height) {
  strip strip = {
      .weights = c->weights,
      .result = c->result,
      .tap_step = c->window->tap_step,
      .result_step = c->window->result_step,
      .there = maskd_first(c->count),
      .minimum = c->epilogue->float_minimum,
      .maximum = c->epilogue->float_maximum,
      .range = {c->range[0], c->range[1]},
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

// Stores the bytes of a pixel, or of the pixels of all parts.
static inline __attribute__((always_inline)) void store_bytes(shape s, const strip *to, __m512i bytes, char *result) {
  if (s.is_whole && s.parts == 1)
    _mm512_storeu_si512(result, bytes);
  else if (s.parts == 1)
    _mm512_mask_storeu_epi8(result, to->there, bytes);
  else if (s.parts == 2) {
    _mm256_storeu_si256((__m256i *)result, _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256((__m256i *)(result + to->part_results[1]), _mm512_extracti64x4_epi64(bytes, 1));
  } else {
    _mm_storeu_si128((__m128i *)result, _mm512_castsi512_si128(bytes));
    _mm_storeu_si128((__m128i *)(result + to->part_results[1]), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128((__m128i *)(result + to->part_results[2]), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128((__m128i *)(result + to->part_results[3]), _mm512_extracti32x4_epi32(bytes, 3));
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

// The range takes in what channels that are missing give: zero after the activation, which lies within the range.
static inline __attribute__((always_inline)) __m512i to_float(maskd_way way, __m512i sum, size_t v, strip *strip) {
  const maskd_fixed_constants *c = &strip->block->constants[v];
  const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), c->scale, c->addend);
  const __m512 floored = _mm512_max_ps(scaled, _mm512_set1_ps(strip->minimum));
  const __m512 value = _mm512_min_ps(floored, _mm512_set1_ps(strip->maximum));
  if (way != MASKD_WAY_FLOAT_FROM_ZERO)
    strip->range[0] = _mm512_min_ps(strip->range[0], value);
  strip->range[1] = _mm512_max_ps(strip->range[1], value);
  return _mm512_castps_si512(value);
}

// What a vector of sums becomes before it is stored.
static inline __attribute__((always_inline)) __m512i scaled(maskd_way way, __m512i sum, size_t v, strip *strip) {
  const maskd_fixed_constants *constants = &strip->block->constants[v];
  if (maskd_is_float(way))
    return to_float(way, sum, v, strip);
  if (way == MASKD_WAY_PROVEN)
    return maskd_proven(sum, constants);
  return maskd_fixed(sum, constants, way == MASKD_WAY_NEAREST_SIGNED);
}

// The range of a strip is part of that of all.
static inline __attribute__((always_inline)) void end_strip(maskd_way way, const strip *strip) {
  if (!maskd_is_float(way))
    return;
  strip->block->range[0] = strip->range[0];
  strip->block->range[1] = strip->range[1];
}

// Returns whether all of it is certain.
static inline __attribute__((always_inline)) bool store(shape s, const strip *strip,
                                                        const __m512i values[MASKD_VECTORS], char *result) {
  if (maskd_is_float(s.way)) {
    store_floats(s.parts, strip, values, result);
    return true;
  }
  // A branch here would keep the results of a tile from being worked out side by side.
  maskd_fixed_clamp clamp = strip->block->clamp;
  clamp.is_needed = clamp.changes = s.clamps;
  if (s.way == MASKD_WAY_PROVEN) {
    store_bytes(s, strip, maskd_proven_packed(values, &clamp), result);
    return true;
  }
  store_bytes(s, strip, maskd_fixed_packed(values, &clamp), result);
  return maskd_fixed_sure(values) == (__mmask16)-1;
}

#pragma clang attribute pop

#endif
