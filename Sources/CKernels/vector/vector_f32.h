#ifndef MASKD_VECTOR_F32_H
#define MASKD_VECTOR_F32_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef MASKD_HAS_MASKS
#include <immintrin.h>
#endif

// Vectors of floats as wide as the family's registers, in the compiler's own terms. A family that includes the float
// kernels of this folder says before how wide they are:
//
//   MASKD_LANES    floats of a register
//   MASKD_ROWS     rows that the matrix product computes side by side, at most 8
//   MASKD_VECTORS  vectors of columns beside them, at most 3
//
// and defines MASKD_HAS_MASKS where its vectors of 16 floats are those of AVX-512, whose loads and stores take a mask.

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

#ifdef MASKD_HAS_MASKS
// The first `count` values, fewer than a vector has; what is missing is zero.
MASKD_INLINE maskd_vector maskd_load_part(const float *from, size_t count) {
  return (maskd_vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}

MASKD_INLINE void maskd_store_part(float *to, maskd_vector values, size_t count) {
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)values);
}
#else
// The first `count` values, fewer than a vector has; what is missing is zero.
MASKD_INLINE maskd_vector maskd_load_part(const float *from, size_t count) {
  maskd_vector values = 0;
  memcpy(&values, from, count * sizeof *from);
  return values;
}

MASKD_INLINE void maskd_store_part(float *to, maskd_vector values, size_t count) {
  memcpy(to, &values, count * sizeof *to);
}
#endif

// The first `count` lanes; the others are no numbers.
MASKD_INLINE maskd_vector maskd_first_lanes(maskd_vector values, size_t count) {
  static const float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return maskd_load(numbers) < (float)count ? values : (maskd_vector)__builtin_nanf("");
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
