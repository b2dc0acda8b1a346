#ifndef MASKD_AVX2_EPILOGUE_H
#define MASKD_AVX2_EPILOGUE_H

#include "requantize_avx2.h"

// From int32 sums, bias included, to sixteen int8 results of one row.
//
// The two roundings of TFLite (generic/requantize.h) are one rounding of a real number where the shift to the right, s,
// is at least 1: with d = 2^-(s+1)
//
//   result = floor(x * multiplier / 2^(31+s) + (x < 0 ? -d : d) + 1/2)
//
// Where the activation cuts off at the zero point the sign does not matter. The sum is worked out in float32, where
// results that are not clamped anyway (below 512 in magnitude) are wrong by less than 2^-13: the conversion of x, the
// scale and their product by 2^-24 of 512 each, the sum by half of 2^-15. A result that lies closer than that to the
// middle between two integers is worked out again in integers, and its neighbours with it.

#pragma clang attribute push(__attribute__((target("avx2"), always_inline)), apply_to = function)

typedef enum maskd_way { MASKD_WAY_NEAREST, MASKD_WAY_NEAREST_SIGNED, MASKD_WAY_ANY } maskd_way;

static inline maskd_way maskd_way_of(const maskd_epilogue *to) {
  if (to->rounding != MASKD_ROUND_TWICE || !to->shifts_right)
    return MASKD_WAY_ANY;
  return to->minimum >= to->zero_point ? MASKD_WAY_NEAREST : MASKD_WAY_NEAREST_SIGNED;
}

// What eight columns share for all rows.
typedef struct maskd_column_constants {
  __m256 scale;  // multiplier / 2^(31+s)
  __m256 addend; // d
} maskd_column_constants;

// 2^exponent.
static inline __m256 maskd_powers_of_two(__m256i exponent) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(127)), 23));
}

// Padding, whose shift is 0, becomes 0: it must not look unsure.
static inline maskd_column_constants maskd_constants_of(__m256i multiplier, __m256i shift) {
  const __m256 is_column = _mm256_castsi256_ps(_mm256_srai_epi32(shift, 31));
  const __m256 scale = maskd_powers_of_two(_mm256_sub_epi32(shift, _mm256_set1_epi32(31)));
  const __m256 half_step = maskd_powers_of_two(_mm256_sub_epi32(shift, _mm256_set1_epi32(1)));
  return (maskd_column_constants){
      .scale = _mm256_and_ps(is_column, _mm256_mul_ps(_mm256_cvtepi32_ps(multiplier), scale)),
      .addend = _mm256_and_ps(is_column, half_step),
  };
}

// Eight results without the zero point. `farthest` takes in how far they were from what they were rounded from.
static inline __m256i maskd_nearest(__m256i x, const maskd_column_constants *c, bool is_signed, __m256 *farthest) {
  const __m256 sign = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MIN));
  const __m256 addend = is_signed ? _mm256_or_ps(_mm256_and_ps(_mm256_castsi256_ps(x), sign), c->addend) : c->addend;
  const __m256 value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(x), c->scale), addend);
  const __m256i nearest = _mm256_cvtps_epi32(value);
  const __m256 distance = _mm256_sub_ps(value, _mm256_cvtepi32_ps(nearest));
  *farthest = _mm256_max_ps(*farthest, _mm256_andnot_ps(sign, distance));
  return nearest;
}

// Whether some result lay too close to the middle to be sure of it.
static inline bool maskd_is_unsure(__m256 farthest) {
  return _mm256_movemask_ps(_mm256_cmp_ps(farthest, _mm256_set1_ps(0.5f - 0x1p-13f), _CMP_NLE_UQ)) != 0;
}

// What all results of a layer share.
typedef struct maskd_clamp {
  __m256i zero_point;
  __m128i minimum, maximum, flip;
} maskd_clamp;

static inline maskd_clamp maskd_clamp_of(const maskd_epilogue *to) {
  return (maskd_clamp){
      .zero_point = _mm256_set1_epi16((short)to->zero_point),
      .minimum = _mm_set1_epi8((char)to->minimum),
      .maximum = _mm_set1_epi8((char)to->maximum),
      .flip = _mm_set1_epi8((char)to->result_flip),
  };
}

// Sixteen results, int16 in their order, as bytes.
static inline __m128i maskd_clamped(__m256i values, const maskd_clamp *clamp) {
  const __m256i moved = _mm256_adds_epi16(values, clamp->zero_point);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(moved), _mm256_extracti128_si256(moved, 1));
  return _mm_xor_si128(_mm_min_epi8(_mm_max_epi8(bytes, clamp->minimum), clamp->maximum), clamp->flip);
}

// Writes the first `count` (16 at most) of the bytes.
static inline void maskd_store_first_avx2(__m128i bytes, size_t count, int8_t *result) {
  if (count >= 16) {
    _mm_storeu_si128((__m128i *)result, bytes);
    return;
  }
  int8_t all[16];
  _mm_storeu_si128((__m128i *)all, bytes);
  memcpy(result, all, count);
}

#pragma clang attribute pop

#endif
