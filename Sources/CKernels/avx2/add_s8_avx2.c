#if defined(__x86_64__)

#include "avx2.h"
#include "elementwise_avx2.h"
#include "requantize_avx2.h"

// TFLite gives both operands 20 more bits before it scales them.
enum { LEFT_SHIFT = 20, STEP = 8 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static inline __attribute__((always_inline)) __m256i rescaled(__m256i x, int32_t multiplier, int32_t shift) {
  return maskd_round_twice_avx2(x, _mm256_set1_epi32(multiplier), _mm256_set1_epi32(shift));
}

static inline __attribute__((always_inline)) void add_8(size_t index, size_t count, const int8_t *left,
                                                        size_t left_step, const int8_t *right, size_t right_step,
                                                        int8_t *result, const maskd_add_s8_parameters *p) {
  const __m256i x = maskd_load_8_avx2(left, left_step, index, count, p->left_zero_point);
  const __m256i y = maskd_load_8_avx2(right, right_step, index, count, p->right_zero_point);
  const __m256i l = rescaled(_mm256_slli_epi32(x, LEFT_SHIFT), p->left_multiplier, p->left_shift);
  const __m256i r = rescaled(_mm256_slli_epi32(y, LEFT_SHIFT), p->right_multiplier, p->right_shift);
  const __m256i sum = p->subtract ? _mm256_sub_epi32(l, r) : _mm256_add_epi32(l, r);
  maskd_store_8_avx2(rescaled(sum, p->multiplier, p->shift), p->zero_point, p->minimum, p->maximum, count,
                     result + index);
}

void maskd_add_s8_avx2(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                       int8_t *result, const maskd_add_s8_parameters *parameters) {
  const maskd_add_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  size_t i = 0;
  for (; i + STEP <= count; i += STEP)
    add_8(i, STEP, left, left_step, right, right_step, result, &p);
  if (i < count)
    add_8(i, count - i, left, left_step, right, right_step, result, &p);
}

#pragma clang attribute pop

#endif
