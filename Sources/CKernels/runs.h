#ifndef MASKD_RUNS_H
#define MASKD_RUNS_H

#include "kernels.h"
#include <string.h>

// What a binary kernel does with one run: the first arguments of the elementwise kernels as they were before runs.
typedef void (*maskd_run_function)(size_t count, const int8_t *left, size_t left_step, const int8_t *right,
                                   size_t right_step, int8_t *result, const void *parameters);

// Short runs against an operand that repeats (one value a channel) are joined: the operand is laid out this often.
enum { MASKD_JOINED_BYTES = 1024 };

static inline void maskd_repeat(int8_t *to, const int8_t *from, size_t count, size_t times) {
  memcpy(to, from, count);
  size_t filled = count;
  while (filled < count * times) {
    const size_t next = filled < count * times - filled ? filled : count * times - filled;
    memcpy(to + filled, to, next);
    filled += next;
  }
}

static inline bool maskd_repeats(size_t step, size_t stride) {
  return step == 1 && stride == 0;
}

// Whether the runs are short and one operand repeats under an other that goes on without gaps, as the result does.
static inline bool maskd_can_join(const maskd_broadcast *shape) {
  if (shape->runs < 2 || shape->count > MASKD_JOINED_BYTES / 2 || shape->result_stride != shape->count)
    return false;
  const bool left_goes_on = shape->left_step == 1 && shape->left_stride == shape->count;
  const bool right_goes_on = shape->right_step == 1 && shape->right_stride == shape->count;
  return (maskd_repeats(shape->left_step, shape->left_stride) && right_goes_on) ||
         (maskd_repeats(shape->right_step, shape->right_stride) && left_goes_on);
}

static inline __attribute__((always_inline)) void maskd_run_joined(const maskd_broadcast *shape, const int8_t *left,
                                                                   const int8_t *right, int8_t *result,
                                                                   const void *parameters, maskd_run_function run) {
  const bool left_repeats = shape->left_stride == 0;
  const size_t most = MASKD_JOINED_BYTES / shape->count;
  const size_t times = most < shape->runs ? most : shape->runs;
  int8_t repeated[MASKD_JOINED_BYTES];
  maskd_repeat(repeated, left_repeats ? left : right, shape->count, times);
  for (size_t first = 0; first < shape->runs; first += times) {
    const size_t runs = times < shape->runs - first ? times : shape->runs - first;
    const size_t offset = first * shape->count;
    run(runs * shape->count, left_repeats ? repeated : left + offset, 1, left_repeats ? right + offset : repeated, 1,
        result + offset, parameters);
  }
}

// Walks through a broadcast.
static inline __attribute__((always_inline)) void maskd_for_runs(const maskd_broadcast *shape, const int8_t *left,
                                                                 const int8_t *right, int8_t *result,
                                                                 const void *parameters, maskd_run_function run) {
  if (maskd_can_join(shape)) {
    maskd_run_joined(shape, left, right, result, parameters, run);
    return;
  }
  for (size_t i = 0; i < shape->runs; i += 1)
    run(shape->count, left + i * shape->left_stride, shape->left_step, right + i * shape->right_stride,
        shape->right_step, result + i * shape->result_stride, parameters);
}

#endif
