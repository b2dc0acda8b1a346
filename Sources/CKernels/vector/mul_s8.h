#ifndef MASKD_VECTOR_MUL_S8_H
#define MASKD_VECTOR_MUL_S8_H

#include "binary_s8.h"

// MUL in int8 on the vectors of the family that includes this.

typedef struct maskd_multiplication {
  maskd_lanes_f32 left_zero, right_zero; // with what makes a float of a byte
  maskd_lanes_f32 factor, reach;
  maskd_lanes_s32 nudge; // the bits of a float
  maskd_bytes zero_point;
  maskd_byte_range range;
  const maskd_mul_s8_parameters *parameters;
} maskd_multiplication;

// As the lowest bits of 2^23 a byte is a float: 2^23 + byte.
static const float maskd_byte_base = 0x1p23f;

static inline maskd_multiplication maskd_multiplication_of(const maskd_mul_s8_parameters *p) {
  const maskd_scaled_product product = maskd_scaled_product_of(p);
  return (maskd_multiplication){
      .left_zero = maskd_every_lane(maskd_byte_base + (float)(p->left_zero_point + 128)),
      .right_zero = maskd_every_lane(maskd_byte_base + (float)(p->right_zero_point + 128)),
      .factor = maskd_every_lane(product.factor),
      .reach = maskd_every_lane(product.reach),
      .nudge = (maskd_lanes_s32)maskd_every_lane(product.nudge),
      .zero_point = maskd_every_short((int16_t)p->zero_point),
      .range = maskd_byte_range_of(p->minimum, p->maximum, p->result_flip),
      .parameters = p,
  };
}

static inline __attribute__((always_inline)) maskd_lanes_f32 maskd_less_zero(maskd_bytes quad, maskd_lanes_f32 zero) {
  return (maskd_lanes_f32)((maskd_lanes_s32)quad | (maskd_lanes_s32)maskd_every_lane(maskd_byte_base)) - zero;
}

static __attribute__((noinline)) maskd_bytes maskd_product_in_integers(maskd_bytes left, maskd_bytes right,
                                                                       const maskd_mul_s8_parameters *p) {
  maskd_bytes x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const maskd_lanes_s32 l = (maskd_lanes_s32)x[v] - (p->left_zero_point + 128);
    const maskd_lanes_s32 r = (maskd_lanes_s32)y[v] - (p->right_zero_point + 128);
    quads[v] = (maskd_bytes)(maskd_rescaled_lanes(l * r, p->multiplier, p->shift) + p->zero_point);
  }
  return maskd_from_quads(quads, (maskd_bytes){0});
}

static inline __attribute__((always_inline)) maskd_bytes maskd_multiplied(maskd_bytes left, maskd_bytes right,
                                                                          const void *parameters) {
  const maskd_multiplication *m = parameters;
  maskd_bytes x[MASKD_QUADS], y[MASKD_QUADS], quads[MASKD_QUADS];
  left = maskd_unsigned(left, m->parameters->left_flip);
  right = maskd_unsigned(right, m->parameters->right_flip);
  maskd_to_quads(left, x);
  maskd_to_quads(right, y);
  maskd_lanes_f32 scaled[MASKD_QUADS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_QUADS; v += 1) {
    const maskd_lanes_f32 product = maskd_less_zero(x[v], m->left_zero) * maskd_less_zero(y[v], m->right_zero);
    const maskd_lanes_s32 nudge = ((maskd_lanes_s32)product & INT32_MIN) | m->nudge;
    scaled[v] = product * m->factor + (maskd_lanes_f32)nudge;
  }
  maskd_bytes bytes;
  if (__builtin_expect(maskd_rounded_quads(scaled, m->reach, quads), true))
    bytes = maskd_from_quads(quads, m->zero_point);
  else
    bytes = maskd_product_in_integers(left, right, m->parameters);
  return maskd_in_range(bytes, &m->range);
}

static inline __attribute__((always_inline)) void maskd_multiply_run(size_t count, const int8_t *left, size_t left_step,
                                                                     const int8_t *right, size_t right_step,
                                                                     int8_t *result, const void *parameters) {
  maskd_binary_run(count, left, left_step, right, right_step, result, parameters, maskd_multiplied);
}

static inline __attribute__((always_inline)) void maskd_mul_s8_vector(const maskd_broadcast *shape, const int8_t *left,
                                                                      const int8_t *right, int8_t *result,
                                                                      const maskd_mul_s8_parameters *parameters) {
  const maskd_mul_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const maskd_multiplication m = maskd_multiplication_of(&p);
  maskd_for_runs(shape, left, right, result, &m, maskd_multiply_run);
}

#endif
