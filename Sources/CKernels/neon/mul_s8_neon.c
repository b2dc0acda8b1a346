#if defined(__aarch64__)

#include "../runs.h"
#include "neon.h"
#include "requantize_neon.h"
#include "sixteen_neon.h"

typedef struct multiplication {
  int8x16_t left_flip, right_flip, left_zero_point, right_zero_point;
  int32x4_t multiplier, shift;
  int32x4_t zero_point;
  bool shifts_right;
  maskd_byte_range range;
} multiplication;

static inline multiplication multiplication_of(const maskd_mul_s8_parameters *p) {
  return (multiplication){
      .left_flip = vdupq_n_s8((int8_t)p->left_flip),
      .right_flip = vdupq_n_s8((int8_t)p->right_flip),
      .left_zero_point = vdupq_n_s8((int8_t)p->left_zero_point),
      .right_zero_point = vdupq_n_s8((int8_t)p->right_zero_point),
      .multiplier = vdupq_n_s32(p->multiplier),
      .shift = vdupq_n_s32(p->shift),
      .zero_point = vdupq_n_s32(p->zero_point),
      .shifts_right = p->shift < 0,
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
  };
}

static inline __attribute__((always_inline)) int8x16_t multiply_16(int8x16_t left, int8x16_t right,
                                                                   const multiplication *m, bool shifts_right) {
  const int8x16_t x = maskd_turned(left, m->left_flip), y = maskd_turned(right, m->right_flip);
  const int16x8_t x_low = vsubl_s8(vget_low_s8(x), vget_low_s8(m->left_zero_point));
  const int16x8_t y_low = vsubl_s8(vget_low_s8(y), vget_low_s8(m->right_zero_point));
  const int16x8_t x_high = vsubl_high_s8(x, m->left_zero_point), y_high = vsubl_high_s8(y, m->right_zero_point);
  maskd_sixteen all = {{vmull_s16(vget_low_s16(x_low), vget_low_s16(y_low)), vmull_high_s16(x_low, y_low),
                        vmull_s16(vget_low_s16(x_high), vget_low_s16(y_high)), vmull_high_s16(x_high, y_high)}};
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; i += 1) {
    if (shifts_right) {
      const int32x4_t doubled = vqrdmulhq_s32(all.quarters[i], m->multiplier);
      // A tie of what is below zero goes down.
      all.quarters[i] = vrshlq_s32(vsraq_n_s32(doubled, doubled, 31), m->shift);
    } else {
      all.quarters[i] = maskd_round_twice_neon(all.quarters[i], m->multiplier, m->shift);
    }
    all.quarters[i] = vaddq_s32(all.quarters[i], m->zero_point);
  }
  return maskd_in_range(maskd_narrowed(&all), &m->range);
}

static inline __attribute__((always_inline)) void
multiply_in_sixteens(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                     int8_t *result, const multiplication *parameters, bool shifts_right) {
  const multiplication m = *parameters; // a copy, which no store through `result` can change
  size_t i = 0;
  if (left_step && right_step)
    for (; i + MASKD_SIXTEEN <= count; i += MASKD_SIXTEEN)
      vst1q_s8(result + i, multiply_16(vld1q_s8(left + i), vld1q_s8(right + i), &m, shifts_right));
  const int8x16_t left_value = vdupq_n_s8(*left), right_value = vdupq_n_s8(*right);
  for (; i < count; i += MASKD_SIXTEEN) {
    const int8x16_t x = left_step ? maskd_load_16_neon(left + i, count - i) : left_value;
    const int8x16_t y = right_step ? maskd_load_16_neon(right + i, count - i) : right_value;
    maskd_store_16_neon(multiply_16(x, y, &m, shifts_right), count - i, result + i);
  }
}

static void multiply_run(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                         int8_t *result, const void *parameters) {
  const multiplication *m = parameters;
  if (m->shifts_right)
    multiply_in_sixteens(count, left, left_step, right, right_step, result, m, true);
  else
    multiply_in_sixteens(count, left, left_step, right, right_step, result, m, false);
}

void maskd_mul_s8_neon(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_mul_s8_parameters *parameters) {
  const multiplication m = multiplication_of(parameters);
  maskd_for_runs(shape, left, right, result, &m, multiply_run);
}

#endif
