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
// The last block may have few channels: up to 32 then stand in a register twice, up to 16 four times, and as many parts
// of the row of results are computed side by side.

enum {
  CHANNELS = 64,
  QUARTERS = 4,
  GROUP = 4,
  WEIGHT_BYTES = MASKD_VECTORS * 64,
  LARGEST_SHARED_WIDTH = 5,
};

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

static inline size_t groups_of(size_t height) {
  return height / GROUP + (height % GROUP != 0);
}

// How often a block of that many channels stands in a register.
static inline size_t parts_of(size_t count) {
  return count > 32 ? 1 : count > 16 ? 2 : 4;
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
  for (size_t block = 0; block < channels; block += CHANNELS) {
    const size_t quarters = QUARTERS / parts_of(channels - block);
    for (size_t x = 0; x < width; x += 1)
      for (size_t group = 0; group < height; group += GROUP)
        for (size_t place = 0; place < CHANNELS; place += 1) {
          const size_t vector = place / 16, quarter = place / 4 % 4 % quarters, lane = place % 4;
          const size_t channel = block + 16 * quarter + 4 * vector + lane;
          for (size_t y = group; y < group + GROUP; y += 1, to += 1)
            *to = y < height && channel < channels ? weights[(y * width + x) * channels + channel] : 0;
        }
  }
}

// One call of the kernel, and the block of channels that is computed now.
typedef struct convolution {
  const maskd_depthwise_window *window;
  const int8_t *const *rows;
  const maskd_epilogue *epilogue;
  size_t groups, pixels;
  size_t channel, count; // of the block: its first channel, and how many there are from there on
  size_t parts, pixels_of_part;
  size_t apart[QUARTERS]; // the first result of each part; the last parts may overlap
  const int8_t *weights;  // of the block
  char *result;           // where the block's first channel of result 0 goes
  maskd_clamp clamp;
  __m512i bias[MASKD_VECTORS];
  maskd_column_constants constants[MASKD_VECTORS];
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
static inline void gather(const int32_t *values, const convolution *c, __m512i vectors[MASKD_VECTORS]) {
  __m512i sixteen[QUARTERS];
  for (size_t i = 0; i < QUARTERS; i += 1) {
    const size_t first = 16 * (i % (QUARTERS / c->parts));
    const __mmask16 there = first < c->count ? (__mmask16)maskd_first(c->count - first) : 0;
    sixteen[i] = _mm512_maskz_loadu_epi32(there, values + first);
  }
  exchange_quarters(sixteen, vectors);
}

static void begin_block(convolution *c, maskd_way way) {
  c->parts = parts_of(c->count);
  c->pixels_of_part = (c->pixels + c->parts - 1) / c->parts;
  for (size_t i = 0; i < c->parts; i += 1) {
    const size_t last = c->pixels - c->pixels_of_part;
    c->apart[i] = i * c->pixels_of_part < last ? i * c->pixels_of_part : last;
  }
  gather(c->epilogue->bias + c->channel, c, c->bias);
  if (way != MASKD_WAY_NEAREST && way != MASKD_WAY_NEAREST_SIGNED)
    return;
  __m512i multipliers[MASKD_VECTORS], shifts[MASKD_VECTORS];
  gather(c->epilogue->multiplier + c->channel, c, multipliers);
  gather(c->epilogue->shift + c->channel, c, shifts);
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    c->constants[v] = maskd_constants_of(multipliers[v], shifts[v], way, c->epilogue);
}

// Results of one pixel from sums in the order of the channels.
static void finish_pixel(const convolution *c, const int32_t *sums, size_t count, char *result) {
  for (size_t i = 0; i < count; i += 16)
    maskd_requantize_16_avx512(_mm512_loadu_si512(sums + i), c->channel + i, count - i, c->epilogue,
                               (int8_t *)result + i);
}

static __attribute__((noinline)) void finish_any(convolution *c, __m512i sums_0, __m512i sums_1, __m512i sums_2,
                                                 __m512i sums_3, size_t pixel) {
  const __m512i sums[MASKD_VECTORS] = {sums_0, sums_1, sums_2, sums_3};
  int32_t all[CHANNELS], lanes[16];
  for (size_t v = 0; v < MASKD_VECTORS; v += 1) {
    _mm512_storeu_si512(lanes, sums[v]);
    for (size_t quarter = 0; quarter < QUARTERS; quarter += 1)
      memcpy(all + 16 * quarter + 4 * v, lanes + 4 * quarter, 16);
  }
  const size_t channels = CHANNELS / c->parts, count = c->count < channels ? c->count : channels;
  for (size_t i = 0; i < c->parts; i += 1)
    finish_pixel(c, all + i * channels, count, c->result + (pixel + c->apart[i]) * c->window->result_step);
}

// Float results: a quarter of each sum is sixteen neighbouring channels.
static inline __attribute__((always_inline)) void finish_float(size_t parts, convolution *c,
                                                               const __m512i sums[MASKD_VECTORS], size_t pixel) {
  __m512i sixteen[QUARTERS];
  exchange_quarters(sums, sixteen);
#pragma clang loop unroll(full)
  for (size_t quarter = 0; quarter < QUARTERS; quarter += 1) {
    const size_t part = quarter / (QUARTERS / parts), first = 16 * (quarter % (QUARTERS / parts));
    if (first >= c->count)
      continue;
    float *result = (float *)(c->result + (pixel + c->apart[part]) * c->window->result_step) + first;
    maskd_float_16(sixteen[quarter], c->channel + first, (__mmask16)maskd_first(c->count - first), c->epilogue, result,
                   c->range);
  }
}

// Stores the first `count` of the bytes that one part has.
static inline __attribute__((always_inline)) void store_part(size_t parts, __m512i bytes, size_t count, char *result) {
  if (count >= CHANNELS / parts && parts == 1)
    _mm512_storeu_si512(result, bytes);
  else if (count >= CHANNELS / parts && parts == 2)
    _mm256_storeu_si256((void *)result, _mm512_castsi512_si256(bytes));
  else if (count >= CHANNELS / parts)
    _mm_storeu_si128((void *)result, _mm512_castsi512_si128(bytes));
  else
    _mm512_mask_storeu_epi8(result, maskd_first(count), bytes);
}

static inline __attribute__((always_inline)) void finish(maskd_way way, size_t parts, convolution *c,
                                                         const __m512i sums[MASKD_VECTORS], size_t pixel) {
  if (way == MASKD_WAY_FLOAT) {
    finish_float(parts, c, sums, pixel);
    return;
  }
  const bool is_signed = way == MASKD_WAY_NEAREST_SIGNED;
  __m512i values[MASKD_VECTORS];
  __m512 farthest = _mm512_setzero_ps();
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    values[v] = maskd_nearest(sums[v], &c->constants[v], is_signed, &farthest);
  if ((way != MASKD_WAY_NEAREST && !is_signed) || maskd_is_unsure(farthest)) {
    finish_any(c, sums[0], sums[1], sums[2], sums[3], pixel);
    return;
  }
  __m512i bytes = maskd_packed(values, is_signed, &c->clamp);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < parts; i += 1) {
    store_part(parts, bytes, c->count, c->result + (pixel + c->apart[i]) * c->window->result_step);
    bytes = parts == 2 ? _mm512_shuffle_i64x2(bytes, bytes, 0x0e) : _mm512_alignr_epi64(bytes, bytes, 2);
  }
}

// The channels of a pixel, or of the pixels of all parts. `part_bytes` from one part's to the next.
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

// Which window it is; constants wherever speed matters.
typedef struct shape {
  maskd_way way;
  size_t parts, height, width;
} shape;

// Brings the rows of a group together in one column. Rows beyond the window read as zero.
static inline __attribute__((always_inline)) void bring_together(shape s, const convolution *c, size_t group,
                                                                 size_t offset, const size_t *part_bytes,
                                                                 __mmask64 read, __m512i taps[MASKD_VECTORS]) {
  __m512i row[GROUP];
#pragma clang loop unroll(full)
  for (size_t y = 0; y < GROUP; y += 1) {
    const size_t index = group * GROUP + y;
    row[y] = index < s.height ? load(s.parts, c->rows[index] + c->channel + offset, part_bytes, read)
                              : _mm512_setzero_si512();
  }
  const __m512i low = _mm512_unpacklo_epi8(row[0], row[1]), high = _mm512_unpackhi_epi8(row[0], row[1]);
  const __m512i next_low = _mm512_unpacklo_epi8(row[2], row[3]), next_high = _mm512_unpackhi_epi8(row[2], row[3]);
  taps[0] = _mm512_unpacklo_epi16(low, next_low);
  taps[1] = _mm512_unpackhi_epi16(low, next_low);
  taps[2] = _mm512_unpacklo_epi16(high, next_high);
  taps[3] = _mm512_unpackhi_epi16(high, next_high);
}

static inline __attribute__((always_inline)) void add_column(const int8_t *weights, const __m512i taps[MASKD_VECTORS],
                                                             __m512i sums[MASKD_VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    sums[v] = _mm512_dpbusd_epi32(sums[v], taps[v], _mm512_loadu_si512(weights + v * 64));
}

static inline __attribute__((always_inline)) void begin_sums(const convolution *c, __m512i sums[MASKD_VECTORS]) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_VECTORS; v += 1)
    sums[v] = c->bias[v];
}

static inline __attribute__((always_inline)) void find_parts(const convolution *c, size_t part_bytes[QUARTERS]) {
  for (size_t i = 0; i < c->parts; i += 1)
    part_bytes[i] = c->apart[i] * c->window->pixel_step;
}

// Results as far apart as their taps: column `column` of the picture is tap `column - p` of result p. sums[0] belongs
// to the result that is complete next.
static inline __attribute__((always_inline)) void convolve_neighbours(shape s, convolution *c) {
  const size_t groups = groups_of(s.height), step = c->window->tap_step, columns = c->pixels_of_part + s.width - 1;
  const __mmask64 read = maskd_first(c->count);
  const int8_t *weights = c->weights;
  size_t part_bytes[QUARTERS];
  find_parts(c, part_bytes);
  __m512i sums[LARGEST_SHARED_WIDTH][MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < s.width; i += 1)
    begin_sums(c, sums[i]);
  for (size_t column = 0; column < columns; column += 1) {
#pragma clang loop unroll(full)
    for (size_t group = 0; group < groups; group += 1) {
      __m512i taps[MASKD_VECTORS];
      bring_together(s, c, group, column * step, part_bytes, read, taps);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < s.width; i += 1)
        add_column(weights + ((s.width - 1 - i) * groups + group) * WEIGHT_BYTES, taps, sums[i]);
    }
    if (column + 1 >= s.width)
      finish(s.way, s.parts, c, sums[0], column + 1 - s.width);
#pragma clang loop unroll(full)
    for (size_t i = 0; i + 1 < s.width; i += 1)
#pragma clang loop unroll(full)
      for (size_t v = 0; v < MASKD_VECTORS; v += 1)
        sums[i][v] = sums[i + 1][v];
    begin_sums(c, sums[s.width - 1]);
  }
}

// Three columns a result, two apart: the last column of one result is the first of the next.
static inline __attribute__((always_inline)) void convolve_every_other(shape s, convolution *c) {
  const size_t step = c->window->tap_step;
  const __mmask64 read = maskd_first(c->count);
  const int8_t *weights = c->weights;
  size_t part_bytes[QUARTERS];
  find_parts(c, part_bytes);
  __m512i last[MASKD_VECTORS];
  bring_together(s, c, 0, 0, part_bytes, read, last);
  for (size_t pixel = 0; pixel < c->pixels_of_part; pixel += 1) {
    __m512i taps[MASKD_VECTORS], sums[MASKD_VECTORS];
    begin_sums(c, sums);
    add_column(weights, last, sums);
    bring_together(s, c, 0, (2 * pixel + 1) * step, part_bytes, read, taps);
    add_column(weights + WEIGHT_BYTES, taps, sums);
    bring_together(s, c, 0, (2 * pixel + 2) * step, part_bytes, read, last);
    add_column(weights + 2 * WEIGHT_BYTES, last, sums);
    finish(s.way, s.parts, c, sums, pixel);
  }
}

static inline __attribute__((always_inline)) void convolve_apart(shape s, convolution *c) {
  const size_t groups = groups_of(s.height);
  const __mmask64 read = maskd_first(c->count);
  size_t part_bytes[QUARTERS];
  find_parts(c, part_bytes);
  for (size_t pixel = 0; pixel < c->pixels_of_part; pixel += 1) {
    const int8_t *weights = c->weights;
    __m512i sums[MASKD_VECTORS];
    begin_sums(c, sums);
    for (size_t x = 0; x < s.width; x += 1)
      for (size_t group = 0; group < groups; group += 1, weights += WEIGHT_BYTES) {
        __m512i taps[MASKD_VECTORS];
        bring_together(s, c, group, pixel * c->window->pixel_step + x * c->window->tap_step, part_bytes, read, taps);
        add_column(weights, taps, sums);
      }
    finish(s.way, s.parts, c, sums, pixel);
  }
}

static inline __attribute__((always_inline)) void convolve_parts(maskd_way way, size_t parts, convolution *c) {
  const maskd_depthwise_window *w = c->window;
  const bool are_neighbours = w->tap_step == w->pixel_step;
  if (are_neighbours && w->height == 3 && w->width == 3)
    convolve_neighbours((shape){way, parts, 3, 3}, c);
  else if (are_neighbours && w->height == 5 && w->width == 5)
    convolve_neighbours((shape){way, parts, 5, 5}, c);
  else if (w->pixel_step == 2 * w->tap_step && w->height == 3 && w->width == 3)
    convolve_every_other((shape){way, parts, 3, 3}, c);
  else
    convolve_apart((shape){way, parts, w->height, w->width}, c);
}

static void convolve_nearest(convolution *c) {
  if (c->parts == 1)
    convolve_parts(MASKD_WAY_NEAREST, 1, c);
  else if (c->parts == 2)
    convolve_parts(MASKD_WAY_NEAREST, 2, c);
  else
    convolve_parts(MASKD_WAY_NEAREST, 4, c);
}

static void convolve_nearest_signed(convolution *c) {
  if (c->parts == 1)
    convolve_parts(MASKD_WAY_NEAREST_SIGNED, 1, c);
  else if (c->parts == 2)
    convolve_parts(MASKD_WAY_NEAREST_SIGNED, 2, c);
  else
    convolve_parts(MASKD_WAY_NEAREST_SIGNED, 4, c);
}

static void convolve_float(convolution *c) {
  if (c->parts == 1)
    convolve_parts(MASKD_WAY_FLOAT, 1, c);
  else if (c->parts == 2)
    convolve_parts(MASKD_WAY_FLOAT, 2, c);
  else
    convolve_parts(MASKD_WAY_FLOAT, 4, c);
}

static void convolve_any(convolution *c) {
  if (c->parts == 1)
    convolve_parts(MASKD_WAY_ANY, 1, c);
  else if (c->parts == 2)
    convolve_parts(MASKD_WAY_ANY, 2, c);
  else
    convolve_parts(MASKD_WAY_ANY, 4, c);
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
  const size_t block_bytes = window->width * groups_of(window->height) * WEIGHT_BYTES;
  const maskd_way way = maskd_way_of(epilogue);
  convolution c = {.window = window, .epilogue = epilogue, .pixels = pixels};
  c.clamp = maskd_clamp_of(epilogue);
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
