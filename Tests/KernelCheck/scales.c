#include "scales.h"
#include "values.h"
#include <math.h>
#include <stdlib.h>

void scales_make(scales *scales) {
  scales->bias_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->multiplier_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->shift_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->scale_memory = guarded_make(SCALES_CAPACITY * sizeof(double));
  scales->factor_memory = guarded_make(SCALES_CAPACITY * sizeof(float));
  scales->addend_memory = guarded_make(SCALES_CAPACITY * sizeof(float));
}

static size_t padded(size_t columns) {
  return (columns + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
}

static void randomize_multipliers(scales *scales, size_t columns) {
  int32_t *multiplier = guarded_place(&scales->multiplier_memory, padded(columns) * sizeof *multiplier, values_coin());
  int32_t *shift = guarded_place(&scales->shift_memory, padded(columns) * sizeof *shift, values_coin());
  for (size_t c = 0; c < columns; c += 1) {
    multiplier[c] = values_multiplier();
    shift[c] = values_shift();
    if (scales->value.shifts_right && (shift[c] >= 0 || shift[c] < -22))
      shift[c] = -1 - abs(shift[c]) % 22;
  }
  scales->value.multiplier = multiplier;
  scales->value.shift = shift;
}

static void randomize_real_scales(scales *scales, size_t columns) {
  double *scale = guarded_place(&scales->scale_memory, padded(columns) * sizeof *scale, values_coin());
  for (size_t c = 0; c < columns; c += 1)
    scale[c] = values_scale();
  scales->value.scale = scale;
}

// Factors are powers of two, so that a fused multiply-add gives the same bits as a product and a sum.
static void randomize_factors(scales *scales, size_t columns) {
  float *factor = guarded_place(&scales->factor_memory, padded(columns) * sizeof *factor, values_coin());
  float *addend = guarded_place(&scales->addend_memory, padded(columns) * sizeof *addend, values_coin());
  for (size_t c = 0; c < columns; c += 1) {
    factor[c] = 1.0f / (float)(1 << values_in(0, 20));
    addend[c] = (float)values_in(-1000, 1000) / 7;
  }
  scales->value.factor = factor;
  scales->value.addend = addend;
  scales->value.float_minimum = values_coin() ? -INFINITY : 0;
  scales->value.float_maximum = values_coin() ? INFINITY : 6;
  scales->range[0] = scales->range[1] = 0;
  scales->value.range = values_coin() ? scales->range : NULL;
}

maskd_rounding scales_int8_rounding(void) {
  return values_coin() ? MASKD_ROUND_ONCE : MASKD_ROUND_TWICE;
}

// The arrays that the rounding does not use are null: reading them ends the program.
void scales_randomize(scales *scales, size_t columns, maskd_rounding rounding) {
  scales->value = (maskd_epilogue){
      .zero_point = (int32_t)values_in(-128, 127),
      .rounding = rounding,
      .shifts_right = values_coin(),
      .result_flip = values_coin() ? 0x80 : 0,
  };
  values_range_s8(&scales->value.minimum, &scales->value.maximum);
  // Where the zero point is int8's least value, as behind a ReLU, kernels know a shorter way.
  if (values_coin())
    scales->value.zero_point = INT8_MIN;
  // A fused activation begins at the zero point.
  if (values_coin() && scales->value.zero_point <= scales->value.maximum)
    scales->value.minimum = scales->value.zero_point;
  if (rounding == MASKD_TO_FLOAT)
    randomize_factors(scales, columns);
  else if (rounding == MASKD_ROUND_ONCE)
    randomize_real_scales(scales, columns);
  else
    randomize_multipliers(scales, columns);
  for (size_t c = 0; c < columns; c += 1)
    scales->bias[c] = values_accumulator();
  scales_place_bias(scales, columns, NULL);
}

// Rounding to the high half first moves a tie away from the middle by half a step of what the right shift cuts off.
int32_t scales_sum_near_tie(const scales *scales, size_t column) {
  enum { TRIES = 256 };
  const int32_t shift = scales->value.shift[column];
  const double scale = ldexp(scales->value.multiplier[column], shift - 31),
               half_step = shift < 0 ? ldexp(0.5, shift) : 0;
  double nearest = 0, least_distance = INFINITY;
  for (size_t i = 0; i < TRIES && scale > 0; i += 1) {
    const double middle = (double)(values_in(-128, 127) - scales->value.zero_point) - 0.5;
    const double tie = middle - copysign(half_step, middle);
    const double sum = floor(tie / scale) + (double)values_in(0, 1), distance = fabs(sum * scale - tie);
    if (distance < least_distance)
      nearest = sum, least_distance = distance;
  }
  return (int32_t)fmax(INT32_MIN, fmin(INT32_MAX, nearest));
}

void scales_place_bias(scales *scales, size_t columns, const int32_t *correction) {
  int32_t *bias = guarded_place(&scales->bias_memory, padded(columns) * sizeof(int32_t), values_coin());
  for (size_t c = 0; c < columns; c += 1)
    bias[c] = (int32_t)((uint32_t)scales->bias[c] - (correction ? (uint32_t)correction[c] : 0));
  scales->value.bias = bias;
}
