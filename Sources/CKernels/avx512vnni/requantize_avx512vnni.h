#ifndef MASKD_AVX512VNNI_REQUANTIZE_H
#define MASKD_AVX512VNNI_REQUANTIZE_H

#include "kernels.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline)),  \
                             apply_to = function)

// The roundings of generic/requantize.h on sixteen values; even and odd lanes apart, because 32 x 32 bits are
// multiplied on even lanes only.

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

static inline __m512i maskd_round_even_lanes_once_avx512(__m512i x, __m512i multiplier, __m512i count) {
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(count, one));
  return _mm512_srav_epi64(_mm512_add_epi64(_mm512_mul_epi32(x, multiplier), half), count);
}

static inline __m512i maskd_round_once_avx512(__m512i x, __m512i multiplier, __m512i shift) {
  const __m512i count = _mm512_sub_epi32(_mm512_set1_epi32(31), shift);
  const __m512i low_half = _mm512_set1_epi64(0xffffffff);
  const __m512i even = maskd_round_even_lanes_once_avx512(x, multiplier, _mm512_and_si512(count, low_half));
  const __m512i odd = maskd_round_even_lanes_once_avx512(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(multiplier, 32),
                                                         _mm512_srli_epi64(count, 32));
  return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

// Writes `count` results (none if it is 0, at most 16), from the sums of the columns `column` ..< column + 16.
static inline void maskd_requantize_16_avx512(__m512i sums, size_t column, size_t count, const maskd_requantization *to,
                                              int8_t *result) {
  const __m512i x = _mm512_add_epi32(sums, _mm512_loadu_si512(to->bias + column));
  const __m512i multiplier = _mm512_loadu_si512(to->multiplier + column);
  const __m512i shift = _mm512_loadu_si512(to->shift + column);
  const __m512i scaled = to->rounding == MASKD_ROUND_ONCE ? maskd_round_once_avx512(x, multiplier, shift)
                                                          : maskd_round_twice_avx512(x, multiplier, shift);
  const __m512i value = _mm512_add_epi32(scaled, _mm512_set1_epi32(to->zero_point));
  const __m512i floored = _mm512_max_epi32(value, _mm512_set1_epi32(to->minimum));
  const __m512i clamped = _mm512_min_epi32(floored, _mm512_set1_epi32(to->maximum));
  const __mmask16 written = (__mmask16)((UINT32_C(1) << (count < 16 ? count : 16)) - 1);
  _mm_mask_storeu_epi8(result, written, _mm512_cvtepi32_epi8(clamped));
}

#pragma clang attribute pop

#endif
