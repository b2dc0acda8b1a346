#if defined(__x86_64__)

#include "avx512vnni.h"
#include "nearest_avx512vnni.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

#include "../vector/mul_s8.h"

void maskd_mul_s8_avx512vnni(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                             const maskd_mul_s8_parameters *parameters) {
  maskd_mul_s8_vector(shape, left, right, result, parameters);
}

#pragma clang attribute pop

#endif
