#if defined(__x86_64__)

#include "avx2.h"
#include "nearest_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#include "../vector/add_s8.h"

void maskd_add_s8_avx2(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_add_s8_parameters *parameters) {
  maskd_add_s8_vector(shape, left, right, result, parameters);
}

#pragma clang attribute pop

#endif
