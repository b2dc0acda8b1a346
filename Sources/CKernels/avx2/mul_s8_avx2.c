#if defined(__x86_64__)

#include "../nearest.h"
#include "../runs.h"
#include "avx2.h"
#include "nearest_avx2.h"
#include "requantize_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

typedef struct multiplication {
  __m256 left_zero, right_zero; // with what makes a float of a byte
  __m256 factor, reach, nudge;
  __m256i zero_point;
  maskd_byte_range range;
  const maskd_mul_s8_parameters *parameters;
} multiplication;

// As the lowest bits of 2^23 a byte is a float: 2^23 + byte.
static const float byte_base = 0x1p23f;

static inline multiplication multiplication_of(const maskd_mul_s8_parameters *p) {
  const maskd_scaled_product product = maskd_scaled_product_of(p);
  return (multiplication){
      .left_zero = _mm256_set1_ps(byte_base + (float)(p->left_zero_point + 128)),
      .right_zero = _mm256_set1_ps(byte_base + (float)(p->right_zero_point + 128)),
      .factor = _mm256_set1_ps(product.factor),
      .reach = _mm256_set1_ps(product.reach),
      .nudge = _mm256_set1_ps(product.nudge),
      .zero_point = _mm256_set1_epi16((short)p->zero_point),
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .parameters = p,
  };
}

static inline __attribute__((always_inline)) __m256 less_zero(__m256i quad, __m256 zero) {
  return _mm256_sub_ps(_mm256_or_ps(_mm256_castsi256_ps(quad), _mm256_set1_ps(byte_base)), zero);
}

static __attribute__((noinline)) __m256i product_in_integers(__m256i left, __m256i right,
                                                             const maskd_mul_s8_parameters *p) {
  const __m256i left_zero = _mm256_set1_epi32(p->left_zero_point + 128);
  const __m256i right_zero = _mm256_set1_epi32(p->right_zero_point + 128);
  __m256i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m256i product = _mm256_mullo_epi32(_mm256_sub_epi32(x[v], left_zero), _mm256_sub_epi32(y[v], right_zero));
    const __m256i scaled =
        maskd_round_twice_avx2(product, _mm256_set1_epi32(p->multiplier), _mm256_set1_epi32(p->shift));
    quads[v] = _mm256_add_epi32(scaled, _mm256_set1_epi32(p->zero_point));
  }
  return maskd_from_quads(quads, _mm256_setzero_si256());
}

static inline __attribute__((always_inline)) __m256i multiply_32(__m256i left, __m256i right, const multiplication *m) {
  const __m256 sign = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MIN));
  __m256i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  left = maskd_unsigned(left, m->parameters->left_flip);
  right = maskd_unsigned(right, m->parameters->right_flip);
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  __m256 scaled[MASKD_QUADS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m256 product = _mm256_mul_ps(less_zero(x[v], m->left_zero), less_zero(y[v], m->right_zero));
    const __m256 nudge = _mm256_or_ps(_mm256_and_ps(product, sign), m->nudge);
    scaled[v] = _mm256_add_ps(_mm256_mul_ps(product, m->factor), nudge);
  }
  __m256i bytes;
  if (__builtin_expect(maskd_rounded_quads(scaled, m->reach, quads), true))
    bytes = maskd_from_quads(quads, m->zero_point);
  else
    bytes = product_in_integers(left, right, m->parameters);
  return maskd_in_range(bytes, &m->range);
}

static inline __attribute__((always_inline)) void multiply_up_to_32(size_t count, const int8_t *left, size_t left_step,
                                                                    const int8_t *right, size_t right_step,
                                                                    int8_t *result, const multiplication *m) {
  const __m256i x = left_step ? maskd_load_32_avx2(left, count) : _mm256_set1_epi8(*left);
  const __m256i y = right_step ? maskd_load_32_avx2(right, count) : _mm256_set1_epi8(*right);
  maskd_store_32_avx2(multiply_32(x, y, m), count, result);
}

static inline __attribute__((always_inline)) void multiply_run(size_t count, const int8_t *left, size_t left_step,
                                                               const int8_t *right, size_t right_step, int8_t *result,
                                                               const void *parameters) {
  size_t i = 0;
  for (; i + MASKD_QUAD_BYTES <= count; i += MASKD_QUAD_BYTES)
    multiply_up_to_32(MASKD_QUAD_BYTES, left + i * left_step, left_step, right + i * right_step, right_step, result + i,
                      parameters);
  if (i < count)
    multiply_up_to_32(count - i, left + i * left_step, left_step, right + i * right_step, right_step, result + i,
                      parameters);
}

void maskd_mul_s8_avx2(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_mul_s8_parameters *parameters) {
  const maskd_mul_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const multiplication m = multiplication_of(&p);
  maskd_for_runs(shape, left, right, result, &m, multiply_run);
}

#pragma clang attribute pop

#endif
