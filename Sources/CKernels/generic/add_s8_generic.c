#include "generic.h"
#include "requantize.h"

// TFLite gives both operands 20 more bits before it scales them.
enum { LEFT_SHIFT = 20 };

static inline uint32_t rescaled(int8_t value, int32_t zero_point, int32_t multiplier, int32_t shift) {
  const uint32_t offset = (uint32_t)value - (uint32_t)zero_point;
  return (uint32_t)maskd_round_twice((int32_t)(offset << LEFT_SHIFT), multiplier, shift);
}

void maskd_add_s8_generic(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                          int8_t *result, const maskd_add_s8_parameters *p) {
  for (size_t i = 0; i < count; i += 1) {
    const uint32_t l = rescaled(left[i * left_step], p->left_zero_point, p->left_multiplier, p->left_shift);
    const uint32_t r = rescaled(right[i * right_step], p->right_zero_point, p->right_multiplier, p->right_shift);
    const int32_t scaled = maskd_round_twice((int32_t)(p->subtract ? l - r : l + r), p->multiplier, p->shift);
    result[i] = maskd_offset_and_clamp(scaled, p->zero_point, p->minimum, p->maximum);
  }
}
