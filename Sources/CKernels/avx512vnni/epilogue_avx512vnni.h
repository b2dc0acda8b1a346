#ifndef MASKD_AVX512VNNI_EPILOGUE_H
#define MASKD_AVX512VNNI_EPILOGUE_H

#include "kernels.h"
#include "requantize_avx512vnni.h"
#include <immintrin.h>
#include <math.h>

// From int32 sums, bias included, to results: up to 64 neighbouring columns (four vectors) of one row at a time.
//
// The two roundings of TFLite (generic/requantize.h) are one rounding of a real number where the shift to the right, s,
// is at least 1. With high = floor((x * multiplier + 2^30) / 2^31), a result below zero is
// floor((high + 2^(s-1) - 1) / 2^s) and any other floor((high + 2^(s-1)) / 2^s). So with d = 2^-(s+1)
//
//   result = floor(x * multiplier / 2^(31+s) + (x < 0 ? -d : d) + 1/2)
//
// Where the activation cuts off at the zero point the sign does not matter. A row with a result that float32 cannot be
// sure of is worked out again in integers.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

enum { MASKD_VECTORS = 4 };

typedef enum maskd_way {
  MASKD_WAY_NEAREST,
  MASKD_WAY_NEAREST_SIGNED,
  MASKD_WAY_PROVEN,
  MASKD_WAY_ANY,
  MASKD_WAY_FLOAT,
  MASKD_WAY_FLOAT_FROM_ZERO, // an activation keeps results from falling below zero
  MASKD_WAYS,
} maskd_way;

static inline __attribute__((always_inline)) bool maskd_is_float(maskd_way way) {
  return way == MASKD_WAY_FLOAT || way == MASKD_WAY_FLOAT_FROM_ZERO;
}

// The way of blocks that are not proven.
static inline __attribute__((always_inline)) maskd_way maskd_way_of(const maskd_epilogue *to) {
  if (to->rounding == MASKD_TO_FLOAT)
    return to->float_minimum >= 0 ? MASKD_WAY_FLOAT_FROM_ZERO : MASKD_WAY_FLOAT;
  if (to->rounding != MASKD_ROUND_TWICE || !to->shifts_right)
    return MASKD_WAY_ANY;
  return to->minimum >= to->zero_point ? MASKD_WAY_NEAREST : MASKD_WAY_NEAREST_SIGNED;
}

static inline __attribute__((always_inline)) __mmask64 maskd_first(size_t count) {
  return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

// The roundings in fixed point. 384 more than a result of int8 lies in 256 ..< 512, where float32 has a unit of 2^-15:
// bits 15 to 22 are the result plus 128, the bits below its fraction, and as numbers grow so do their bits, so that
// whatever lies beyond saturates. Half a unit of the result is added, to round down then.
//
// Rounding to 2^-15 aside, such a sum is wrong by less than 3 * 2^-16, for magnitudes of up to 255 before the zero
// point is added: by 2^-24 of that each for the conversion of x and the scale, and by 2^-16 for the addend. So it falls
// on the right side of an integer unless it is one of the two multiples of 2^-15 below it, the integer, or the one
// above. Two are added, and bits 2 to 14 are zero in these cases, which happens to one result in some 8000.

// What sixteen columns share for all rows.
typedef struct maskd_fixed_constants {
  __m512 scale;  // multiplier / 2^(31+s)
  __m512 addend; // all that is added, d included
  __m512i below; // the bits in which the addend for x < 0, where d is taken away, differs
} maskd_fixed_constants;

static inline __attribute__((always_inline)) maskd_fixed_constants
maskd_fixed_constants_from(__m512 scale, __m512 addend, __m512 below) {
  return (maskd_fixed_constants){
      .scale = scale,
      .addend = addend,
      .below = _mm512_castps_si512(_mm512_xor_ps(addend, below)),
  };
}

// d of sixteen columns, or 0 in padding, whose shift is 0 and which must not look unsure.
static inline __attribute__((always_inline)) __m512 maskd_fixed_d(const int32_t *shifts) {
  const __m512i shift = _mm512_loadu_si512(shifts);
  return _mm512_maskz_scalef_ps(_mm512_movepi32_mask(shift), _mm512_set1_ps(0.5f), _mm512_cvtepi32_ps(shift));
}

static inline __attribute__((always_inline)) maskd_fixed_constants maskd_fixed_constants_of(size_t column,
                                                                                            const maskd_epilogue *to) {
  const __m512 shift = _mm512_cvtepi32_ps(_mm512_loadu_si512(to->shift + column));
  const __m512 multiplier = _mm512_cvtepi32_ps(_mm512_loadu_si512(to->multiplier + column));
  const __m512 base = _mm512_set1_ps(384.5f + 0x1p-14f + (float)to->zero_point), d = maskd_fixed_d(to->shift + column);
  return maskd_fixed_constants_from(_mm512_scalef_ps(multiplier, _mm512_sub_ps(shift, _mm512_set1_ps(31))),
                                    _mm512_add_ps(base, d), _mm512_sub_ps(base, d));
}

// Sixteen results in fixed point.
static inline __attribute__((always_inline)) __m512i maskd_fixed(__m512i x, const maskd_fixed_constants *c,
                                                                 bool is_signed) {
  __m512 addend = c->addend;
  if (is_signed) {
    // addend ^ (all bits where x < 0 and below)
    const __m512i bits =
        _mm512_ternarylogic_epi32(_mm512_castps_si512(addend), _mm512_srai_epi32(x, 31), c->below, 0x78);
    addend = _mm512_castsi512_ps(bits);
  }
  return _mm512_castps_si512(_mm512_fmadd_ps(_mm512_cvtepi32_ps(x), c->scale, addend));
}

// Which lanes hold nothing that lies too close to the middle between two results to be sure of it.
static inline __attribute__((always_inline)) __mmask16 maskd_fixed_sure(const __m512i fixed[MASKD_VECTORS]) {
  const __m512i fraction = _mm512_set1_epi32(0x7ffc);
  __mmask16 sure = _mm512_test_epi32_mask(fixed[0], fraction);
#pragma clang loop unroll(full)
  for (size_t v = 1; v < MASKD_VECTORS; v += 1)
    sure = _mm512_mask_test_epi32_mask(sure, fixed[v], fraction);
  return sure;
}

// What all results of a layer share.
typedef struct maskd_fixed_clamp {
  __m512i minimum, maximum; // plus 128
  __m512i flip;             // from results plus 128 to results as they are stored
  bool is_needed;           // or the range of the activation is that of the bytes
  bool changes;             // or results plus 128 are stored as they are, if they are bytes
} maskd_fixed_clamp;

static inline __attribute__((always_inline)) maskd_fixed_clamp maskd_fixed_clamp_of(const maskd_epilogue *to) {
  const bool is_needed = to->minimum > INT8_MIN || to->maximum < INT8_MAX;
  return (maskd_fixed_clamp){
      .minimum = _mm512_set1_epi8((char)(to->minimum + 128)),
      .maximum = _mm512_set1_epi8((char)(to->maximum + 128)),
      .flip = _mm512_set1_epi8((char)(to->result_flip ^ 0x80)),
      .is_needed = is_needed,
      .changes = is_needed || to->result_flip == 0,
  };
}

// Saturating packs keep each quarter of a register to itself: byte 16q + 4v + i comes from vector v, quarter q.
static inline __attribute__((always_inline)) __m512i maskd_fixed_packed(const __m512i fixed[MASKD_VECTORS],
                                                                        const maskd_fixed_clamp *clamp) {
  const __m512i least = _mm512_set1_epi16((short)0x8700); // the upper bits of 256
  const __m512i low = _mm512_packus_epi32(_mm512_srai_epi32(fixed[0], 15), _mm512_srai_epi32(fixed[1], 15));
  const __m512i high = _mm512_packus_epi32(_mm512_srai_epi32(fixed[2], 15), _mm512_srai_epi32(fixed[3], 15));
  __m512i bytes = _mm512_packus_epi16(_mm512_subs_epu16(low, least), _mm512_subs_epu16(high, least));
  if (clamp->is_needed)
    bytes = _mm512_min_epu8(_mm512_max_epu8(bytes, clamp->minimum), clamp->maximum);
  return _mm512_xor_si512(bytes, clamp->flip);
}

// The rounding that prove_rounding found for a block, which needs no check. Its bias makes each sum the bits of a float
// from 2^23 on, where one step of the bits is 1: nothing is converted. What the product and the addend come to is the
// result plus 128 and 3 * 2^22, where floats are whole numbers: so it is rounded, and the low half of its bits is a
// short.

// Bias, scale and addend of sixteen columns. Returns which of them have some.
static inline __attribute__((always_inline)) __mmask16 maskd_load_proven(size_t column, const maskd_epilogue *to,
                                                                         __m512i *bias, maskd_fixed_constants *c) {
  *bias = _mm512_loadu_si512(to->proven_bias + column);
  c->scale = _mm512_loadu_ps(to->proven_scale + column);
  c->addend = _mm512_loadu_ps(to->proven_addend + column);
  return _mm512_cmp_ps_mask(c->scale, _mm512_setzero_ps(), _CMP_GE_OQ);
}

// Sixteen results plus 128, in the low halves.
static inline __attribute__((always_inline)) __m512i maskd_proven(__m512i x, const maskd_fixed_constants *c) {
  return _mm512_castps_si512(_mm512_fmadd_ps(_mm512_castsi512_ps(x), c->scale, c->addend));
}

// In the order of maskd_fixed_packed.
static inline __attribute__((always_inline)) __m512i maskd_proven_packed(const __m512i values[MASKD_VECTORS],
                                                                         const maskd_fixed_clamp *clamp) {
  const __m512i low_halves = _mm512_set_epi16(62, 60, 58, 56, 30, 28, 26, 24, 54, 52, 50, 48, 22, 20, 18, 16, 46, 44,
                                              42, 40, 14, 12, 10, 8, 38, 36, 34, 32, 6, 4, 2, 0);
  const __m512i low = _mm512_permutex2var_epi16(values[0], low_halves, values[1]);
  const __m512i high = _mm512_permutex2var_epi16(values[2], low_halves, values[3]);
  const __m512i bytes = _mm512_packus_epi16(low, high);
  if (!clamp->changes)
    return bytes;
  return _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(bytes, clamp->minimum), clamp->maximum), clamp->flip);
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
