#if defined(__x86_64__)

#include "avx512vnni.h"
#include "nearest_avx512vnni.h"
#include "proven_add_avx512vnni.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

#include "../vector/add_s8.h"

static inline __attribute__((always_inline)) void add_proven_run(size_t count, const int8_t *left, size_t left_step,
                                                                 const int8_t *right, size_t right_step, int8_t *result,
                                                                 const void *parameters) {
  maskd_binary_run(count, left, left_step, right, right_step, result, parameters, maskd_proven_added);
}

void maskd_add_s8_avx512vnni(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                             const maskd_add_s8_parameters *parameters) {
  if (parameters->is_proven) {
    const maskd_proven_addition addition = maskd_proven_addition_of(parameters);
    maskd_for_runs(shape, left, right, result, &addition, add_proven_run);
  } else {
    maskd_add_s8_vector(shape, left, right, result, parameters);
  }
}

#pragma clang attribute pop

#endif
