#if defined(__x86_64__)

#include "../generic/elementwise_f32.h"
#include "avx512vnni.h"
#include <immintrin.h>

// Sixty-four values at a time, which two kinds of packs bring together. They saturate: nothing else clamps.

enum { VECTORS = 4, LANES = 16, STEP = VECTORS * LANES };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

static inline __attribute__((always_inline)) __m512i rounded(const float *values, __m512 inverse, __m512i zero_point) {
  const __m512 steps = _mm512_mul_ps(_mm512_loadu_ps(values), inverse);
  const __m512 sign = _mm512_set1_ps(-0.0f), half = _mm512_set1_ps(maskd_almost_half);
  const __m512 nudged = _mm512_add_ps(steps, _mm512_or_ps(_mm512_and_ps(steps, sign), half));
  return _mm512_add_epi32(_mm512_cvttps_epi32(nudged), zero_point);
}

void maskd_quantize_f32_s8_avx512vnni(size_t count, const float *values, const maskd_quantization *to, int8_t *result) {
  const maskd_quantization parameters = *to; // a copy, which no store through `result` can change
  const __m512 inverse = _mm512_set1_ps(to->inverse_scale);
  const __m512i zero_point = _mm512_set1_epi32(to->zero_point), flip = _mm512_set1_epi8((char)to->flip);
  // Packs keep each quarter of a register to itself.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  size_t i = 0;
  for (; i + STEP <= count; i += STEP) {
    const __m512i low =
        _mm512_packs_epi32(rounded(values + i, inverse, zero_point), rounded(values + i + LANES, inverse, zero_point));
    const __m512i high = _mm512_packs_epi32(rounded(values + i + 2 * LANES, inverse, zero_point),
                                            rounded(values + i + 3 * LANES, inverse, zero_point));
    const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
    _mm512_storeu_si512(result + i, _mm512_xor_si512(bytes, flip));
  }
  for (; i < count; i += 1)
    result[i] = maskd_quantized(values[i], &parameters);
}

#pragma clang attribute pop

#endif
