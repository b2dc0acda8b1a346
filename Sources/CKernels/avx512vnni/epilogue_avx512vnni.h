#ifndef MASKD_AVX512VNNI_EPILOGUE_H
#define MASKD_AVX512VNNI_EPILOGUE_H

#include "kernels.h"
#include "requantize_avx512vnni.h"
#include <immintrin.h>
#include <math.h>

// From int32 sums, bias included, to results: up to 64 neighbouring columns (four vectors) of one row at a time.
//
// The two roundings of TFLite (generic/requantize.h) are one floor of a 64-bit product where the shift to the right,
// s, is at least 1. With high = floor((x * multiplier + 2^30) / 2^31), a result below zero is
// floor((high + 2^(s-1) - 1) / 2^s) and any other floor((high + 2^(s-1)) / 2^s); so
//
//   result = floor((x * multiplier + 2^30 + 2^(30+s) - (x < 0 ? 2^31 : 0)) / 2^(31+s))
//
// Where the activation cuts off at the zero point, what is below zero does not matter, and the last term is left out.
// The zero point is added in the same sum, as a multiple of 2^(31+s): up to s = 22 its high half has room for that.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

enum { MASKD_VECTORS = 4 };

typedef enum maskd_way { MASKD_WAY_FLOOR, MASKD_WAY_FLOOR_SIGNED, MASKD_WAY_ANY, MASKD_WAY_FLOAT } maskd_way;

// What the columns of a block share for all rows. Even and odd lanes of a vector are multiplied apart.
typedef struct maskd_column_constants {
  __m512i multiplier, odd_multiplier;
  __m512i rounding, odd_rounding; // 2^30 + 2^(30+s) + zero point * 2^(31+s)
  __m512i shift;                  // s - 1, in the order that taking high halves leaves
} maskd_column_constants;

static inline __attribute__((always_inline)) maskd_way maskd_way_of(const maskd_epilogue *to) {
  if (to->rounding == MASKD_TO_FLOAT)
    return MASKD_WAY_FLOAT;
  if (to->rounding != MASKD_ROUND_TWICE || !to->shifts_right)
    return MASKD_WAY_ANY;
  return to->minimum >= to->zero_point ? MASKD_WAY_FLOOR : MASKD_WAY_FLOOR_SIGNED;
}

// Padding may hold anything: shifts beyond the width give 0.
static inline __attribute__((always_inline)) maskd_column_constants
maskd_constants_of(__m512i multiplier, __m512i shift, const maskd_epilogue *to) {
  const int64_t zero_point = to->zero_point + (to->result_flip ? 128 : 0);
  const __m512i right = _mm512_sub_epi32(_mm512_setzero_si512(), shift);
  const __m512i half = _mm512_set1_epi64(INT64_C(1) << 30);
  const __m512i half_and_zero = _mm512_set1_epi64((INT64_C(1) << 30) + zero_point * (INT64_C(1) << 31));
  const __m512i even_right = _mm512_and_si512(right, _mm512_set1_epi64(UINT32_MAX));
  return (maskd_column_constants){
      .multiplier = multiplier,
      .odd_multiplier = _mm512_srli_epi64(multiplier, 32),
      .rounding = _mm512_add_epi64(half, _mm512_sllv_epi64(half_and_zero, even_right)),
      .odd_rounding = _mm512_add_epi64(half, _mm512_sllv_epi64(half_and_zero, _mm512_srli_epi64(right, 32))),
      .shift = _mm512_shuffle_epi32(_mm512_sub_epi32(right, _mm512_set1_epi32(1)), _MM_PERM_DBCA),
  };
}

// Sixteen results with their zero point (and 128 more where they are stored so); within each four the middle two have
// changed places.
static inline __attribute__((always_inline)) __m512i maskd_floored(__m512i x, const maskd_column_constants *c,
                                                                   bool is_signed) {
  const __m512i even_product = _mm512_mul_epi32(x, c->multiplier);
  const __m512i odd_product = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), c->odd_multiplier);
  __m512i even = _mm512_add_epi64(even_product, c->rounding);
  __m512i odd = _mm512_add_epi64(odd_product, c->odd_rounding);
  if (is_signed) {
    const __m512i below_zero = _mm512_set1_epi64(INT64_C(1) << 31);
    even = _mm512_mask_sub_epi64(even, _mm512_movepi64_mask(even_product), even, below_zero);
    odd = _mm512_mask_sub_epi64(odd, _mm512_movepi64_mask(odd_product), odd, below_zero);
  }
  const __m512 high = _mm512_shuffle_ps(_mm512_castsi512_ps(even), _mm512_castsi512_ps(odd), 0xdd);
  return _mm512_srav_epi32(_mm512_castps_si512(high), c->shift);
}

// What all results of a layer share: the range of its activation, which is mostly that of its bytes.
typedef struct maskd_clamp {
  __m512i minimum, maximum;
  bool is_unsigned, is_needed;
} maskd_clamp;

static inline __attribute__((always_inline)) maskd_clamp maskd_clamp_of(const maskd_epilogue *to) {
  const bool is_unsigned = to->result_flip != 0;
  return (maskd_clamp){
      .minimum = _mm512_set1_epi8((char)((uint8_t)to->minimum ^ to->result_flip)),
      .maximum = _mm512_set1_epi8((char)((uint8_t)to->maximum ^ to->result_flip)),
      .is_unsigned = is_unsigned,
      .is_needed = to->minimum > -128 || to->maximum < 127,
  };
}

// Saturating packs keep each quarter of a register to itself: byte 16q + 4v + i comes from vector v, quarter q.
static inline __attribute__((always_inline)) __m512i maskd_packed(const __m512i values[MASKD_VECTORS],
                                                                  const maskd_clamp *clamp) {
  const __m512i low = _mm512_packs_epi32(values[0], values[1]);
  const __m512i high = _mm512_packs_epi32(values[2], values[3]);
  if (clamp->is_unsigned) {
    const __m512i bytes = _mm512_packus_epi16(low, high);
    return clamp->is_needed ? _mm512_min_epu8(_mm512_max_epu8(bytes, clamp->minimum), clamp->maximum) : bytes;
  }
  const __m512i bytes = _mm512_packs_epi16(low, high);
  return clamp->is_needed ? _mm512_min_epi8(_mm512_max_epi8(bytes, clamp->minimum), clamp->maximum) : bytes;
}

// Puts the middle two of each four bytes back.
static inline __attribute__((always_inline)) __m512i maskd_swapped_back(__m512i bytes) {
  const __m128i order = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  return _mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order));
}

static inline __attribute__((always_inline)) __mmask64 maskd_first(size_t count) {
  return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

// Sixteen floats, written where `written` says; `range` (least, greatest) takes them in.
static inline __attribute__((always_inline)) void
maskd_float_16(__m512i x, size_t column, __mmask16 written, const maskd_epilogue *to, float *result, __m512 range[2]) {
  const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(x), _mm512_loadu_ps(to->factor + column),
                                        _mm512_loadu_ps(to->addend + column));
  const __m512 floored = _mm512_max_ps(scaled, _mm512_set1_ps(to->float_minimum));
  const __m512 value = _mm512_min_ps(floored, _mm512_set1_ps(to->float_maximum));
  _mm512_mask_storeu_ps(result, written, value);
  range[0] = _mm512_mask_min_ps(range[0], written, range[0], value);
  range[1] = _mm512_mask_max_ps(range[1], written, range[1], value);
}

static inline void maskd_take_range(const maskd_epilogue *to, const __m512 range[2]) {
  if (!to->range)
    return;
  const float least = _mm512_reduce_min_ps(range[0]), greatest = _mm512_reduce_max_ps(range[1]);
  to->range[0] = least < to->range[0] ? least : to->range[0];
  to->range[1] = greatest > to->range[1] ? greatest : to->range[1];
}

#pragma clang attribute pop

#endif
