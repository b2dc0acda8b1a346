#ifndef MASKD_AVX2_NEAREST_H
#define MASKD_AVX2_NEAREST_H

#include "quads_avx2.h"
#include "requantize_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"), always_inline)), apply_to = function)

// Rounds four vectors; returns whether all values are nearer to their whole number than `reach` (nearest.h).
static inline bool maskd_rounded_quads(const __m256 values[MASKD_QUADS], __m256 reach, __m256i quads[MASKD_QUADS]) {
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MAX));
  __m256 farthest = _mm256_setzero_ps();
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    quads[v] = _mm256_cvtps_epi32(values[v]);
    const __m256 rest = _mm256_sub_ps(values[v], _mm256_cvtepi32_ps(quads[v]));
    farthest = _mm256_max_ps(farthest, _mm256_and_ps(rest, magnitude));
  }
  return _mm256_movemask_ps(_mm256_cmp_ps(farthest, reach, _CMP_NLT_UQ)) == 0;
}

// The two roundings of TFLite, with one factor for all lanes.
static inline maskd_lanes_s32 maskd_rescaled_lanes(maskd_lanes_s32 x, int32_t multiplier, int32_t shift) {
  return (maskd_lanes_s32)maskd_round_twice_avx2((__m256i)x, _mm256_set1_epi32(multiplier), _mm256_set1_epi32(shift));
}

#pragma clang attribute pop

#endif
