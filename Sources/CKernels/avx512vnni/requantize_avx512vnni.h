#ifndef MASKD_AVX512VNNI_REQUANTIZE_H
#define MASKD_AVX512VNNI_REQUANTIZE_H

#include "kernels.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline)),  \
                             apply_to = function)

// The roundings of generic/requantize.h on sixteen values. 32 x 32 bits are multiplied on even lanes only, so the odd
// lanes are moved down first and their results back up.

static inline __m512i maskd_round_twice_avx512(__m512i x, __m512i multiplier, __m512i shift) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i left = _mm512_max_epi32(shift, zero);
  const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(zero, shift), zero);
  const __m512i shifted = _mm512_sllv_epi32(x, left);
  const __m512i half = _mm512_set1_epi64(INT64_C(1) << 30);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(shifted, multiplier), half);
  const __m512i odd =
      _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(shifted, 32), _mm512_srli_epi64(multiplier, 32)), half);
  const __m512i high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
  const __m512i threshold = _mm512_add_epi32(_mm512_srli_epi32(mask, 1), _mm512_srli_epi32(high, 31));
  const __mmask16 above = _mm512_cmpgt_epi32_mask(_mm512_and_si512(high, mask), threshold);
  const __m512i floor = _mm512_srav_epi32(high, right);
  return _mm512_mask_add_epi32(floor, above, floor, one);
}

static inline __m256i maskd_round_once_8_avx512(__m256i x, const double *scale) {
  const __m512d product = _mm512_mul_pd(_mm512_cvtepi32_pd(x), _mm512_loadu_pd(scale));
  const __m512d floored = _mm512_max_pd(product, _mm512_set1_pd(INT32_MIN));
  const __m512d bounded = _mm512_min_pd(floored, _mm512_set1_pd(INT32_MAX));
  const __m512d whole = _mm512_roundscale_pd(bounded, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  const __m512d rest = _mm512_sub_pd(bounded, whole), one = _mm512_set1_pd(1);
  const __mmask8 up = _mm512_cmp_pd_mask(rest, _mm512_set1_pd(0.5), _CMP_GE_OQ);
  const __mmask8 down = _mm512_cmp_pd_mask(rest, _mm512_set1_pd(-0.5), _CMP_LE_OQ);
  const __m512d raised = _mm512_mask_add_pd(whole, up, whole, one);
  return _mm512_cvttpd_epi32(_mm512_mask_sub_pd(raised, down, raised, one));
}

static inline __m512i maskd_round_once_avx512(__m512i x, const double *scale) {
  const __m256i low = maskd_round_once_8_avx512(_mm512_castsi512_si256(x), scale);
  const __m256i high = maskd_round_once_8_avx512(_mm512_extracti64x4_epi64(x, 1), scale + 8);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

static inline __m512i maskd_rescale_16_avx512(__m512i x, size_t column, const maskd_epilogue *to) {
  if (to->rounding == MASKD_ROUND_ONCE)
    return maskd_round_once_avx512(x, to->scale + column);
  return maskd_round_twice_avx512(x, _mm512_loadu_si512(to->multiplier + column),
                                  _mm512_loadu_si512(to->shift + column));
}

// Writes `count` results (none if it is 0, at most 16), from the sums, bias included, of the columns `column` ..<
// column + 16.
static inline void maskd_requantize_16_avx512(__m512i x, size_t column, size_t count, const maskd_epilogue *to,
                                              int8_t *result) {
  const __m512i scaled = maskd_rescale_16_avx512(x, column, to);
  const __m512i value = _mm512_add_epi32(scaled, _mm512_set1_epi32(to->zero_point));
  const __m512i floored = _mm512_max_epi32(value, _mm512_set1_epi32(to->minimum));
  const __m512i clamped = _mm512_min_epi32(floored, _mm512_set1_epi32(to->maximum));
  const __mmask16 written = (__mmask16)((UINT32_C(1) << (count < 16 ? count : 16)) - 1);
  const __m128i flip = _mm_set1_epi8((char)to->result_flip);
  _mm_mask_storeu_epi8(result, written, _mm_xor_si128(_mm512_cvtepi32_epi8(clamped), flip));
}

#pragma clang attribute pop

#endif
