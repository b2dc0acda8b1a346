#include "../flip.h"
#include "../runs.h"
#include "generic.h"
#include "requantize.h"

// TFLite gives both operands 20 more bits before it scales them.
enum { LEFT_SHIFT = 20 };

static inline uint32_t rescaled(int8_t value, int32_t zero_point, int32_t multiplier, int32_t shift) {
  const uint32_t offset = (uint32_t)value - (uint32_t)zero_point;
  return (uint32_t)maskd_round_twice((int32_t)(offset << LEFT_SHIFT), multiplier, shift);
}

static inline void add_run(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                           int8_t *result, const void *parameters) {
  const maskd_add_s8_parameters *p = parameters;
  for (size_t i = 0; i < count; i += 1) {
    const int8_t x = maskd_flipped(left[i * left_step], p->left_flip);
    const int8_t y = maskd_flipped(right[i * right_step], p->right_flip);
    const uint32_t l = rescaled(x, p->left_zero_point, p->left_multiplier, p->left_shift);
    const uint32_t r = rescaled(y, p->right_zero_point, p->right_multiplier, p->right_shift);
    const int32_t scaled = maskd_round_twice((int32_t)(p->subtract ? l - r : l + r), p->multiplier, p->shift);
    result[i] = maskd_flipped(maskd_offset_and_clamp(scaled, p->zero_point, p->minimum, p->maximum), p->result_flip);
  }
}

void maskd_add_s8_generic(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                          const maskd_add_s8_parameters *parameters) {
  maskd_for_runs(shape, left, right, result, parameters, add_run);
}
