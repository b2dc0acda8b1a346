#if defined(__x86_64__)

#include "avx512vnni.h"
#include "requantize_avx512vnni.h"

// Thirty-two channels of two pixels at a time. Two taps are interleaved, so that one vpdpwssd multiplies and adds both.
// Channels beyond the last are masked: a masked byte is not read.

enum { PIXELS = 2, CHANNELS = 32 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// The unpack instructions work within quarters: `low` sums the first four channels of each quarter, `high` the rest.
typedef struct accumulators {
  __m512i low[PIXELS];
  __m512i high[PIXELS];
} accumulators;

static inline __attribute__((always_inline)) __m512i widened(const int8_t *from, __mmask32 read) {
  return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(read, from));
}

static inline __attribute__((always_inline)) void multiply_two_taps(size_t pixels, size_t taps, size_t tap,
                                                                    const int8_t *const *operands, size_t channel,
                                                                    __mmask32 read, __m512i weights,
                                                                    __m512i next_weights, accumulators *sums) {
  const __m512i low = _mm512_unpacklo_epi16(weights, next_weights);
  const __m512i high = _mm512_unpackhi_epi16(weights, next_weights);
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1) {
    const __m512i x = widened(operands[p * taps + tap] + channel, read);
    const __m512i next = tap + 1 < taps ? widened(operands[p * taps + tap + 1] + channel, read) : x;
    sums->low[p] = _mm512_dpwssd_epi32(sums->low[p], _mm512_unpacklo_epi16(x, next), low);
    sums->high[p] = _mm512_dpwssd_epi32(sums->high[p], _mm512_unpackhi_epi16(x, next), high);
  }
}

static inline __attribute__((always_inline)) void store_channels(__m512i low, __m512i high, size_t channel,
                                                                 size_t count, const maskd_epilogue *epilogue,
                                                                 int8_t *result) {
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  const __m512i bias = _mm512_loadu_si512(epilogue->bias + channel);
  const __m512i x = _mm512_add_epi32(_mm512_permutex2var_epi32(low, first, high), bias);
  maskd_requantize_16_avx512(x, channel, count, epilogue, result);
  if (count <= 16)
    return;
  const __m512i next_bias = _mm512_loadu_si512(epilogue->bias + channel + 16);
  const __m512i next = _mm512_add_epi32(_mm512_permutex2var_epi32(low, second, high), next_bias);
  maskd_requantize_16_avx512(next, channel + 16, count - 16, epilogue, result + 16);
}

static inline __attribute__((always_inline)) void convolve_pixels(size_t pixels, size_t channels, size_t taps,
                                                                  const int8_t *const *operands, const int16_t *weights,
                                                                  int8_t *result, size_t result_stride,
                                                                  const maskd_epilogue *epilogue) {
  const size_t weight_stride = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  for (size_t channel = 0; channel < channels; channel += CHANNELS) {
    const size_t count = channels - channel;
    const __mmask32 read = count >= CHANNELS ? UINT32_MAX : (UINT32_C(1) << count) - 1;
    const int16_t *from = weights + channel;
    accumulators sums;
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels; p += 1)
      sums.low[p] = sums.high[p] = _mm512_setzero_si512();
    size_t tap = 0;
    for (; tap + 2 <= taps; tap += 2, from += 2 * weight_stride)
      multiply_two_taps(pixels, taps, tap, operands, channel, read, _mm512_loadu_si512(from),
                        _mm512_loadu_si512(from + weight_stride), &sums);
    if (tap < taps)
      multiply_two_taps(pixels, taps, tap, operands, channel, read, _mm512_loadu_si512(from), _mm512_setzero_si512(),
                        &sums);
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels; p += 1)
      store_channels(sums.low[p], sums.high[p], channel, count, epilogue, result + p * result_stride + channel);
  }
}

void maskd_depthwise_s8_s16_avx512vnni(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                       const int16_t *weights, int8_t *result, size_t result_stride,
                                       const maskd_epilogue *epilogue) {
  for (; pixels >= PIXELS; pixels -= PIXELS, operands += PIXELS * taps, result += PIXELS * result_stride)
    convolve_pixels(PIXELS, channels, taps, operands, weights, result, result_stride, epilogue);
  if (pixels > 0)
    convolve_pixels(1, channels, taps, operands, weights, result, result_stride, epilogue);
}

#pragma clang attribute pop

#endif
