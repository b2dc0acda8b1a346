#if defined(__aarch64__)

#include "../runs.h"
#include "neon.h"
#include "requantize_neon.h"
#include "sixteen_neon.h"

// TFLite gives both operands 20 more bits before it scales them. The larger of the two scales it brings to one half
// then, which is 19 more bits and nothing else.

enum { HALVED_MULTIPLIER = 1 << 30 };

typedef struct operand {
  int8x16_t flip;
  int8x8_t zero_point;
  int32x4_t multiplier, shift;
  int32x4_t is_shifted; // all bits where the shift leads to the right
  bool is_halved;
} operand;

typedef struct addition {
  operand left, right;
  int32x4_t multiplier, shift;
  int32x4_t zero_point;
  bool subtracts;
  bool shifts_right; // none of the three shifts leads to the left, and that of the result leads to the right
  maskd_byte_range range;
} addition;

static inline operand operand_of(int32_t zero_point, int32_t multiplier, int32_t shift, uint8_t flip) {
  return (operand){
      .flip = vdupq_n_s8((int8_t)flip),
      .zero_point = vdup_n_s8((int8_t)zero_point),
      .multiplier = vdupq_n_s32(multiplier),
      .shift = vdupq_n_s32(shift),
      .is_shifted = vdupq_n_s32(shift < 0 ? -1 : 0),
      .is_halved = multiplier == HALVED_MULTIPLIER && shift == 0,
  };
}

static inline addition addition_of(const maskd_add_s8_parameters *p) {
  return (addition){
      .left = operand_of(p->left_zero_point, p->left_multiplier, p->left_shift, p->left_flip),
      .right = operand_of(p->right_zero_point, p->right_multiplier, p->right_shift, p->right_flip),
      .multiplier = vdupq_n_s32(p->multiplier),
      .shift = vdupq_n_s32(p->shift),
      .zero_point = vdupq_n_s32(p->zero_point),
      .subtracts = p->subtract,
      .shifts_right = p->left_shift <= 0 && p->right_shift <= 0 && p->shift < 0,
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
  };
}

// What an operand contributes. 15 bits are the most that widening shifts by.
static inline __attribute__((always_inline)) maskd_sixteen rescaled(int8x16_t bytes, const operand *o, bool is_halved,
                                                                    bool shifts_right) {
  const int8x16_t x = maskd_turned(bytes, o->flip);
  const int16x8_t low = vsubl_s8(vget_low_s8(x), o->zero_point);
  const int16x8_t high = vsubl_high_s8(x, vcombine_s8(o->zero_point, o->zero_point));
  const int16x8_t low_shifted = is_halved ? vshlq_n_s16(low, 4) : vshlq_n_s16(low, 5);
  const int16x8_t high_shifted = is_halved ? vshlq_n_s16(high, 4) : vshlq_n_s16(high, 5);
  maskd_sixteen all = {{vshll_n_s16(vget_low_s16(low_shifted), 15), vshll_high_n_s16(low_shifted, 15),
                        vshll_n_s16(vget_low_s16(high_shifted), 15), vshll_high_n_s16(high_shifted, 15)}};
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4 && !is_halved; i += 1) {
    if (shifts_right) {
      const int32x4_t doubled = vqrdmulhq_s32(all.quarters[i], o->multiplier);
      // A tie of what is below zero goes down.
      all.quarters[i] = vrshlq_s32(vsraq_n_s32(doubled, vandq_s32(doubled, o->is_shifted), 31), o->shift);
    } else {
      all.quarters[i] = maskd_round_twice_neon(all.quarters[i], o->multiplier, o->shift);
    }
  }
  return all;
}

static inline __attribute__((always_inline)) int8x16_t add_16(int8x16_t left, int8x16_t right, const addition *a,
                                                              bool left_is_halved, bool right_is_halved,
                                                              bool shifts_right) {
  const maskd_sixteen l = rescaled(left, &a->left, left_is_halved, shifts_right);
  const maskd_sixteen r = rescaled(right, &a->right, right_is_halved, shifts_right);
  maskd_sixteen scaled;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; i += 1) {
    const int32x4_t sum =
        a->subtracts ? vsubq_s32(l.quarters[i], r.quarters[i]) : vaddq_s32(l.quarters[i], r.quarters[i]);
    if (shifts_right) {
      const int32x4_t doubled = vqrdmulhq_s32(sum, a->multiplier);
      scaled.quarters[i] = vrshlq_s32(vsraq_n_s32(doubled, doubled, 31), a->shift);
    } else {
      scaled.quarters[i] = maskd_round_twice_neon(sum, a->multiplier, a->shift);
    }
    scaled.quarters[i] = vaddq_s32(scaled.quarters[i], a->zero_point);
  }
  return maskd_in_range(maskd_narrowed(&scaled), &a->range);
}

static inline __attribute__((always_inline)) void add_in_sixteens(size_t count, const int8_t *left, size_t left_step,
                                                                  const int8_t *right, size_t right_step,
                                                                  int8_t *result, const addition *parameters,
                                                                  bool left_is_halved, bool right_is_halved,
                                                                  bool shifts_right) {
  const addition a = *parameters; // a copy, which no store through `result` can change
  size_t i = 0;
  if (left_step && right_step)
    for (; i + MASKD_SIXTEEN <= count; i += MASKD_SIXTEEN)
      vst1q_s8(result + i,
               add_16(vld1q_s8(left + i), vld1q_s8(right + i), &a, left_is_halved, right_is_halved, shifts_right));
  const int8x16_t left_value = vdupq_n_s8(*left), right_value = vdupq_n_s8(*right);
  for (; i < count; i += MASKD_SIXTEEN) {
    const int8x16_t x = left_step ? maskd_load_16_neon(left + i, count - i) : left_value;
    const int8x16_t y = right_step ? maskd_load_16_neon(right + i, count - i) : right_value;
    maskd_store_16_neon(add_16(x, y, &a, left_is_halved, right_is_halved, shifts_right), count - i, result + i);
  }
}

static void add_run(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                    int8_t *result, const void *parameters) {
  const addition *a = parameters;
  if (!a->shifts_right)
    add_in_sixteens(count, left, left_step, right, right_step, result, a, false, false, false);
  else if (a->left.is_halved)
    add_in_sixteens(count, left, left_step, right, right_step, result, a, true, false, true);
  else if (a->right.is_halved)
    add_in_sixteens(count, left, left_step, right, right_step, result, a, false, true, true);
  else
    add_in_sixteens(count, left, left_step, right, right_step, result, a, false, false, true);
}

void maskd_add_s8_neon(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_add_s8_parameters *parameters) {
  const addition a = addition_of(parameters);
  maskd_for_runs(shape, left, right, result, &a, add_run);
}

#endif
