#ifndef MASKD_NEON_EPILOGUE_H
#define MASKD_NEON_EPILOGUE_H

#include "requantize_neon.h"
#include <math.h>
#include <stdbool.h>

// From int32 sums, bias included, to results, sixteen at a time.
//
// Where every shift of the layer is to the right, a doubling multiply and a rounding shift are TFLite's two roundings,
// but for ties below zero: the shift rounds them up, TFLite away from zero, so 1 is taken from negative values first.
// Where the zero point is -128 what is below zero does not matter, and that is left out. Saturating narrows keep every
// value that the activation lets through, if that is all of int8.

typedef enum maskd_way_neon {
  MASKD_WAY_RIGHT,        // zero point -128, the whole range of int8
  MASKD_WAY_RIGHT_SIGNED, // any zero point, the whole range
  MASKD_WAY_RIGHT_WITHIN, // any zero point, any range, any flip
  MASKD_WAY_ANY,
  MASKD_WAY_FLOAT,
} maskd_way_neon;

enum { MASKD_NEON_VECTORS = 4, MASKD_NEON_RESULTS = 16 };

// What all results of a call share.
typedef struct maskd_results_neon {
  maskd_way_neon way;
  bool is_whole_range; // int8's ends are the activation's, and no bit is flipped
  int16x8_t zero_point;
  int8x16_t minimum, maximum, flip;
  float32x4_t float_minimum, float_maximum;
} maskd_results_neon;

// Multipliers and shifts of four vectors of sums.
typedef struct maskd_scales_neon {
  int32x4_t multipliers[MASKD_NEON_VECTORS], shifts[MASKD_NEON_VECTORS];
} maskd_scales_neon;

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

static inline bool maskd_is_whole_range_neon(const maskd_epilogue *to) {
  return to->minimum == INT8_MIN && to->maximum == INT8_MAX && to->result_flip == 0;
}

static inline maskd_way_neon maskd_way_of_neon(const maskd_epilogue *to) {
  if (to->rounding == MASKD_TO_FLOAT)
    return MASKD_WAY_FLOAT;
  if (to->rounding != MASKD_ROUND_TWICE || !to->shifts_right)
    return MASKD_WAY_ANY;
  if (!maskd_is_whole_range_neon(to))
    return MASKD_WAY_RIGHT_WITHIN;
  return to->zero_point == INT8_MIN ? MASKD_WAY_RIGHT : MASKD_WAY_RIGHT_SIGNED;
}

static inline maskd_results_neon maskd_results_of_neon(const maskd_epilogue *to) {
  return (maskd_results_neon){
      .way = maskd_way_of_neon(to),
      .is_whole_range = maskd_is_whole_range_neon(to),
      .zero_point = vdupq_n_s16((int16_t)to->zero_point),
      .minimum = vdupq_n_s8((int8_t)to->minimum),
      .maximum = vdupq_n_s8((int8_t)to->maximum),
      .flip = vdupq_n_s8((int8_t)to->result_flip),
      .float_minimum = vdupq_n_f32(to->float_minimum),
      .float_maximum = vdupq_n_f32(to->float_maximum),
  };
}

// Padding may hold anything.
static inline maskd_scales_neon maskd_scales_at_neon(const maskd_epilogue *to, size_t column, size_t vectors) {
  maskd_scales_neon scales;
  for (size_t v = 0; v < vectors; v += 1) {
    scales.multipliers[v] = vld1q_s32(to->multiplier + column + 4 * v);
    scales.shifts[v] = vld1q_s32(to->shift + column + 4 * v);
  }
  return scales;
}

// `is_signed` where a result may be negative before the zero point is added.
static inline int32x4_t maskd_shifted_right_neon(int32x4_t x, int32x4_t multiplier, int32x4_t shift, bool is_signed) {
  const int32x4_t high = vqrdmulhq_s32(x, multiplier);
  return vrshlq_s32(is_signed ? vsraq_n_s32(high, high, 31) : high, shift);
}

static inline int16x8_t maskd_eight_shifted_neon(const int32x4_t sums[2], const int32x4_t multipliers[2],
                                                 const int32x4_t shifts[2], bool is_signed) {
  const int32x4_t low = maskd_shifted_right_neon(sums[0], multipliers[0], shifts[0], is_signed);
  const int32x4_t high = maskd_shifted_right_neon(sums[1], multipliers[1], shifts[1], is_signed);
  return vqmovn_high_s32(vqmovn_s32(low), high);
}

static inline int8x16_t maskd_within_neon(int8x16_t values, const maskd_results_neon *results) {
  return veorq_s8(vminq_s8(vmaxq_s8(values, results->minimum), results->maximum), results->flip);
}

// Two vectors of eight rescaled values each to results; one of the ways to the right.
static inline int8x16_t maskd_narrowed_neon(int16x8_t low, int16x8_t high, maskd_way_neon way,
                                            const maskd_results_neon *results) {
  if (way == MASKD_WAY_RIGHT) // as unsigned bytes, which are 128 above the results
    return veorq_s8(vreinterpretq_s8_u8(vqmovun_high_s16(vqmovun_s16(low), high)), vdupq_n_s8(INT8_MIN));
  const int8x8_t first = vqmovn_s16(vqaddq_s16(low, results->zero_point));
  const int8x16_t values = vqmovn_high_s16(first, vqaddq_s16(high, results->zero_point));
  return way == MASKD_WAY_RIGHT_WITHIN ? maskd_within_neon(values, results) : values;
}

// Sixteen results in the order of the sums.
static inline int8x16_t maskd_sixteen_results_neon(const int32x4_t sums[MASKD_NEON_VECTORS],
                                                   const maskd_scales_neon *scales, const maskd_results_neon *results,
                                                   maskd_way_neon way) {
  const bool is_signed = way != MASKD_WAY_RIGHT;
  const int16x8_t low = maskd_eight_shifted_neon(sums, scales->multipliers, scales->shifts, is_signed);
  const int16x8_t high = maskd_eight_shifted_neon(sums + 2, scales->multipliers + 2, scales->shifts + 2, is_signed);
  return maskd_narrowed_neon(low, high, way, results);
}

// Four results in float, before the activation.
static inline float32x4_t maskd_scaled_neon(int32x4_t sums, float32x4_t factors, float32x4_t addends) {
  return vfmaq_f32(addends, vcvtq_f32_s32(sums), factors);
}

// What is not a number stays so.
static inline float32x4_t maskd_float_within_neon(float32x4_t values, const maskd_results_neon *results) {
  return vminq_f32(vmaxq_f32(values, results->float_minimum), results->float_maximum);
}

static inline void maskd_widen_range_neon(maskd_range_neon *range, float32x4_t values) {
  range->least = vminnmq_f32(range->least, values);
  range->greatest = vmaxnmq_f32(range->greatest, values);
}

// Writes `count` (at most 16) results.
static inline void maskd_store_16_neon(int8x16_t values, size_t count, int8_t *result) {
  if (count >= 16) {
    vst1q_s8(result, values);
    return;
  }
  int8_t all[16];
  vst1q_s8(all, values);
  if (count >= 8) {
    memcpy(result, all, 8);
    memcpy(result + count - 8, all + count - 8, 8);
  } else if (count >= 4) {
    memcpy(result, all, 4);
    memcpy(result + count - 4, all + count - 4, 4);
  } else {
    for (size_t i = 0; i < count; i += 1)
      result[i] = all[i];
  }
}

static inline maskd_range_neon maskd_empty_range_neon(void) {
  return (maskd_range_neon){vdupq_n_f32(INFINITY), vdupq_n_f32(-INFINITY)};
}

static inline void maskd_take_range_neon(const maskd_epilogue *to, const maskd_range_neon *range) {
  if (!to->range || to->rounding != MASKD_TO_FLOAT)
    return;
  const float least = vminnmvq_f32(range->least), greatest = vmaxnmvq_f32(range->greatest);
  to->range[0] = least < to->range[0] ? least : to->range[0];
  to->range[1] = greatest > to->range[1] ? greatest : to->range[1];
}

#pragma clang attribute pop

// Any way at all: `count` results of the columns from `column` on, whose sums lie one after the other. Reads sums in
// fours.
static inline __attribute__((noinline)) void maskd_finish_slowly_neon(const int32_t *sums, size_t column, size_t count,
                                                                      const maskd_epilogue *to, void *result,
                                                                      maskd_range_neon *range) {
  for (size_t i = 0; i < count; i += 4) {
    const int32x4_t x = vld1q_s32(sums + i);
    if (to->rounding == MASKD_TO_FLOAT)
      maskd_float_4_neon(x, column + i, count - i, to, (float *)result + i, range);
    else
      maskd_requantize_4_neon(x, column + i, count - i, to, (int8_t *)result + i);
  }
}

#endif
