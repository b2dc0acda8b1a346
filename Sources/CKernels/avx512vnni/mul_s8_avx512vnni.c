#if defined(__x86_64__)

#include "../nearest.h"
#include "../runs.h"
#include "avx512vnni.h"
#include "nearest_avx512vnni.h"
#include "requantize_avx512vnni.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

typedef struct multiplication {
  __m512 left_zero, right_zero; // with what makes a float of a byte
  __m512 factor, reach;
  __m512i nudge, zero_point;
  maskd_byte_range range;
  const maskd_mul_s8_parameters *parameters;
} multiplication;

// As the lowest bits of 2^23 a byte is a float: 2^23 + byte.
static const float byte_base = 0x1p23f;

static inline multiplication multiplication_of(const maskd_mul_s8_parameters *p) {
  const maskd_scaled_product product = maskd_scaled_product_of(p);
  return (multiplication){
      .left_zero = _mm512_set1_ps(byte_base + (float)(p->left_zero_point + 128)),
      .right_zero = _mm512_set1_ps(byte_base + (float)(p->right_zero_point + 128)),
      .factor = _mm512_set1_ps(product.factor),
      .reach = _mm512_set1_ps(product.reach),
      .nudge = _mm512_castps_si512(_mm512_set1_ps(product.nudge)),
      .zero_point = _mm512_set1_epi16((short)p->zero_point),
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .parameters = p,
  };
}

static inline __attribute__((always_inline)) __m512 less_zero(__m512i quad, __m512 zero) {
  const __m512i base = _mm512_castps_si512(_mm512_set1_ps(byte_base));
  return _mm512_sub_ps(_mm512_castsi512_ps(_mm512_or_si512(quad, base)), zero);
}

static __attribute__((noinline)) __m512i product_in_integers(__m512i left, __m512i right,
                                                             const maskd_mul_s8_parameters *p) {
  const __m512i left_zero = _mm512_set1_epi32(p->left_zero_point + 128);
  const __m512i right_zero = _mm512_set1_epi32(p->right_zero_point + 128);
  __m512i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m512i product = _mm512_mullo_epi32(_mm512_sub_epi32(x[v], left_zero), _mm512_sub_epi32(y[v], right_zero));
    const __m512i scaled =
        maskd_round_twice_avx512(product, _mm512_set1_epi32(p->multiplier), _mm512_set1_epi32(p->shift));
    quads[v] = _mm512_add_epi32(scaled, _mm512_set1_epi32(p->zero_point));
  }
  return maskd_from_quads(quads, _mm512_setzero_si512());
}

static inline __attribute__((always_inline)) __m512i multiply_64(__m512i left, __m512i right, const multiplication *m) {
  const __m512i sign = _mm512_set1_epi32(INT32_MIN);
  __m512i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  left = maskd_unsigned(left, m->parameters->left_flip);
  right = maskd_unsigned(right, m->parameters->right_flip);
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  __m512 scaled[MASKD_QUADS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m512 product = _mm512_mul_ps(less_zero(x[v], m->left_zero), less_zero(y[v], m->right_zero));
    const __m512i nudge = _mm512_or_si512(_mm512_and_si512(_mm512_castps_si512(product), sign), m->nudge);
    scaled[v] = _mm512_fmadd_ps(product, m->factor, _mm512_castsi512_ps(nudge));
  }
  __m512i bytes;
  if (__builtin_expect(maskd_rounded_quads(scaled, m->reach, quads), true))
    bytes = maskd_from_quads(quads, m->zero_point);
  else
    bytes = product_in_integers(left, right, m->parameters);
  return maskd_in_range(bytes, &m->range);
}

static inline __attribute__((always_inline)) void multiply_run(size_t count, const int8_t *left, size_t left_step,
                                                               const int8_t *right, size_t right_step, int8_t *result,
                                                               const void *parameters) {
  const multiplication *m = parameters;
  for (size_t i = 0; i < count; i += MASKD_QUAD_BYTES) {
    const __mmask64 there = maskd_first_bytes(count - i);
    const __m512i x = left_step ? _mm512_maskz_loadu_epi8(there, left + i) : _mm512_set1_epi8(*left);
    const __m512i y = right_step ? _mm512_maskz_loadu_epi8(there, right + i) : _mm512_set1_epi8(*right);
    _mm512_mask_storeu_epi8(result + i, there, multiply_64(x, y, m));
  }
}

void maskd_mul_s8_avx512vnni(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                             const maskd_mul_s8_parameters *parameters) {
  const maskd_mul_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const multiplication m = multiplication_of(&p);
  maskd_for_runs(shape, left, right, result, &m, multiply_run);
}

#pragma clang attribute pop

#endif
