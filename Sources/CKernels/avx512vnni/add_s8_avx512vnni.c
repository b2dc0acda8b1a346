#if defined(__x86_64__)

#include "../nearest.h"
#include "../runs.h"
#include "avx512vnni.h"
#include "nearest_avx512vnni.h"
#include "requantize_avx512vnni.h"

// TFLite gives both operands 20 more bits before it scales them.
enum { LEFT_SHIFT = 20 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

typedef struct addition {
  maskd_linear_sum line;
  __m512 left_factor, right_factor, addend, reach;
  maskd_byte_range range;
  const maskd_add_s8_parameters *parameters;
} addition;

static inline addition addition_of(const maskd_add_s8_parameters *p) {
  const maskd_linear_sum line = maskd_linear_sum_of(p);
  return (addition){
      .line = line,
      .left_factor = _mm512_set1_ps(line.left_factor),
      .right_factor = _mm512_set1_ps(line.right_factor),
      .addend = _mm512_set1_ps(line.addend),
      .reach = _mm512_set1_ps(line.reach),
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .parameters = p,
  };
}

static __attribute__((noinline)) __m512i sum_in_integers(__m512i left, __m512i right,
                                                         const maskd_add_s8_parameters *p) {
  const __m512i left_zero = _mm512_set1_epi32(p->left_zero_point + 128);
  const __m512i right_zero = _mm512_set1_epi32(p->right_zero_point + 128);
  __m512i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m512i left_shifted = _mm512_slli_epi32(_mm512_sub_epi32(x[v], left_zero), LEFT_SHIFT);
    const __m512i right_shifted = _mm512_slli_epi32(_mm512_sub_epi32(y[v], right_zero), LEFT_SHIFT);
    const __m512i l =
        maskd_round_twice_avx512(left_shifted, _mm512_set1_epi32(p->left_multiplier), _mm512_set1_epi32(p->left_shift));
    const __m512i r = maskd_round_twice_avx512(right_shifted, _mm512_set1_epi32(p->right_multiplier),
                                               _mm512_set1_epi32(p->right_shift));
    const __m512i sum = p->subtract ? _mm512_sub_epi32(l, r) : _mm512_add_epi32(l, r);
    const __m512i scaled = maskd_round_twice_avx512(sum, _mm512_set1_epi32(p->multiplier), _mm512_set1_epi32(p->shift));
    quads[v] = _mm512_add_epi32(scaled, _mm512_set1_epi32(p->zero_point));
  }
  return maskd_from_quads(quads, _mm512_setzero_si512());
}

static inline __attribute__((always_inline)) __m512i add_64(__m512i left, __m512i right, const addition *a) {
  const maskd_add_s8_parameters *p = a->parameters;
  __m512i x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  left = maskd_unsigned(left, p->left_flip);
  right = maskd_unsigned(right, p->right_flip);
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  __m512 sums[MASKD_QUADS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const __m512 half = _mm512_fmadd_ps(_mm512_cvtepi32_ps(x[v]), a->left_factor, a->addend);
    sums[v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(y[v]), a->right_factor, half);
  }
  __m512i bytes;
  if (__builtin_expect(maskd_rounded_quads(sums, a->reach, quads), true))
    bytes = maskd_from_quads(quads, _mm512_setzero_si512());
  else
    bytes = sum_in_integers(left, right, p);
  return maskd_in_range(bytes, &a->range);
}

static inline __attribute__((always_inline)) void add_run(size_t count, const int8_t *left, size_t left_step,
                                                          const int8_t *right, size_t right_step, int8_t *result,
                                                          const void *parameters) {
  const addition *a = parameters;
  for (size_t i = 0; i < count; i += MASKD_QUAD_BYTES) {
    const __mmask64 there = maskd_first_bytes(count - i);
    const __m512i x = left_step ? _mm512_maskz_loadu_epi8(there, left + i) : _mm512_set1_epi8(*left);
    const __m512i y = right_step ? _mm512_maskz_loadu_epi8(there, right + i) : _mm512_set1_epi8(*right);
    _mm512_mask_storeu_epi8(result + i, there, add_64(x, y, a));
  }
}

void maskd_add_s8_avx512vnni(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                             const maskd_add_s8_parameters *parameters) {
  const maskd_add_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const addition a = addition_of(&p);
  maskd_for_runs(shape, left, right, result, &a, add_run);
}

#pragma clang attribute pop

#endif
