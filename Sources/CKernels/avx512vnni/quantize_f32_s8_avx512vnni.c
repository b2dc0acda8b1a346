#if defined(__x86_64__)

#include "../generic/elementwise_f32.h"
#include "avx512vnni.h"
#include <immintrin.h>
#include <stdbool.h>

// Sixty-four values at a time, which two kinds of packs bring together. They saturate: nothing else clamps.
//
// Where the zero point is the least byte, as it is behind a RELU, what lies below zero saturates whichever way it is
// rounded: then only the way up matters, and the second pack puts the zero point in.

enum { VECTORS = 4, LANES = 16, STEP = VECTORS * LANES };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

// What all values share.
typedef struct quantizer {
  __m512 inverse;
  __m512i zero_point; // as shorts
  __m512i flip;       // from bytes as they are packed to bytes as they are stored
} quantizer;

static inline __attribute__((always_inline)) __m512i rounded(bool from_least, __m512 values, const quantizer *q) {
  const __m512 steps = _mm512_mul_ps(values, q->inverse), half = _mm512_set1_ps(maskd_almost_half);
  if (from_least)
    return _mm512_cvttps_epi32(_mm512_add_ps(steps, half));
  const __m512 sign = _mm512_set1_ps(-0.0f);
  return _mm512_cvttps_epi32(_mm512_add_ps(steps, _mm512_or_ps(_mm512_and_ps(steps, sign), half)));
}

static inline __attribute__((always_inline)) __m512i packed(bool from_least, const __m512 values[VECTORS],
                                                            const quantizer *q) {
  const __m512i low = _mm512_packs_epi32(rounded(from_least, values[0], q), rounded(from_least, values[1], q));
  const __m512i high = _mm512_packs_epi32(rounded(from_least, values[2], q), rounded(from_least, values[3], q));
  const __m512i bytes =
      from_least ? _mm512_packus_epi16(low, high)
                 : _mm512_packs_epi16(_mm512_adds_epi16(low, q->zero_point), _mm512_adds_epi16(high, q->zero_point));
  // Packs keep each quarter of a register to itself.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_xor_si512(_mm512_permutexvar_epi32(order, bytes), q->flip);
}

static inline __attribute__((always_inline)) void quantize(bool from_least, size_t count, const float *values,
                                                           const quantizer *q, int8_t *result) {
  __m512 four[VECTORS];
  size_t i = 0;
  for (; i + STEP <= count; i += STEP) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < VECTORS; v += 1)
      four[v] = _mm512_loadu_ps(values + i + v * LANES);
    _mm512_storeu_si512(result + i, packed(from_least, four, q));
  }
  if (i == count)
    return;
  const __mmask64 there = (UINT64_C(1) << (count - i)) - 1;
#pragma clang loop unroll(full)
  for (size_t v = 0; v < VECTORS; v += 1)
    four[v] = _mm512_maskz_loadu_ps((__mmask16)(there >> v * LANES), values + i + v * LANES);
  _mm512_mask_storeu_epi8(result + i, there, packed(from_least, four, q));
}

void maskd_quantize_f32_s8_avx512vnni(size_t count, const float *values, const maskd_quantization *to, int8_t *result) {
  const bool from_least = to->zero_point == INT8_MIN;
  const quantizer q = {
      .inverse = _mm512_set1_ps(to->inverse_scale),
      .zero_point = _mm512_set1_epi16((int16_t)to->zero_point),
      .flip = _mm512_set1_epi8((char)(from_least ? to->flip ^ 0x80 : to->flip)),
  };
  if (from_least)
    quantize(true, count, values, &q, result);
  else
    quantize(false, count, values, &q, result);
}

#pragma clang attribute pop

#endif
