#include "values.h"
#include <math.h>

static uint64_t state;

void values_seed(uint64_t seed) {
  state = seed;
}

uint64_t values_next(void) {
  state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = state;
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

bool values_coin(void) {
  return values_next() >> 63;
}

int64_t values_in(int64_t low, int64_t high) {
  return low + (int64_t)(values_next() % (uint64_t)(high - low + 1));
}

void values_fill_s8(int8_t *values, size_t count) {
  const int64_t kind = values_in(0, 9);
  for (size_t i = 0; i < count; i += 1) {
    if (kind == 0)
      values[i] = -128;
    else if (kind == 1)
      values[i] = 127;
    else if (kind == 2)
      values[i] = values_coin() ? -128 : 127;
    else if (kind == 3)
      values[i] = (int8_t)values_in(-3, 3);
    else
      values[i] = (int8_t)values_in(-128, 127);
  }
}

void values_fill_weights_s8(int8_t *values, size_t count) {
  values_fill_s8(values, count);
  // Weights of trained models are mostly small: four products of such may be added in int16, or just not.
  const int64_t kind = values_in(0, 5);
  for (size_t i = 0; i < count && kind < 3; i += 1)
    if (kind == 0)
      values[i] = (int8_t)(values_in(63, 64) * (values_coin() ? 1 : -1));
    else if (kind == 1)
      values[i] = (int8_t)values_in(-90, 90);
    else
      values[i] = (int8_t)(values_in(-60, 60) + values_in(-30, 30) + values_in(-30, 30));
  const bool has_least = values_coin();
  for (size_t i = 0; i < count && !has_least; i += 1)
    values[i] = values[i] == INT8_MIN ? -INT8_MAX : values[i];
}

void values_offset_s8(int8_t *values, size_t count, int32_t offset) {
  for (size_t i = 0; i < count && offset != 0; i += 1)
    values[i] = (int8_t)((uint8_t)values[i] ^ 0x80);
}

void values_fill_s16(int16_t *values, size_t count) {
  const int64_t kind = values_in(0, 9);
  for (size_t i = 0; i < count; i += 1) {
    if (kind == 0)
      values[i] = values_coin() ? -255 : 255;
    else if (kind == 1)
      values[i] = values_coin() ? INT16_MIN : INT16_MAX;
    else if (kind == 2)
      values[i] = (int16_t)values_in(-3, 3);
    else
      values[i] = (int16_t)values_in(-255, 255);
  }
}

int32_t values_accumulator(void) {
  switch (values_in(0, 7)) {
  case 0:
    return values_coin() ? INT32_MIN : INT32_MAX;
  case 1:
    return (int32_t)values_in(INT32_MIN, INT32_MAX);
  case 2:
    return (int32_t)values_in(-1000000, 1000000);
  default:
    return (int32_t)values_in(-2000, 2000);
  }
}

int32_t values_multiplier(void) {
  switch (values_in(0, 7)) {
  case 0:
    return 0;
  case 1:
    return INT32_C(1) << 30; // a power of two: ties are frequent
  case 2:
    return INT32_MAX;
  default:
    return (int32_t)values_in(INT32_C(1) << 30, INT32_MAX);
  }
}

int32_t values_shift(void) {
  switch (values_in(0, 7)) {
  case 0:
    return (int32_t)values_in(-31, 30);
  case 1:
    return (int32_t)values_in(-3, 3);
  default:
    return (int32_t)values_in(-14, -2);
  }
}

double values_scale(void) {
  switch (values_in(0, 7)) {
  case 0:
    return 0;
  case 1:
    return 1e9;
  case 2:
  case 3:
    return ldexp(1, (int)values_in(-14, 2));
  default:
    return ldexp((double)values_in(INT64_C(1) << 52, INT64_C(1) << 53), (int)values_in(-67, -54));
  }
}

void values_range_s8(int32_t *minimum, int32_t *maximum) {
  *minimum = -128;
  *maximum = 127;
  if (values_in(0, 3) > 0)
    return;
  *minimum = (int32_t)values_in(-128, 127);
  *maximum = (int32_t)values_in(*minimum, 127);
}

void values_fill_f32(float *values, size_t count) {
  const bool huge = values_in(0, 15) == 0;
  for (size_t i = 0; i < count; i += 1) {
    const float value = (float)values_in(-(1 << 24), 1 << 24) / (float)(1 << 23);
    values[i] = huge && values_coin() ? value * 1e38f : value;
  }
}
