#include "../flip.h"
#include "../runs.h"
#include "generic.h"
#include "requantize.h"

static inline void multiply_run(size_t count, const int8_t *left, size_t left_step, const int8_t *right,
                                size_t right_step, int8_t *result, const void *parameters) {
  const maskd_mul_s8_parameters *p = parameters;
  for (size_t i = 0; i < count; i += 1) {
    const uint32_t l = (uint32_t)maskd_flipped(left[i * left_step], p->left_flip) - (uint32_t)p->left_zero_point;
    const uint32_t r = (uint32_t)maskd_flipped(right[i * right_step], p->right_flip) - (uint32_t)p->right_zero_point;
    const int32_t scaled = maskd_round_twice((int32_t)(l * r), p->multiplier, p->shift);
    result[i] = maskd_flipped(maskd_offset_and_clamp(scaled, p->zero_point, p->minimum, p->maximum), p->result_flip);
  }
}

void maskd_mul_s8_generic(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                          const maskd_mul_s8_parameters *parameters) {
  maskd_for_runs(shape, left, right, result, parameters, multiply_run);
}
