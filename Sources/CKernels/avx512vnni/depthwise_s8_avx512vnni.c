#if defined(__x86_64__)

#include "avx512vnni.h"
#include "epilogue_avx512vnni.h"
#include <string.h>

// Sixty-four channels at a time. The taps of a column of the window, four at most, are brought together for each
// channel, so that one vpdpbusd multiplies and adds them all; missing ones have weights of zero. Where results are
// neighbours as their taps are, each column of the picture is brought together once and added to all results that see
// it.
//
// Unpacking keeps each quarter of a register to itself: vector v, quarter q, lane i is channel 16q + 4v + i of the
// block, which is what saturating packs undo. Weights lie in that order: block, column, group of four rows, vector.

enum { CHANNELS = 64, GROUP = 4, WEIGHT_BYTES = MASKD_VECTORS * 64, LARGEST_SHARED_WIDTH = 5 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

static inline size_t groups_of(size_t height) {
  return height / GROUP + (height % GROUP != 0);
}

size_t maskd_packed_depthwise_s8_bytes_avx512vnni(size_t height, size_t width, size_t channels) {
  size_t bytes = channels / CHANNELS + (channels % CHANNELS != 0);
  if (__builtin_mul_overflow(bytes, groups_of(height), &bytes) || __builtin_mul_overflow(bytes, width, &bytes) ||
      __builtin_mul_overflow(bytes, (size_t)WEIGHT_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}

void maskd_pack_depthwise_s8_avx512vnni(size_t height, size_t width, size_t channels, const int8_t *weights,
                                        void *packed) {
  int8_t *to = packed;
  for (size_t block = 0; block < channels; block += CHANNELS)
    for (size_t x = 0; x < width; x += 1)
      for (size_t group = 0; group < height; group += GROUP)
        for (size_t place = 0; place < CHANNELS; place += 1) {
          const size_t vector = place / 16, quarter = place / 4 % 4, lane = place % 4;
          const size_t channel = block + 16 * quarter + 4 * vector + lane;
          for (size_t y = group; y < group + GROUP; y += 1, to += 1)
            *to = y < height && channel < channels ? weights[(y * width + x) * channels + channel] : 0;
        }
}

// One call of the kernel, and the block of channels that is computed now.
typedef struct convolution {
  const maskd_depthwise_window *window;
  const int8_t *const *rows;
  const maskd_epilogue *epilogue;
  size_t groups, channel, count; // of the block: its first channel, and how many there are
  __mmask64 read;
  const int8_t *weights; // of the block
  char *result;          // where the block's first channel of result 0 goes
  maskd_way way;
  maskd_clamp clamp;
  __m512i bias[MASKD_VECTORS];
  maskd_column_constants constants[MASKD_VECTORS];
  __m512 range[2];
} convolution;

// Sixty-four values of an array, of which `count` are there, as four vectors in the order of the channels above.
static inline void gather(const int32_t *values, size_t count, __m512i vectors[MASKD_VECTORS]) {
  int32_t all[CHANNELS] = {0};
  memcpy(all, values, (count < CHANNELS ? count : CHANNELS) * sizeof *values);
  for (size_t v = 0; v < MASKD_VECTORS; v += 1) {
    const __m512i low = _mm512_inserti32x4(_mm512_castsi128_si512(_mm_loadu_si128((const void *)(all + 4 * v))),
                                           _mm_loadu_si128((const void *)(all + 16 + 4 * v)), 1);
    const __m512i three = _mm512_inserti32x4(low, _mm_loadu_si128((const void *)(all + 32 + 4 * v)), 2);
    vectors[v] = _mm512_inserti32x4(three, _mm_loadu_si128((const void *)(all + 48 + 4 * v)), 3);
  }
}

static inline void begin_block(convolution *c) {
  gather(c->epilogue->bias + c->channel, c->count, c->bias);
  if (c->way != MASKD_WAY_NEAREST && c->way != MASKD_WAY_NEAREST_SIGNED)
    return;
  __m512i multipliers[MASKD_VECTORS], shifts[MASKD_VECTORS];
  gather(c->epilogue->multiplier + c->channel, c->count, multipliers);
  gather(c->epilogue->shift + c->channel, c->count, shifts);
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    c->constants[v] = maskd_constants_of(multipliers[v], shifts[v], c->way, c->epilogue);
}

static __attribute__((noinline)) void finish_in_order(convolution *c, const __m512i sums[MASKD_VECTORS], char *result) {
  int32_t all[CHANNELS];
  for (size_t v = 0; v < MASKD_VECTORS; v += 1) {
    _mm_storeu_si128((void *)(all + 4 * v), _mm512_extracti32x4_epi32(sums[v], 0));
    _mm_storeu_si128((void *)(all + 16 + 4 * v), _mm512_extracti32x4_epi32(sums[v], 1));
    _mm_storeu_si128((void *)(all + 32 + 4 * v), _mm512_extracti32x4_epi32(sums[v], 2));
    _mm_storeu_si128((void *)(all + 48 + 4 * v), _mm512_extracti32x4_epi32(sums[v], 3));
  }
  for (size_t i = 0; i < CHANNELS && i < c->count; i += 16) {
    const __m512i x = _mm512_loadu_si512(all + i);
    if (c->way == MASKD_WAY_FLOAT)
      maskd_float_16(x, c->channel + i, (__mmask16)maskd_first(c->count - i), c->epilogue, (float *)result + i,
                     c->range);
    else
      maskd_requantize_16_avx512(x, c->channel + i, c->count - i, c->epilogue, (int8_t *)result + i);
  }
}

static inline __attribute__((always_inline)) void finish(convolution *c, const __m512i sums[MASKD_VECTORS],
                                                         size_t pixel) {
  char *result = c->result + pixel * c->window->result_step;
  if (c->way != MASKD_WAY_NEAREST && c->way != MASKD_WAY_NEAREST_SIGNED) {
    finish_in_order(c, sums, result);
    return;
  }
  const bool is_signed = c->way == MASKD_WAY_NEAREST_SIGNED;
  __m512i values[MASKD_VECTORS];
  __m512 farthest = _mm512_setzero_ps();
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    values[v] = is_signed ? maskd_nearest(sums[v], &c->constants[v], true, &farthest)
                          : maskd_nearest(sums[v], &c->constants[v], false, &farthest);
  if (maskd_is_unsure(farthest))
    finish_in_order(c, sums, result);
  else if (c->count >= CHANNELS)
    _mm512_storeu_si512(result, maskd_packed(values, is_signed, &c->clamp));
  else
    _mm512_mask_storeu_epi8(result, c->read, maskd_packed(values, is_signed, &c->clamp));
}

// Brings four rows of one column together. Rows beyond the window read as zero.
static inline __attribute__((always_inline)) void bring_together(const convolution *c, size_t group, size_t offset,
                                                                 __m512i taps[MASKD_VECTORS]) {
  __m512i row[GROUP];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < GROUP; y += 1) {
    const size_t index = group * GROUP + y;
    row[y] = index < c->window->height ? _mm512_maskz_loadu_epi8(c->read, c->rows[index] + c->channel + offset)
                                       : _mm512_setzero_si512();
  }
  const __m512i low = _mm512_unpacklo_epi8(row[0], row[1]), high = _mm512_unpackhi_epi8(row[0], row[1]);
  const __m512i next_low = _mm512_unpacklo_epi8(row[2], row[3]), next_high = _mm512_unpackhi_epi8(row[2], row[3]);
  taps[0] = _mm512_unpacklo_epi16(low, next_low);
  taps[1] = _mm512_unpackhi_epi16(low, next_low);
  taps[2] = _mm512_unpacklo_epi16(high, next_high);
  taps[3] = _mm512_unpackhi_epi16(high, next_high);
}

static inline __attribute__((always_inline)) void add_column(const convolution *c, size_t groups, size_t x,
                                                             size_t group, const __m512i taps[MASKD_VECTORS],
                                                             __m512i sums[MASKD_VECTORS]) {
  const int8_t *weights = c->weights + (x * groups + group) * WEIGHT_BYTES;
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    sums[v] = _mm512_dpbusd_epi32(sums[v], taps[v], _mm512_loadu_si512(weights + v * 64));
}

// Results as far apart as their taps: column `column` of the picture is tap `column - p` of result p. sums[0] belongs
// to the result that is complete next.
static inline __attribute__((always_inline)) void convolve_neighbours(convolution *c, size_t width, size_t groups,
                                                                      size_t pixels) {
  __m512i sums[LARGEST_SHARED_WIDTH][MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < width; i += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      sums[i][v] = c->bias[v];
  for (size_t column = 0; column < pixels + width - 1; column += 1) {
#pragma clang loop unroll(full)
    for (size_t group = 0; group < groups; group += 1) {
      __m512i taps[MASKD_VECTORS];
      bring_together(c, group, column * c->window->tap_step, taps);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < width; i += 1)
        add_column(c, groups, width - 1 - i, group, taps, sums[i]);
    }
    if (column + 1 >= width)
      finish(c, sums[0], column + 1 - width);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < width; i += 1)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < MASKD_VECTORS; v += 1)
        sums[i][v] = i + 1 < width ? sums[i + 1][v] : c->bias[v];
  }
}

static inline __attribute__((always_inline)) void convolve_apart(convolution *c, size_t width, size_t groups,
                                                                 size_t pixels) {
  for (size_t pixel = 0; pixel < pixels; pixel += 1) {
    __m512i sums[MASKD_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      sums[v] = c->bias[v];
    for (size_t x = 0; x < width; x += 1)
      for (size_t group = 0; group < groups; group += 1) {
        __m512i taps[MASKD_VECTORS];
        bring_together(c, group, pixel * c->window->pixel_step + x * c->window->tap_step, taps);
        add_column(c, groups, x, group, taps, sums);
      }
    finish(c, sums, pixel);
  }
}

static void convolve_block(convolution *c, size_t pixels) {
  const bool are_neighbours = c->window->tap_step == c->window->pixel_step;
  if (are_neighbours && c->window->width == 3 && c->groups == 1)
    convolve_neighbours(c, 3, 1, pixels);
  else if (are_neighbours && c->window->width == 5 && c->groups == 2)
    convolve_neighbours(c, 5, 2, pixels);
  else if (c->window->width == 3 && c->groups == 1)
    convolve_apart(c, 3, 1, pixels);
  else
    convolve_apart(c, c->window->width, c->groups, pixels);
}

void maskd_depthwise_s8_avx512vnni(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                   const int8_t *const *rows, const void *packed, void *result,
                                   const maskd_epilogue *epilogue) {
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  convolution c = {.window = window, .rows = rows, .epilogue = epilogue, .groups = groups_of(window->height)};
  c.way = maskd_way_of(epilogue);
  c.clamp = maskd_clamp_of(epilogue);
  c.range[0] = _mm512_set1_ps(INFINITY);
  c.range[1] = _mm512_set1_ps(-INFINITY);
  for (size_t channel = 0; channel < channels; channel += CHANNELS) {
    c.channel = channel;
    c.count = channels - channel;
    c.read = maskd_first(c.count);
    c.weights = (const int8_t *)packed + channel / CHANNELS * window->width * c.groups * WEIGHT_BYTES;
    c.result = (char *)result + channel * element_bytes;
    begin_block(&c);
    convolve_block(&c, pixels);
  }
  if (c.way == MASKD_WAY_FLOAT)
    maskd_take_range(epilogue, c.range);
}

#pragma clang attribute pop

#endif
