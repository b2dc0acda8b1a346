#ifndef MASKD_VECTOR_ADD_S8_H
#define MASKD_VECTOR_ADD_S8_H

#include "binary_s8.h"

// ADD and SUB in int8 on the vectors of the family that includes this.

// TFLite gives both operands 20 more bits before it scales them.
enum { MASKD_ADD_LEFT_SHIFT = 20 };

typedef struct maskd_addition {
  maskd_lanes_f32 left_factor, right_factor, addend, reach;
  maskd_byte_range range;
  const maskd_add_s8_parameters *parameters;
} maskd_addition;

static inline maskd_addition maskd_addition_of(const maskd_add_s8_parameters *p) {
  const maskd_linear_sum line = maskd_linear_sum_of(p);
  return (maskd_addition){
      .left_factor = maskd_every_lane(line.left_factor),
      .right_factor = maskd_every_lane(line.right_factor),
      .addend = maskd_every_lane(line.addend),
      .reach = maskd_every_lane(line.reach),
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .parameters = p,
  };
}

static __attribute__((noinline)) maskd_bytes maskd_sum_in_integers(maskd_bytes left, maskd_bytes right,
                                                                   const maskd_add_s8_parameters *p) {
  maskd_bytes x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const maskd_lanes_s32 l = ((maskd_lanes_s32)x[v] - (p->left_zero_point + 128)) << MASKD_ADD_LEFT_SHIFT;
    const maskd_lanes_s32 r = ((maskd_lanes_s32)y[v] - (p->right_zero_point + 128)) << MASKD_ADD_LEFT_SHIFT;
    const maskd_lanes_s32 left_scaled = maskd_rescaled_lanes(l, p->left_multiplier, p->left_shift);
    const maskd_lanes_s32 right_scaled = maskd_rescaled_lanes(r, p->right_multiplier, p->right_shift);
    const maskd_lanes_s32 sum = p->subtract ? left_scaled - right_scaled : left_scaled + right_scaled;
    quads[v] = (maskd_bytes)(maskd_rescaled_lanes(sum, p->multiplier, p->shift) + p->zero_point);
  }
  return maskd_from_quads(quads, (maskd_bytes){0});
}

static inline __attribute__((always_inline)) maskd_bytes maskd_added(maskd_bytes left, maskd_bytes right,
                                                                     const void *parameters) {
  const maskd_addition *a = parameters;
  maskd_bytes x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  left = maskd_unsigned(left, a->parameters->left_flip);
  right = maskd_unsigned(right, a->parameters->right_flip);
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  maskd_lanes_f32 sums[MASKD_QUADS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const maskd_lanes_f32 half = maskd_to_floats(x[v]) * a->left_factor + a->addend;
    sums[v] = maskd_to_floats(y[v]) * a->right_factor + half;
  }
  maskd_bytes bytes;
  if (__builtin_expect(maskd_rounded_quads(sums, a->reach, quads), true))
    bytes = maskd_from_quads(quads, (maskd_bytes){0});
  else
    bytes = maskd_sum_in_integers(left, right, a->parameters);
  return maskd_in_range(bytes, &a->range);
}

static inline __attribute__((always_inline)) void maskd_add_run(size_t count, const int8_t *left, size_t left_step,
                                                                const int8_t *right, size_t right_step, int8_t *result,
                                                                const void *parameters) {
  maskd_binary_run(count, left, left_step, right, right_step, result, parameters, maskd_added);
}

static inline __attribute__((always_inline)) void maskd_add_s8_vector(const maskd_broadcast *shape, const int8_t *left,
                                                                      const int8_t *right, int8_t *result,
                                                                      const maskd_add_s8_parameters *parameters) {
  const maskd_add_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const maskd_addition a = maskd_addition_of(&p);
  maskd_for_runs(shape, left, right, result, &a, maskd_add_run);
}

#endif
