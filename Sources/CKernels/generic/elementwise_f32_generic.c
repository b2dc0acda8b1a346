#include "elementwise_f32.h"
#include "generic.h"
#include <math.h>

void maskd_arithmetic_f32_generic(maskd_arithmetic operation, const maskd_broadcast *shape, const float *left,
                                  const float *right, float minimum, float maximum, float *result, float *range) {
  float seen[2] = {INFINITY, -INFINITY};
  for (size_t run = 0; run < shape->runs; run += 1)
    for (size_t i = 0; i < shape->count; i += 1) {
      const float a = left[run * shape->left_stride + i * shape->left_step];
      const float b = right[run * shape->right_stride + i * shape->right_step];
      const float value = maskd_clamp_f32(maskd_arithmetic_value(operation, a, b), minimum, maximum);
      result[run * shape->result_stride + i] = value;
      maskd_take_value(value, seen);
    }
  if (range) {
    range[0] = seen[0] < range[0] ? seen[0] : range[0];
    range[1] = seen[1] > range[1] ? seen[1] : range[1];
  }
}

void maskd_sums_of_columns_f32_generic(size_t columns, size_t rows, size_t stride, const float *values, float *sums) {
  for (size_t c = 0; c < columns; c += 1) {
    float sum = 0;
    for (size_t r = 0; r < rows; r += 1)
      sum += values[r * stride + c];
    sums[c] = sum;
  }
}

void maskd_range_f32_generic(size_t count, const float *values, float *range) {
  for (size_t i = 0; i < count; i += 1)
    maskd_take_value(values[i], range);
}

void maskd_quantize_f32_s8_generic(size_t count, const float *values, const maskd_quantization *to, int8_t *result) {
  for (size_t i = 0; i < count; i += 1)
    result[i] = maskd_quantized(values[i], to);
}

void maskd_divide_f32_s8_generic(size_t count, const float *values, const maskd_division *by, int8_t *result) {
  for (size_t i = 0; i < count; i += 1)
    result[i] = maskd_divided(values[i], by);
}
