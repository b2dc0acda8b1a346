#ifndef KERNELCHECK_RESULT_H
#define KERNELCHECK_RESULT_H

#include "guarded.h"

// A result of `rows` rows in guarded memory: the last row ends where the array does, and what lies between the rows
// must stay as it was.
typedef struct result_area {
  guarded memory;
  uint8_t *first;
  size_t rows, row_bytes, stride;
} result_area;

void result_place(result_area *area, size_t rows, size_t row_bytes, size_t stride);

// Reports every row whose bytes are not those of `expected` (rows close together) and every byte written outside.
void result_compare(const result_area *area, const uint8_t *expected);

// As above, for floats: two values that are no number count as equal.
void result_compare_f32(const result_area *area, const float *expected);

// As above, where each value may be off by its bound; one whose bound is no finite number may be anything.
void result_compare_f32_within(const result_area *area, const float *expected, const double *bounds);

#endif
