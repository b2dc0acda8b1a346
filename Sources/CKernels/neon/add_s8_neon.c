#if defined(__aarch64__)

#include "../nearest.h"
#include "../runs.h"
#include "neon.h"
#include "requantize_neon.h"
#include "sixteen_neon.h"

// A sum in fixed point with sixteen bits behind the point, from factors of fifteen bits, and a bound for all that it
// and TFLite's roundings lose: sixteen results of which none is that near to a tie are rounded as TFLite rounds them.
// Others, and those of layers for which this holds not, are computed as TFLite does.

typedef struct operand {
  int8x16_t flip;
  int8x8_t zero_point;
  int32x4_t multiplier, shift;
} operand;

// Factors from one on are halved, and the operands doubled.
typedef struct fixed_sum {
  bool is_doubled;
  int8x16_t left_zero_point, right_zero_point;
  int16_t left_factor, right_factor;
  int16x8_t left_rest, right_rest;
  int32x4_t zero_point; // before the point
  uint16_t limit;       // what the corrected bits behind the point, as signed, must stay below
} fixed_sum;

typedef struct addition {
  operand left, right;
  int32x4_t multiplier, shift;
  int32x4_t zero_point;
  bool subtracts;
  maskd_byte_range range;
  bool is_whole_range; // int8's ends are the least and the greatest result, and no bit is flipped
  bool has_bound;
  fixed_sum fixed;
} addition;

static inline operand operand_of(int32_t zero_point, int32_t multiplier, int32_t shift, uint8_t flip) {
  return (operand){
      .flip = vdupq_n_s8((int8_t)flip),
      .zero_point = vdup_n_s8((int8_t)zero_point),
      .multiplier = vdupq_n_s32(multiplier),
      .shift = vdupq_n_s32(shift),
  };
}

// What a factor of fifteen bits leaves, times 2^15.
static int16_t rest_of(double factor, int32_t fifteen_bits) {
  const double rest = (factor - fifteen_bits) * 0x1p16;
  return (int16_t)(rest > 0x7fff ? 0x7fff : rest < -0x7fff ? -0x7fff : rest);
}

static void choose_factors(addition *a, const maskd_add_s8_parameters *p) {
  const double unit = maskd_real(p->multiplier, p->shift);
  const double left = unit * maskd_real(p->left_multiplier, p->left_shift + 20);
  const double right = unit * maskd_real(p->right_multiplier, p->right_shift + 20);
  const double largest = left > right ? left : right;
  // TFLite is off by a unit for each operand and by half of what its second rounding leaves.
  const double error = 2 * unit + maskd_power_of_two(p->shift - 1);
  a->has_bound = p->left_shift <= 0 && p->right_shift <= 0 && p->shift < 0 && largest < 1.999 && error < 0.25 &&
                 p->left_flip == 0 && p->right_flip == 0;
  if (!a->has_bound)
    return;
  const bool is_doubled = largest > 0.999;
  const double one = is_doubled ? 0x1p14 : 0x1p15, sign = p->subtract ? -1 : 1;
  const int32_t left_factor = (int32_t)(left * one + 0.5), right_factor = (int32_t)(right * one + 0.5);
  a->fixed = (fixed_sum){
      .is_doubled = is_doubled,
      .left_zero_point = vdupq_n_s8((int8_t)p->left_zero_point),
      .right_zero_point = vdupq_n_s8((int8_t)p->right_zero_point),
      .left_factor = (int16_t)left_factor,
      .right_factor = (int16_t)(sign * right_factor),
      .left_rest = vdupq_n_s16(rest_of(left * one, left_factor)),
      .right_rest = vdupq_n_s16((int16_t)(sign * rest_of(right * one, right_factor))),
      .zero_point = vdupq_n_s32(p->zero_point * 0x10000),
      // The corrections are rounded, by half a bit each, as are their factors; the last is for the conversion here.
      .limit = (uint16_t)(0x1p15 - error * 0x1p16 - 1 - 0.5 - 1),
  };
}

static addition addition_of(const maskd_add_s8_parameters *p) {
  addition a = {
      .left = operand_of(p->left_zero_point, p->left_multiplier, p->left_shift, p->left_flip),
      .right = operand_of(p->right_zero_point, p->right_multiplier, p->right_shift, p->right_flip),
      .multiplier = vdupq_n_s32(p->multiplier),
      .shift = vdupq_n_s32(p->shift),
      .zero_point = vdupq_n_s32(p->zero_point),
      .subtracts = p->subtract,
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .is_whole_range = p->minimum == INT8_MIN && p->maximum == INT8_MAX && p->result_flip == 0,
  };
  choose_factors(&a, p);
  return a;
}

#define INLINE static inline __attribute__((always_inline))

// What an operand contributes. 15 bits are the most that widening shifts by.
INLINE maskd_sixteen rescaled(int8x16_t bytes, const operand *o) {
  const int8x16_t x = maskd_turned(bytes, o->flip);
  const int16x8_t low = vshlq_n_s16(vsubl_s8(vget_low_s8(x), o->zero_point), 5);
  const int16x8_t high = vshlq_n_s16(vsubl_high_s8(x, vcombine_s8(o->zero_point, o->zero_point)), 5);
  maskd_sixteen all = {{vshll_n_s16(vget_low_s16(low), 15), vshll_high_n_s16(low, 15),
                        vshll_n_s16(vget_low_s16(high), 15), vshll_high_n_s16(high, 15)}};
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; i += 1)
    all.quarters[i] = maskd_round_twice_neon(all.quarters[i], o->multiplier, o->shift);
  return all;
}

// As TFLite does.
static __attribute__((noinline)) int8x16_t add_exactly(int8x16_t left, int8x16_t right, const addition *a) {
  const maskd_sixteen l = rescaled(left, &a->left), r = rescaled(right, &a->right);
  maskd_sixteen scaled;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; i += 1) {
    const int32x4_t sum =
        a->subtracts ? vsubq_s32(l.quarters[i], r.quarters[i]) : vaddq_s32(l.quarters[i], r.quarters[i]);
    scaled.quarters[i] = vaddq_s32(maskd_round_twice_neon(sum, a->multiplier, a->shift), a->zero_point);
  }
  return maskd_in_range(maskd_narrowed(&scaled), &a->range);
}

// How far eight operands are from their zero point.
INLINE int16x8_t distances(int16x8_t x, bool is_doubled) {
  return is_doubled ? vaddq_s16(x, x) : x;
}

typedef struct eight_sums {
  int32x4_t low, high; // times 2^16
  uint16x8_t from_whole;
} eight_sums;

INLINE eight_sums sums_of(int16x8_t left, int16x8_t right, const fixed_sum *f) {
  const int32x4_t l = vqdmull_n_s16(vget_low_s16(left), f->left_factor);
  const int32x4_t low = vqdmlal_n_s16(l, vget_low_s16(right), f->right_factor);
  const int32x4_t high = vqdmlal_high_n_s16(vqdmull_high_n_s16(left, f->left_factor), right, f->right_factor);
  // The bits behind the point, as signed: the farther from zero, the nearer to a tie. Beyond one they saturate.
  const int16x8_t behind = vuzp1q_s16(vreinterpretq_s16_s32(low), vreinterpretq_s16_s32(high));
  const int16x8_t rest = vaddq_s16(vqrdmulhq_s16(left, f->left_rest), vqrdmulhq_s16(right, f->right_rest));
  return (eight_sums){low, high, vreinterpretq_u16_s16(vabsq_s16(vqaddq_s16(behind, rest)))};
}

INLINE int16x8_t rounded(const eight_sums *sums, int32x4_t zero_point) {
  return vraddhn_high_s32(vraddhn_s32(sums->low, zero_point), sums->high, zero_point);
}

// Sixteen at a time until one of them is too near to a tie. Returns how many it has computed.
INLINE size_t add_until_tie(size_t count, const int8_t *left, const int8_t *right, int8_t *result, const addition *a,
                            bool is_doubled, bool is_whole_range) {
  const fixed_sum f = a->fixed; // copies, which no store through `result` can change
  const maskd_byte_range range = a->range;
  size_t i = 0;
  for (; i < count; i += MASKD_SIXTEEN) {
    const int8x16_t x = vld1q_s8(left + i), y = vld1q_s8(right + i);
    const eight_sums low =
        sums_of(distances(vsubl_s8(vget_low_s8(x), vget_low_s8(f.left_zero_point)), is_doubled),
                distances(vsubl_s8(vget_low_s8(y), vget_low_s8(f.right_zero_point)), is_doubled), &f);
    const eight_sums high = sums_of(distances(vsubl_high_s8(x, f.left_zero_point), is_doubled),
                                    distances(vsubl_high_s8(y, f.right_zero_point), is_doubled), &f);
    if (vmaxvq_u16(vmaxq_u16(low.from_whole, high.from_whole)) >= f.limit)
      return i;
    const int8x16_t bytes = vqmovn_high_s16(vqmovn_s16(rounded(&low, f.zero_point)), rounded(&high, f.zero_point));
    vst1q_s8(result + i, is_whole_range ? bytes : maskd_in_range(bytes, &range));
  }
  return i;
}

static size_t add_nearest(size_t count, const int8_t *left, const int8_t *right, int8_t *result, const addition *a) {
  if (!a->has_bound)
    return 0;
  if (a->is_whole_range)
    return a->fixed.is_doubled ? add_until_tie(count, left, right, result, a, true, true)
                               : add_until_tie(count, left, right, result, a, false, true);
  return a->fixed.is_doubled ? add_until_tie(count, left, right, result, a, true, false)
                             : add_until_tie(count, left, right, result, a, false, false);
}

// `count` is a multiple of sixteen.
static void add_sixteens(size_t count, const int8_t *left, const int8_t *right, int8_t *result, const addition *a) {
  for (size_t i = 0; i < count; i += MASKD_SIXTEEN) {
    i += add_nearest(count - i, left + i, right + i, result + i, a);
    if (i == count)
      return;
    vst1q_s8(result + i, add_exactly(vld1q_s8(left + i), vld1q_s8(right + i), a));
  }
}

// The first values of an operand, or its one value over and over.
static const int8_t *values_of(size_t count, const int8_t *from, size_t step, int8_t to[MASKD_SIXTEEN]) {
  if (step == 0)
    memset(to, *from, MASKD_SIXTEEN);
  else
    memcpy(to, from, count);
  return to;
}

static void add_run(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                    int8_t *result, const void *parameters) {
  size_t done = left_step && right_step ? count / MASKD_SIXTEEN * MASKD_SIXTEEN : 0;
  add_sixteens(done, left, right, result, parameters);
  int8_t x[MASKD_SIXTEEN] = {0}, y[MASKD_SIXTEEN] = {0}, sums[MASKD_SIXTEEN];
  for (; done < count; done += MASKD_SIXTEEN) {
    const size_t here = count - done < MASKD_SIXTEEN ? count - done : MASKD_SIXTEEN;
    add_sixteens(MASKD_SIXTEEN, values_of(here, left + done * left_step, left_step, x),
                 values_of(here, right + done * right_step, right_step, y), sums, parameters);
    memcpy(result + done, sums, here);
  }
}

void maskd_add_s8_neon(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_add_s8_parameters *parameters) {
  const addition a = addition_of(parameters);
  maskd_for_runs(shape, left, right, result, &a, add_run);
}

#endif
