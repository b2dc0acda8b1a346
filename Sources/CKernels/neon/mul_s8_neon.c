#if defined(__aarch64__)

#include "elementwise_neon.h"
#include "neon.h"

enum { STEP = 8 };

static inline __attribute__((always_inline)) void multiply_8(size_t index, size_t count, const int8_t *left,
                                                             size_t left_step, const int8_t *right, size_t right_step,
                                                             int8_t *result, const maskd_mul_s8_parameters *p) {
  const maskd_eight_neon x = maskd_load_8_neon(left, left_step, index, count, p->left_zero_point);
  const maskd_eight_neon y = maskd_load_8_neon(right, right_step, index, count, p->right_zero_point);
  const maskd_eight_neon product = {vmulq_s32(x.low, y.low), vmulq_s32(x.high, y.high)};
  const maskd_eight_neon scaled = maskd_rescale_8_neon(product, p->multiplier, p->shift);
  const int16x8_t clamped = vcombine_s16(maskd_clamp_4_neon(scaled.low, p->zero_point, p->minimum, p->maximum),
                                         maskd_clamp_4_neon(scaled.high, p->zero_point, p->minimum, p->maximum));
  maskd_store_8_neon(vmovn_s16(clamped), count, result + index);
}

void maskd_mul_s8_neon(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                       int8_t *result, const maskd_mul_s8_parameters *parameters) {
  const maskd_mul_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  size_t i = 0;
  for (; i + STEP <= count; i += STEP)
    multiply_8(i, STEP, left, left_step, right, right_step, result, &p);
  if (i < count)
    multiply_8(i, count - i, left, left_step, right, right_step, result, &p);
}

#endif
