#ifndef MASKD_AVX512VNNI_PROVEN_ADD_H
#define MASKD_AVX512VNNI_PROVEN_ADD_H

#include "kernels.h"
#include "quads_avx512vnni.h"

// ADD in float32 without a check, which prove_add_s8 goes through for all pairs of values.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline)),  \
                             apply_to = function)

typedef struct maskd_proven_addition {
  __m512 left_factor, right_factor, addend; // of values plus 128, to the result plus 128
  __m512i left_flip, right_flip;            // from bytes as they are stored to values plus 128
  maskd_byte_range range;                   // plus 128
} maskd_proven_addition;

static inline maskd_proven_addition maskd_proven_addition_of(const maskd_add_s8_parameters *p) {
  return (maskd_proven_addition){
      .left_factor = _mm512_set1_ps(p->proven_left_factor),
      .right_factor = _mm512_set1_ps(p->proven_right_factor),
      .addend = _mm512_set1_ps(p->proven_addend),
      .left_flip = _mm512_set1_epi8((char)(p->left_flip ^ 0x80)),
      .right_flip = _mm512_set1_epi8((char)(p->right_flip ^ 0x80)),
      .range = maskd_byte_range_of(p->minimum + 128, p->maximum + 128, p->result_flip ^ 0x80),
  };
}

// Before it is rounded, from int32 lanes of values plus 128.
static inline __m512 maskd_proven_sum(__m512i left, __m512i right, const maskd_proven_addition *a) {
  const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(right), a->right_factor, a->addend);
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(left), a->left_factor, scaled);
}

// Rounded, in the low halves: from 3 * 2^22 on floats are whole numbers.
static inline __m512i maskd_whole(__m512 sum) {
  return _mm512_castps_si512(_mm512_add_ps(sum, _mm512_set1_ps(0x1.8p23f)));
}

static inline __m512i maskd_proven_added(__m512i left, __m512i right, const void *parameters) {
  const maskd_proven_addition *a = parameters;
  __m512i x[MASKD_QUADS], y[MASKD_QUADS], sums[MASKD_QUADS];
  maskd_to_quads(_mm512_xor_si512(left, a->left_flip), x);
  maskd_to_quads(_mm512_xor_si512(right, a->right_flip), y);
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1)
    sums[v] = maskd_whole(maskd_proven_sum(x[v], y[v], a));
  // The low halves in the order of saturating packs, which the second step is.
  const __m512i low_halves = _mm512_set_epi16(62, 60, 58, 56, 30, 28, 26, 24, 54, 52, 50, 48, 22, 20, 18, 16, 46, 44,
                                              42, 40, 14, 12, 10, 8, 38, 36, 34, 32, 6, 4, 2, 0);
  const __m512i low = _mm512_permutex2var_epi16(sums[0], low_halves, sums[1]);
  const __m512i high = _mm512_permutex2var_epi16(sums[2], low_halves, sums[3]);
  const __m512i bytes = maskd_in_order(_mm512_packus_epi16(low, high));
  const __m512i floored = _mm512_max_epu8(bytes, a->range.minimum);
  return _mm512_xor_si512(_mm512_min_epu8(floored, a->range.maximum), a->range.flip);
}

#pragma clang attribute pop

#endif
