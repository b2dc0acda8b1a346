#if defined(__x86_64__)

#include "../partial.h"
#include "avx2.h"
#include "epilogue_avx2.h"

// Sixteen channels at a time. Two rows of the window are interleaved as int16, so that one pmaddwd multiplies and adds
// both; under an odd number of rows lies one of zeros. Where results are neighbours as their taps are, each column of
// the picture is widened and interleaved once and added to all results that see it.
//
// Interleaving keeps to the halves of a register: `low` sums channels 0-3 and 8-11 of the block, `high` 4-7 and 12-15,
// which is what a saturating pack undoes. Weights lie in that order: block, column, pair of rows, low and high. The
// last block is moved back so that it is whole, where there are enough channels.

enum { CHANNELS = 16, WEIGHTS = 2 * CHANNELS, LARGEST_SHARED_WIDTH = 5 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static inline size_t pairs_of(size_t height) {
  return height / 2 + height % 2;
}

static inline size_t start_of_block(size_t block, size_t channels) {
  return channels >= CHANNELS && block + CHANNELS > channels ? channels - CHANNELS : block;
}

size_t maskd_packed_depthwise_s8_bytes_avx2(size_t height, size_t width, size_t channels) {
  size_t bytes = channels / CHANNELS + (channels % CHANNELS != 0);
  if (__builtin_mul_overflow(bytes, pairs_of(height), &bytes) || __builtin_mul_overflow(bytes, width, &bytes) ||
      __builtin_mul_overflow(bytes, WEIGHTS * sizeof(int16_t), &bytes))
    return SIZE_MAX;
  return bytes;
}

void maskd_pack_depthwise_s8_avx2(size_t height, size_t width, size_t channels, const int8_t *weights, void *packed) {
  int16_t *to = packed;
  for (size_t block = 0; block < channels; block += CHANNELS)
    for (size_t x = 0; x < width; x += 1)
      for (size_t pair = 0; pair < height; pair += 2)
        for (size_t place = 0; place < CHANNELS; place += 1) {
          // Places 0-7 are `low`: channels 0-3, then 8-11.
          const size_t channel = start_of_block(block, channels) + place / 8 * 4 + place / 4 % 2 * 8 + place % 4;
          for (size_t y = pair; y < pair + 2; y += 1, to += 1)
            *to = y < height && channel < channels ? weights[(y * width + x) * channels + channel] : 0;
        }
}

typedef struct sixteen {
  __m256i low, high;
} sixteen;

// One call of the kernel, and the block of channels that is computed now.
typedef struct convolution {
  const maskd_depthwise_window *window;
  const int8_t *const *rows;
  const maskd_epilogue *epilogue;
  size_t pixels;
  size_t channel, count;  // of the block: its first channel, and how many there are from there on
  const int16_t *weights; // of the block
  char *result;           // where the block's first channel of result 0 goes
  maskd_clamp clamp;
  sixteen bias;
  maskd_column_constants low, high;
} convolution;

// Sixteen values of an array that is padded, in the order of the channels above.
static inline sixteen gather(const int32_t *values) {
  const __m256i first = _mm256_loadu_si256((const __m256i *)values);
  const __m256i second = _mm256_loadu_si256((const __m256i *)(values + 8));
  return (sixteen){_mm256_permute2x128_si256(first, second, 0x20), _mm256_permute2x128_si256(first, second, 0x31)};
}

static inline void begin_block(convolution *c, maskd_way way) {
  c->bias = gather(c->epilogue->bias + c->channel);
  if (way == MASKD_WAY_ANY)
    return;
  const sixteen multiplier = gather(c->epilogue->multiplier + c->channel);
  const sixteen shift = gather(c->epilogue->shift + c->channel);
  c->low = maskd_constants_of(multiplier.low, shift.low);
  c->high = maskd_constants_of(multiplier.high, shift.high);
}

static __attribute__((noinline)) void finish_any(const convolution *c, __m256i low, __m256i high, size_t pixel) {
  // The bias is added once more there.
  const __m256i less_low = _mm256_sub_epi32(low, c->bias.low), less_high = _mm256_sub_epi32(high, c->bias.high);
  maskd_finish_16_avx2(_mm256_permute2x128_si256(less_low, less_high, 0x20),
                       _mm256_permute2x128_si256(less_low, less_high, 0x31), c->channel, c->count, c->epilogue,
                       c->result + pixel * c->window->result_step, 0);
}

static inline __attribute__((always_inline)) void finish(maskd_way way, const convolution *c, sixteen sums,
                                                         size_t pixel) {
  if (way == MASKD_WAY_ANY) {
    finish_any(c, sums.low, sums.high, pixel);
    return;
  }
  __m256 farthest = _mm256_setzero_ps();
  const __m256i low = maskd_nearest(sums.low, &c->low, way == MASKD_WAY_NEAREST_SIGNED, &farthest);
  const __m256i high = maskd_nearest(sums.high, &c->high, way == MASKD_WAY_NEAREST_SIGNED, &farthest);
  if (__builtin_expect(maskd_is_unsure(farthest), false)) {
    finish_any(c, sums.low, sums.high, pixel);
    return;
  }
  maskd_store_first_avx2(maskd_clamped(_mm256_packs_epi32(low, high), &c->clamp), c->count,
                         (int8_t *)c->result + pixel * c->window->result_step);
}

static inline __attribute__((always_inline)) __m256i widened(const convolution *c, size_t row, size_t offset) {
  const int8_t *from = c->rows[row] + c->channel + offset;
  if (c->count >= CHANNELS)
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
  const maskd_sixteen_bytes part = maskd_load_part_of_sixteen(from, c->count);
  return _mm256_cvtepi8_epi16(_mm_set_epi64x((int64_t)part.high, (int64_t)part.low));
}

// A pair of rows in one column. A row beyond the window reads as zero.
static inline __attribute__((always_inline)) sixteen interleaved(const convolution *c, size_t height, size_t row,
                                                                 size_t offset) {
  const __m256i upper = widened(c, row, offset);
  const __m256i lower = row + 1 < height ? widened(c, row + 1, offset) : _mm256_setzero_si256();
  return (sixteen){_mm256_unpacklo_epi16(upper, lower), _mm256_unpackhi_epi16(upper, lower)};
}

static inline __attribute__((always_inline)) void add_pair(const int16_t *weights, sixteen taps, sixteen *sums) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)weights);
  const __m256i high = _mm256_loadu_si256((const __m256i *)(weights + CHANNELS));
  sums->low = _mm256_add_epi32(sums->low, _mm256_madd_epi16(taps.low, low));
  sums->high = _mm256_add_epi32(sums->high, _mm256_madd_epi16(taps.high, high));
}

// Results as far apart as their taps: column `column` of the picture is tap `column - p` of result p. sums[0] belongs
// to the result that is complete next.
static inline __attribute__((always_inline)) void convolve_neighbours(maskd_way way, const convolution *c,
                                                                      size_t height, size_t width) {
  const size_t pairs = pairs_of(height);
  sixteen sums[LARGEST_SHARED_WIDTH];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < width; i += 1)
    sums[i] = c->bias;
  for (size_t column = 0; column < c->pixels + width - 1; column += 1) {
#pragma clang loop unroll(full)
    for (size_t pair = 0; pair < pairs; pair += 1) {
      const sixteen taps = interleaved(c, height, 2 * pair, column * c->window->tap_step);
#pragma clang loop unroll(full)
      for (size_t i = 0; i < width; i += 1)
        add_pair(c->weights + ((width - 1 - i) * pairs + pair) * WEIGHTS, taps, &sums[i]);
    }
    if (column + 1 >= width)
      finish(way, c, sums[0], column + 1 - width);
#pragma clang loop unroll(full)
    for (size_t i = 0; i + 1 < width; i += 1)
      sums[i] = sums[i + 1];
    sums[width - 1] = c->bias;
  }
}

static inline __attribute__((always_inline)) void convolve_apart(maskd_way way, const convolution *c, size_t height,
                                                                 size_t width) {
  for (size_t pixel = 0; pixel < c->pixels; pixel += 1) {
    const int16_t *weights = c->weights;
    sixteen sums = c->bias;
    for (size_t x = 0; x < width; x += 1)
      for (size_t row = 0; row < height; row += 2, weights += WEIGHTS)
        add_pair(weights, interleaved(c, height, row, pixel * c->window->pixel_step + x * c->window->tap_step), &sums);
    finish(way, c, sums, pixel);
  }
}

static inline __attribute__((always_inline)) void convolve(maskd_way way, const convolution *c) {
  const maskd_depthwise_window *w = c->window;
  const bool are_neighbours = w->tap_step == w->pixel_step;
  if (are_neighbours && w->height == 3 && w->width == 3)
    convolve_neighbours(way, c, 3, 3);
  else if (are_neighbours && w->height == 5 && w->width == 5)
    convolve_neighbours(way, c, 5, 5);
  else if (w->height == 3 && w->width == 3)
    convolve_apart(way, c, 3, 3);
  else
    convolve_apart(way, c, w->height, w->width);
}

static void convolve_any(const convolution *c) {
  convolve_apart(MASKD_WAY_ANY, c, c->window->height, c->window->width);
}

static void convolve_nearest(const convolution *c) {
  convolve(MASKD_WAY_NEAREST, c);
}

static void convolve_nearest_signed(const convolution *c) {
  convolve(MASKD_WAY_NEAREST_SIGNED, c);
}

static void convolve_row(maskd_way way, const convolution *c) {
  if (way == MASKD_WAY_NEAREST)
    convolve_nearest(c);
  else if (way == MASKD_WAY_NEAREST_SIGNED)
    convolve_nearest_signed(c);
  else
    convolve_any(c);
}

void maskd_depthwise_s8_avx2(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                             const int8_t *const *taps, const void *packed, void *result,
                             const maskd_epilogue *epilogue) {
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  const size_t block_weights = window->width * pairs_of(window->height) * WEIGHTS;
  const maskd_way way = maskd_way_of(epilogue);
  convolution c = {.window = window, .epilogue = epilogue, .pixels = pixels};
  c.clamp = maskd_clamp_of(epilogue);
  for (size_t block = 0; block < channels; block += CHANNELS) {
    c.channel = start_of_block(block, channels);
    c.count = channels - c.channel;
    c.weights = (const int16_t *)packed + block / CHANNELS * block_weights;
    begin_block(&c, way);
    for (size_t row = 0; row < rows; row += 1) {
      c.rows = taps + row * window->height;
      c.result = (char *)result + row * pixels * window->result_step + c.channel * element_bytes;
      convolve_row(way, &c);
    }
  }
}

#pragma clang attribute pop

#endif
