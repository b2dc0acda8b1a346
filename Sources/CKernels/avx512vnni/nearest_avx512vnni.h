#ifndef MASKD_AVX512VNNI_NEAREST_H
#define MASKD_AVX512VNNI_NEAREST_H

#include "quads_avx512vnni.h"
#include "requantize_avx512vnni.h"

// Elementwise results are computed in float32 and rounded to the nearest step. Where a value lies so near to a tie that
// the errors of the float could decide, the whole vector is computed again in the integers that TFLite prescribes. So
// the results are exact, and nearly always quick.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline)),  \
                             apply_to = function)

// Rounds four vectors; returns whether all values are nearer to their whole number than `reach`.
static inline bool maskd_rounded_quads(const __m512 values[MASKD_QUADS], __m512 reach, __m512i quads[MASKD_QUADS]) {
  __m512 farthest = _mm512_setzero_ps();
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    quads[v] = _mm512_cvtps_epi32(values[v]);
    // What is left of the value, and the larger of two magnitudes.
    const __m512 rest = _mm512_reduce_ps(values[v], _MM_FROUND_TO_NEAREST_INT);
    farthest = _mm512_range_ps(farthest, rest, 0x0b);
  }
  return _mm512_cmp_ps_mask(farthest, reach, _CMP_NLT_UQ) == 0;
}

// The two roundings of TFLite, with one factor for all lanes.
static inline maskd_lanes_s32 maskd_rescaled_lanes(maskd_lanes_s32 x, int32_t multiplier, int32_t shift) {
  return (maskd_lanes_s32)maskd_round_twice_avx512((__m512i)x, _mm512_set1_epi32(multiplier), _mm512_set1_epi32(shift));
}

#pragma clang attribute pop

#endif
