#if defined(__x86_64__)

#include "../nearest.h"
#include "../runs.h"
#include "avx2.h"
#include "nearest_avx2.h"
#include "requantize_avx2.h"

// TFLite gives both operands 20 more bits before it scales them.
enum { LEFT_SHIFT = 20 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

typedef struct addition {
  __m256 left_factor, right_factor, addend, reach;
  maskd_byte_range range;
  const maskd_add_s8_parameters *parameters;
} addition;

static inline addition addition_of(const maskd_add_s8_parameters *p) {
  const maskd_linear_sum line = maskd_linear_sum_of(p);
  return (addition){
      .left_factor = _mm256_set1_ps(line.left_factor),
      .right_factor = _mm256_set1_ps(line.right_factor),
      .addend = _mm256_set1_ps(line.addend),
      .reach = _mm256_set1_ps(line.reach),
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .parameters = p,
  };
}

static inline __attribute__((always_inline)) __m256i rescaled(__m256i x, int32_t multiplier, int32_t shift) {
  return maskd_round_twice_avx2(x, _mm256_set1_epi32(multiplier), _mm256_set1_epi32(shift));
}

static __attribute__((noinline)) __m256i sum_in_integers(__m256i left, __m256i right,
                                                         const maskd_add_s8_parameters *p) {
  const __m256i left_zero = _mm256_set1_epi32(p->left_zero_point + 128);
  const __m256i right_zero = _mm256_set1_epi32(p->right_zero_point + 128);
  __m256i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m256i left_shifted = _mm256_slli_epi32(_mm256_sub_epi32(x[v], left_zero), LEFT_SHIFT);
    const __m256i right_shifted = _mm256_slli_epi32(_mm256_sub_epi32(y[v], right_zero), LEFT_SHIFT);
    const __m256i l = rescaled(left_shifted, p->left_multiplier, p->left_shift);
    const __m256i r = rescaled(right_shifted, p->right_multiplier, p->right_shift);
    const __m256i sum = p->subtract ? _mm256_sub_epi32(l, r) : _mm256_add_epi32(l, r);
    quads[v] = _mm256_add_epi32(rescaled(sum, p->multiplier, p->shift), _mm256_set1_epi32(p->zero_point));
  }
  return maskd_from_quads(quads, _mm256_setzero_si256());
}

static inline __attribute__((always_inline)) __m256i add_32(__m256i left, __m256i right, const addition *a) {
  const maskd_add_s8_parameters *p = a->parameters;
  __m256i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  left = maskd_unsigned(left, p->left_flip);
  right = maskd_unsigned(right, p->right_flip);
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  __m256 sums[MASKD_QUADS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m256 l = _mm256_mul_ps(_mm256_cvtepi32_ps(x[v]), a->left_factor);
    const __m256 r = _mm256_mul_ps(_mm256_cvtepi32_ps(y[v]), a->right_factor);
    sums[v] = _mm256_add_ps(_mm256_add_ps(l, a->addend), r);
  }
  __m256i bytes;
  if (__builtin_expect(maskd_rounded_quads(sums, a->reach, quads), true))
    bytes = maskd_from_quads(quads, _mm256_setzero_si256());
  else
    bytes = sum_in_integers(left, right, p);
  return maskd_in_range(bytes, &a->range);
}

static inline __attribute__((always_inline)) void add_up_to_32(size_t count, const int8_t *left, size_t left_step,
                                                               const int8_t *right, size_t right_step, int8_t *result,
                                                               const addition *a) {
  const __m256i x = left_step ? maskd_load_32_avx2(left, count) : _mm256_set1_epi8(*left);
  const __m256i y = right_step ? maskd_load_32_avx2(right, count) : _mm256_set1_epi8(*right);
  maskd_store_32_avx2(add_32(x, y, a), count, result);
}

static inline __attribute__((always_inline)) void add_run(size_t count, const int8_t *left, size_t left_step,
                                                          const int8_t *right, size_t right_step, int8_t *result,
                                                          const void *parameters) {
  size_t i = 0;
  for (; i + MASKD_QUAD_BYTES <= count; i += MASKD_QUAD_BYTES)
    add_up_to_32(MASKD_QUAD_BYTES, left + i * left_step, left_step, right + i * right_step, right_step, result + i,
                 parameters);
  if (i < count)
    add_up_to_32(count - i, left + i * left_step, left_step, right + i * right_step, right_step, result + i,
                 parameters);
}

void maskd_add_s8_avx2(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_add_s8_parameters *parameters) {
  const maskd_add_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const addition a = addition_of(&p);
  maskd_for_runs(shape, left, right, result, &a, add_run);
}

#pragma clang attribute pop

#endif
