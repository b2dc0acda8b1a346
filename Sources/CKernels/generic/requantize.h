#ifndef MASKD_GENERIC_REQUANTIZE_H
#define MASKD_GENERIC_REQUANTIZE_H

#include "clamp_f32.h"
#include "kernels.h"

// x * multiplier * 2^(shift - 31) with the two roundings of TFLite's MultiplyByQuantizedMultiplier. The left shift
// wraps. The high half rounds a tie up: that equals TFLite's nudge of 1 - 2^30 and truncation for negative products.
// The right shift rounds a tie away from zero.
static inline int32_t maskd_round_twice(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  const int32_t shifted = (int32_t)((uint32_t)x << left);
  const int32_t high = (int32_t)(((int64_t)shifted * multiplier + (INT64_C(1) << 30)) >> 31);
  const int32_t mask = (int32_t)((UINT32_C(1) << right) - 1);
  const int32_t threshold = (mask >> 1) + (high < 0);
  return (high >> right) + ((high & mask) > threshold);
}

// x * scale with one rounding, a tie away from zero. The rest is exact, so comparing it with a half is too.
static inline int32_t maskd_round_once(int32_t x, double scale) {
  const double product = x * scale;
  const double floored = product < INT32_MIN ? INT32_MIN : product;
  const double bounded = floored > INT32_MAX ? INT32_MAX : floored;
  const int32_t whole = (int32_t)bounded;
  const double rest = bounded - whole;
  return whole + (rest >= 0.5) - (rest <= -0.5);
}

// A rescaled value moved to the result's zero point and into the range of its activation.
static inline int8_t maskd_offset_and_clamp(int32_t scaled, int32_t zero_point, int32_t minimum, int32_t maximum) {
  const int32_t value = (int32_t)((uint32_t)scaled + (uint32_t)zero_point);
  const int32_t floored = value < minimum ? minimum : value;
  return (int8_t)(floored > maximum ? maximum : floored);
}

static inline int8_t maskd_requantize(int32_t x, size_t column, const maskd_epilogue *to) {
  const int32_t scaled = to->rounding == MASKD_ROUND_ONCE
                             ? maskd_round_once(x, to->scale[column])
                             : maskd_round_twice(x, to->multiplier[column], to->shift[column]);
  const int8_t value = maskd_offset_and_clamp(scaled, to->zero_point, to->minimum, to->maximum);
  return (int8_t)((uint8_t)value ^ to->result_flip);
}

static inline float maskd_scaled_float(int32_t x, size_t column, const maskd_epilogue *to) {
  const float value =
      maskd_clamp_f32((float)x * to->factor[column] + to->addend[column], to->float_minimum, to->float_maximum);
  if (to->range) {
    to->range[0] = value < to->range[0] ? value : to->range[0];
    to->range[1] = value > to->range[1] ? value : to->range[1];
  }
  return value;
}

// Writes the result of column `column`, whose products sum to `sum`, as element `index` of a row. The bias is added
// here.
static inline void maskd_finish(uint32_t sum, size_t column, const maskd_epilogue *to, void *row, size_t index) {
  const int32_t x = (int32_t)(sum + (uint32_t)to->bias[column]);
  if (to->rounding == MASKD_TO_FLOAT)
    ((float *)row)[index] = maskd_scaled_float(x, column, to);
  else
    ((int8_t *)row)[index] = maskd_requantize(x, column, to);
}

#endif
