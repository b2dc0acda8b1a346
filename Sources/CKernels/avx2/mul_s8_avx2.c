#if defined(__x86_64__)

#include "avx2.h"
#include "elementwise_avx2.h"
#include "requantize_avx2.h"

enum { STEP = 8 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static inline __attribute__((always_inline)) void multiply_8(size_t index, size_t count, const int8_t *left,
                                                             size_t left_step, const int8_t *right, size_t right_step,
                                                             int8_t *result, const maskd_mul_s8_parameters *p) {
  const __m256i x = maskd_load_8_avx2(left, left_step, index, count, p->left_zero_point);
  const __m256i y = maskd_load_8_avx2(right, right_step, index, count, p->right_zero_point);
  const __m256i scaled =
      maskd_round_twice_avx2(_mm256_mullo_epi32(x, y), _mm256_set1_epi32(p->multiplier), _mm256_set1_epi32(p->shift));
  maskd_store_8_avx2(scaled, p->zero_point, p->minimum, p->maximum, count, result + index);
}

void maskd_mul_s8_avx2(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                       int8_t *result, const maskd_mul_s8_parameters *parameters) {
  const maskd_mul_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  size_t i = 0;
  for (; i + STEP <= count; i += STEP)
    multiply_8(i, STEP, left, left_step, right, right_step, result, &p);
  if (i < count)
    multiply_8(i, count - i, left, left_step, right, right_step, result, &p);
}

#pragma clang attribute pop

#endif
