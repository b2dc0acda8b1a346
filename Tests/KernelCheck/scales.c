#include "scales.h"
#include "values.h"

void scales_make(scales *scales) {
  scales->bias_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->multiplier_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->shift_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->scale_memory = guarded_make(SCALES_CAPACITY * sizeof(double));
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

// The arrays that the rounding does not use are null: reading them ends the program.
void scales_randomize(scales *scales, size_t columns, maskd_rounding rounding) {
  scales->value = (maskd_requantization){
      .zero_point = (int32_t)values_in(-128, 127),
      .rounding = rounding,
  };
  values_range_s8(&scales->value.minimum, &scales->value.maximum);
  if (rounding == MASKD_ROUND_ONCE)
    randomize_real_scales(scales, columns);
  else
    randomize_multipliers(scales, columns);
  for (size_t c = 0; c < columns; c += 1)
    scales->bias[c] = values_accumulator();
  scales_place_bias(scales, columns, NULL);
}

void scales_place_bias(scales *scales, size_t columns, const int32_t *correction) {
  int32_t *bias = guarded_place(&scales->bias_memory, padded(columns) * sizeof(int32_t), values_coin());
  for (size_t c = 0; c < columns; c += 1)
    bias[c] = (int32_t)((uint32_t)scales->bias[c] - (correction ? (uint32_t)correction[c] : 0));
  scales->value.bias = bias;
}
