#include "generic.h"
#include "requantize.h"

void maskd_mul_s8_generic(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                          int8_t *result, const maskd_mul_s8_parameters *p) {
  for (size_t i = 0; i < count; i += 1) {
    const uint32_t l = (uint32_t)left[i * left_step] - (uint32_t)p->left_zero_point;
    const uint32_t r = (uint32_t)right[i * right_step] - (uint32_t)p->right_zero_point;
    const int32_t scaled = maskd_round_twice((int32_t)(l * r), p->multiplier, p->shift);
    result[i] = maskd_offset_and_clamp(scaled, p->zero_point, p->minimum, p->maximum);
  }
}
