#if defined(__x86_64__)

#include "../partial.h"
#include "avx2.h"
#include "requantize_avx2.h"

// Sixteen channels of two pixels at a time. Two taps are interleaved, so that one pmaddwd multiplies and adds both.

enum { PIXELS = 2, CHANNELS = 16 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// `count` (at most 16) activations as int16.
static inline __attribute__((always_inline)) __m256i widened(const int8_t *from, size_t count) {
  if (count >= CHANNELS)
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
  const maskd_sixteen_bytes part = maskd_load_part_of_sixteen(from, count);
  return _mm256_cvtepi8_epi16(_mm_set_epi64x((int64_t)part.high, (int64_t)part.low));
}

// The unpack instructions work within halves: `low` sums channels 0-3 and 8-11, `high` 4-7 and 12-15.
typedef struct accumulators {
  __m256i low[PIXELS];
  __m256i high[PIXELS];
} accumulators;

static inline __attribute__((always_inline)) void multiply_two_taps(size_t pixels, size_t taps, size_t tap,
                                                                    const int8_t *const *operands, size_t channel,
                                                                    size_t count, __m256i weights, __m256i next_weights,
                                                                    accumulators *sums) {
  const __m256i low = _mm256_unpacklo_epi16(weights, next_weights);
  const __m256i high = _mm256_unpackhi_epi16(weights, next_weights);
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1) {
    const __m256i x = widened(operands[p * taps + tap] + channel, count);
    const __m256i next = tap + 1 < taps ? widened(operands[p * taps + tap + 1] + channel, count) : x;
    sums->low[p] = _mm256_add_epi32(sums->low[p], _mm256_madd_epi16(_mm256_unpacklo_epi16(x, next), low));
    sums->high[p] = _mm256_add_epi32(sums->high[p], _mm256_madd_epi16(_mm256_unpackhi_epi16(x, next), high));
  }
}

static inline __attribute__((always_inline)) void
convolve_channels(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands, const int16_t *weights,
                  size_t channel, size_t count, int8_t *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const size_t weight_stride = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  const int16_t *from = weights + channel;
  accumulators sums;
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1)
    sums.low[p] = sums.high[p] = _mm256_setzero_si256();
  size_t tap = 0;
  for (; tap + 2 <= taps; tap += 2, from += 2 * weight_stride)
    multiply_two_taps(pixels, taps, tap, operands, channel, count, _mm256_loadu_si256((const __m256i *)from),
                      _mm256_loadu_si256((const __m256i *)(from + weight_stride)), &sums);
  if (tap < taps)
    multiply_two_taps(pixels, taps, tap, operands, channel, count, _mm256_loadu_si256((const __m256i *)from),
                      _mm256_setzero_si256(), &sums);
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1)
    maskd_finish_16_avx2(_mm256_permute2x128_si256(sums.low[p], sums.high[p], 0x20),
                         _mm256_permute2x128_si256(sums.low[p], sums.high[p], 0x31), channel, count, epilogue,
                         result + p * result_stride, channel);
}

static inline __attribute__((always_inline)) void convolve_pixels(size_t pixels, size_t channels, size_t taps,
                                                                  const int8_t *const *operands, const int16_t *weights,
                                                                  int8_t *result, size_t result_stride,
                                                                  const maskd_epilogue *epilogue) {
  size_t channel = 0;
  for (; channel + CHANNELS <= channels; channel += CHANNELS)
    convolve_channels(pixels, channels, taps, operands, weights, channel, CHANNELS, result, result_stride, epilogue);
  if (channel < channels)
    convolve_channels(pixels, channels, taps, operands, weights, channel, channels - channel, result, result_stride,
                      epilogue);
}

void maskd_depthwise_s8_s16_avx2(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                 const int16_t *weights, int8_t *result, size_t result_stride,
                                 const maskd_epilogue *epilogue) {
  for (; pixels >= PIXELS; pixels -= PIXELS, operands += PIXELS * taps, result += PIXELS * result_stride)
    convolve_pixels(PIXELS, channels, taps, operands, weights, result, result_stride, epilogue);
  if (pixels > 0)
    convolve_pixels(1, channels, taps, operands, weights, result, result_stride, epilogue);
}

#pragma clang attribute pop

#endif
