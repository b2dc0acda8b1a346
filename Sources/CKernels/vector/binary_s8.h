#ifndef MASKD_VECTOR_BINARY_S8_H
#define MASKD_VECTOR_BINARY_S8_H

#include "../nearest.h"
#include "../runs.h"

// What ADD and MUL in int8 share. The family that includes this has a vector of bytes, seen as four vectors of int32 or
// float lanes (its quads), and says in its header nearest_FAMILY.h how to load and store one in part, how to round
// quads, and how TFLite rescales lanes.

static inline __attribute__((always_inline)) maskd_lanes_f32 maskd_every_lane(float value) {
  return (maskd_lanes_f32){0} + value;
}

// Of int32 lanes.
static inline __attribute__((always_inline)) maskd_lanes_f32 maskd_to_floats(maskd_bytes quad) {
  return __builtin_convertvector((maskd_lanes_s32)quad, maskd_lanes_f32);
}

// Walks through a run, a vector at a time; an operand whose step is 0 is one value for all of it.
static inline __attribute__((always_inline)) void
maskd_binary_run(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                 int8_t *result, const void *parameters,
                 maskd_bytes (*compute)(maskd_bytes left, maskd_bytes right, const void *parameters)) {
  size_t i = 0;
  for (; i + MASKD_QUAD_BYTES <= count; i += MASKD_QUAD_BYTES) {
    const maskd_bytes x = left_step ? maskd_load_bytes(left + i, MASKD_QUAD_BYTES) : maskd_every_byte(*left);
    const maskd_bytes y = right_step ? maskd_load_bytes(right + i, MASKD_QUAD_BYTES) : maskd_every_byte(*right);
    maskd_store_bytes(compute(x, y, parameters), MASKD_QUAD_BYTES, result + i);
  }
  if (i == count)
    return;
  const maskd_bytes x = left_step ? maskd_load_bytes(left + i, count - i) : maskd_every_byte(*left);
  const maskd_bytes y = right_step ? maskd_load_bytes(right + i, count - i) : maskd_every_byte(*right);
  maskd_store_bytes(compute(x, y, parameters), count - i, result + i);
}

#endif
