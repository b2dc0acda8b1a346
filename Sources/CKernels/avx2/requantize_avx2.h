#ifndef MASKD_AVX2_REQUANTIZE_H
#define MASKD_AVX2_REQUANTIZE_H

#include "kernels.h"
#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"), always_inline)), apply_to = function)

// The roundings of generic/requantize.h on eight values. AVX2 multiplies 32 x 32 bits on even lanes only, so the odd
// lanes are moved down first and their results back up.

static inline __m256i maskd_round_twice_avx2(__m256i x, __m256i multiplier, __m256i shift) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i left = _mm256_max_epi32(shift, zero);
  const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero);
  const __m256i shifted = _mm256_sllv_epi32(x, left);
  const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(shifted, multiplier), half);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(shifted, 32), _mm256_srli_epi64(multiplier, 32)), half);
  const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
  const __m256i threshold = _mm256_add_epi32(_mm256_srli_epi32(mask, 1), _mm256_srli_epi32(high, 31));
  const __m256i above = _mm256_cmpgt_epi32(_mm256_and_si256(high, mask), threshold);
  return _mm256_sub_epi32(_mm256_srav_epi32(high, right), above);
}

static inline __m128i maskd_round_once_4_avx2(__m128i x, const double *scale) {
  const __m256d product = _mm256_mul_pd(_mm256_cvtepi32_pd(x), _mm256_loadu_pd(scale));
  const __m256d floored = _mm256_max_pd(product, _mm256_set1_pd(INT32_MIN));
  const __m256d bounded = _mm256_min_pd(floored, _mm256_set1_pd(INT32_MAX));
  const __m256d whole = _mm256_round_pd(bounded, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  const __m256d rest = _mm256_sub_pd(bounded, whole);
  const __m256d one = _mm256_set1_pd(1), half = _mm256_set1_pd(0.5), minus_half = _mm256_set1_pd(-0.5);
  const __m256d up = _mm256_and_pd(_mm256_cmp_pd(rest, half, _CMP_GE_OQ), one);
  const __m256d down = _mm256_and_pd(_mm256_cmp_pd(rest, minus_half, _CMP_LE_OQ), one);
  return _mm256_cvttpd_epi32(_mm256_sub_pd(_mm256_add_pd(whole, up), down));
}

static inline __m256i maskd_round_once_avx2(__m256i x, const double *scale) {
  return _mm256_setr_m128i(maskd_round_once_4_avx2(_mm256_castsi256_si128(x), scale),
                           maskd_round_once_4_avx2(_mm256_extracti128_si256(x, 1), scale + 4));
}

static inline __m256i maskd_rescale_8_avx2(__m256i x, size_t column, const maskd_epilogue *to) {
  if (to->rounding == MASKD_ROUND_ONCE)
    return maskd_round_once_avx2(x, to->scale + column);
  return maskd_round_twice_avx2(x, _mm256_loadu_si256((const __m256i *)(to->multiplier + column)),
                                _mm256_loadu_si256((const __m256i *)(to->shift + column)));
}

static inline __m256i maskd_biased_8_avx2(__m256i sums, size_t column, const maskd_epilogue *to) {
  return _mm256_add_epi32(sums, _mm256_loadu_si256((const __m256i *)(to->bias + column)));
}

static inline __m256i maskd_requantize_8_avx2(__m256i sums, size_t column, const maskd_epilogue *to) {
  const __m256i scaled = maskd_rescale_8_avx2(maskd_biased_8_avx2(sums, column, to), column, to);
  const __m256i value = _mm256_add_epi32(scaled, _mm256_set1_epi32(to->zero_point));
  const __m256i floored = _mm256_max_epi32(value, _mm256_set1_epi32(to->minimum));
  return _mm256_min_epi32(floored, _mm256_set1_epi32(to->maximum));
}

// Writes `count` (at most 16) results, from the sums of the columns `column` ..< column + 16.
static inline void maskd_requantize_16_avx2(__m256i low, __m256i high, size_t column, size_t count,
                                            const maskd_epilogue *to, int8_t *result) {
  const __m256i words =
      _mm256_packs_epi32(maskd_requantize_8_avx2(low, column, to), maskd_requantize_8_avx2(high, column + 8, to));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
  const __m128i flipped = _mm_xor_si128(bytes, _mm_set1_epi8((char)to->result_flip));
  if (count >= 16) {
    _mm_storeu_si128((__m128i *)result, flipped);
  } else {
    int8_t all[16];
    _mm_storeu_si128((__m128i *)all, flipped);
    memcpy(result, all, count);
  }
}

// Writes `count` (at most 8) floats. The range is taken over those alone.
static inline void maskd_float_8_avx2(__m256i sums, size_t column, size_t count, const maskd_epilogue *to,
                                      float *result) {
  const __m256 x = _mm256_cvtepi32_ps(maskd_biased_8_avx2(sums, column, to));
  const __m256 scaled =
      _mm256_add_ps(_mm256_mul_ps(x, _mm256_loadu_ps(to->factor + column)), _mm256_loadu_ps(to->addend + column));
  const __m256 floored = _mm256_max_ps(scaled, _mm256_set1_ps(to->float_minimum));
  float all[8];
  _mm256_storeu_ps(all, _mm256_min_ps(floored, _mm256_set1_ps(to->float_maximum)));
  const size_t written = count < 8 ? count : 8;
  memcpy(result, all, written * sizeof(float));
  for (size_t i = 0; to->range && i < written; i += 1) {
    to->range[0] = all[i] < to->range[0] ? all[i] : to->range[0];
    to->range[1] = all[i] > to->range[1] ? all[i] : to->range[1];
  }
}

// Writes `count` (at most 16) results of the columns `column` ..< column + 16 as the elements from `index` on of a row.
static inline void maskd_finish_16_avx2(__m256i low, __m256i high, size_t column, size_t count,
                                        const maskd_epilogue *to, void *row, size_t index) {
  if (to->rounding != MASKD_TO_FLOAT) {
    maskd_requantize_16_avx2(low, high, column, count, to, (int8_t *)row + index);
    return;
  }
  maskd_float_8_avx2(low, column, count, to, (float *)row + index);
  if (count > 8)
    maskd_float_8_avx2(high, column + 8, count - 8, to, (float *)row + index + 8);
}

#pragma clang attribute pop

#endif
