#include "oracle.h"
#include <math.h>

int32_t oracle_wrap(int64_t sum) {
  const int64_t modulus = INT64_C(1) << 32;
  const int64_t positive = ((sum % modulus) + modulus) % modulus;
  return (int32_t)(positive > INT32_MAX ? positive - modulus : positive);
}

static int64_t floor_division(int64_t dividend, int64_t divisor) {
  const int64_t quotient = dividend / divisor;
  return dividend % divisor < 0 ? quotient - 1 : quotient;
}

static int64_t half_away_from_zero(int64_t dividend, int64_t divisor) {
  const int64_t magnitude = dividend < 0 ? -dividend : dividend;
  const int64_t rounded = (2 * magnitude + divisor) / (2 * divisor);
  return dividend < 0 ? -rounded : rounded;
}

int32_t oracle_round_once(int32_t x, double scale) {
  return (int32_t)fmax(INT32_MIN, fmin(INT32_MAX, round(x * scale)));
}

int32_t oracle_round_twice(int32_t x, int32_t multiplier, int32_t shift) {
  const int64_t shifted = shift > 0 ? oracle_wrap((int64_t)x * (INT64_C(1) << shift)) : x;
  const int64_t product = shifted * multiplier;
  const int64_t nudge = product < 0 ? 1 - (INT64_C(1) << 30) : INT64_C(1) << 30;
  const int64_t high = (product + nudge) / (INT64_C(1) << 31);
  return (int32_t)(shift < 0 ? half_away_from_zero(high, INT64_C(1) << -shift) : high);
}

int8_t oracle_clamp(int64_t value, int32_t minimum, int32_t maximum) {
  if (value < minimum)
    return (int8_t)minimum;
  return (int8_t)(value > maximum ? maximum : value);
}

int8_t oracle_requantize(int64_t sum, int32_t bias, size_t column, const maskd_epilogue *to) {
  const int32_t x = oracle_wrap(sum + bias);
  const int32_t scaled = to->rounding == MASKD_ROUND_ONCE
                             ? oracle_round_once(x, to->scale[column])
                             : oracle_round_twice(x, to->multiplier[column], to->shift[column]);
  const int8_t value = oracle_clamp(oracle_wrap((int64_t)scaled + to->zero_point), to->minimum, to->maximum);
  return (int8_t)(to->result_flip ? (uint8_t)value ^ to->result_flip : (uint8_t)value);
}

float oracle_float(int64_t sum, int32_t bias, size_t column, const maskd_epilogue *to, float range[2]) {
  const float value = oracle_clamp_f32((float)oracle_wrap(sum + bias) * to->factor[column] + to->addend[column],
                                       to->float_minimum, to->float_maximum);
  range[0] = fminf(range[0], value);
  range[1] = fmaxf(range[1], value);
  return value;
}

int64_t oracle_average(int64_t sum, int64_t count, maskd_average_rounding rounding) {
  if (rounding == MASKD_AVERAGE_HALF_UP)
    return floor_division(2 * sum + count, 2 * count);
  return half_away_from_zero(sum, count);
}

double oracle_sum_bound(double magnitude, size_t count) {
  // Each addition and each product is off by half a unit in the last place at most, in either sum.
  const double unit = 0x1p-24;
  return magnitude < 0x1p126 ? 2 * (double)(count + 1) * unit * magnitude + 0x1p-140 : INFINITY;
}

float oracle_clamp_f32(float value, float minimum, float maximum) {
  if (value < minimum)
    return minimum;
  return value > maximum ? maximum : value;
}
