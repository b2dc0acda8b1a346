#ifndef MASKD_VECTOR_F32_H
#define MASKD_VECTOR_F32_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Vectors of floats as wide as the family's registers, in the compiler's own terms. A family that includes the float
// kernels of this folder says before how wide they are:
//
//   MASKD_LANES    floats of a register
//   MASKD_ROWS     rows of a tile of the matrix product, at most 8
//   MASKD_VECTORS  vectors of columns of such a tile, at most 3

typedef float maskd_vector __attribute__((ext_vector_type(MASKD_LANES)));
typedef float maskd_unaligned_vector __attribute__((ext_vector_type(MASKD_LANES), aligned(4)));
typedef int32_t maskd_vector_s32 __attribute__((ext_vector_type(MASKD_LANES)));
typedef int8_t maskd_vector_s8 __attribute__((ext_vector_type(MASKD_LANES)));

#define MASKD_INLINE static inline __attribute__((always_inline))

MASKD_INLINE maskd_vector maskd_load(const float *from) {
  return *(const maskd_unaligned_vector *)from;
}

MASKD_INLINE void maskd_store(float *to, maskd_vector values) {
  *(maskd_unaligned_vector *)to = values;
}

// The first `count` values, fewer than a vector has; what is missing is zero.
MASKD_INLINE maskd_vector maskd_load_part(const float *from, size_t count) {
  maskd_vector values = 0;
  memcpy(&values, from, count * sizeof *from);
  return values;
}

MASKD_INLINE void maskd_store_part(float *to, maskd_vector values, size_t count) {
  memcpy(to, &values, count * sizeof *to);
}

// As maskd_clamp_f32: what is not a number passes through.
MASKD_INLINE maskd_vector maskd_clamp_vector(maskd_vector values, float minimum, float maximum) {
  const maskd_vector least = minimum, greatest = maximum;
  const maskd_vector floored = values < least ? least : values;
  return floored > greatest ? greatest : floored;
}

MASKD_INLINE maskd_vector maskd_multiply_add(maskd_vector a, maskd_vector b, maskd_vector sum) {
  return __builtin_elementwise_fma(a, b, sum);
}

#endif
