#include "scales.h"
#include "values.h"

void scales_make(scales *scales) {
  scales->bias_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->multiplier_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
  scales->shift_memory = guarded_make(SCALES_CAPACITY * sizeof(int32_t));
}

static size_t padded(size_t columns) {
  return (columns + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
}

void scales_randomize(scales *scales, size_t columns) {
  const size_t bytes = padded(columns) * sizeof(int32_t);
  int32_t *multiplier = guarded_place(&scales->multiplier_memory, bytes, values_coin());
  int32_t *shift = guarded_place(&scales->shift_memory, bytes, values_coin());
  for (size_t c = 0; c < columns; c += 1) {
    scales->bias[c] = values_accumulator();
    multiplier[c] = values_multiplier();
    shift[c] = values_shift();
  }
  scales->value.multiplier = multiplier;
  scales->value.shift = shift;
  scales->value.zero_point = (int32_t)values_in(-128, 127);
  scales->value.rounding = values_coin() ? MASKD_ROUND_ONCE : MASKD_ROUND_TWICE;
  values_range_s8(&scales->value.minimum, &scales->value.maximum);
  scales_place_bias(scales, columns, NULL);
}

void scales_place_bias(scales *scales, size_t columns, const int32_t *correction) {
  int32_t *bias = guarded_place(&scales->bias_memory, padded(columns) * sizeof(int32_t), values_coin());
  for (size_t c = 0; c < columns; c += 1)
    bias[c] = (int32_t)((uint32_t)scales->bias[c] - (correction ? (uint32_t)correction[c] : 0));
  scales->value.bias = bias;
}
