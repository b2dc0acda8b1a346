#include "elementwise_f32.h"
#include "generic.h"

void maskd_arithmetic_f32_generic(maskd_arithmetic operation, size_t count, const float *left, size_t left_step,
                                  const float *right, size_t right_step, float minimum, float maximum, float *result) {
  maskd_arithmetic_any(operation, count, left, left_step, right, right_step, minimum, maximum, result);
}

void maskd_range_f32_generic(size_t count, const float *values, float *range) {
  float least = range[0], greatest = range[1];
  for (size_t i = 0; i < count; i += 1) {
    least = values[i] < least ? values[i] : least;
    greatest = values[i] > greatest ? values[i] : greatest;
  }
  range[0] = least;
  range[1] = greatest;
}

void maskd_quantize_f32_s8_generic(size_t count, const float *values, const maskd_quantization *to, int8_t *result) {
  for (size_t i = 0; i < count; i += 1)
    result[i] = maskd_quantized(values[i], to);
}

void maskd_divide_f32_s8_generic(size_t count, const float *values, const maskd_division *by, int8_t *result) {
  for (size_t i = 0; i < count; i += 1)
    result[i] = maskd_divided(values[i], by);
}
