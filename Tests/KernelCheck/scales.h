#ifndef KERNELCHECK_SCALES_H
#define KERNELCHECK_SCALES_H

#include "guarded.h"
#include "kernels.h"

enum { SCALES_CAPACITY = 512 };

// A random epilogue, whose arrays end at (or begin after) a guard.
typedef struct scales {
  guarded bias_memory, multiplier_memory, shift_memory, scale_memory, factor_memory, addend_memory;
  float range[2];
  int32_t bias[SCALES_CAPACITY]; // before a family's correction
  maskd_epilogue value;
} scales;

void scales_make(scales *scales);
void scales_randomize(scales *scales, size_t columns, maskd_rounding rounding);

// One of the roundings that give int8.
maskd_rounding scales_int8_rounding(void);

// For MASKD_ROUND_TWICE: a sum of column `column`, bias included, whose result lies very near the middle between two
// integers, where a shorter way to round must fall back on the long one.
int32_t scales_sum_near_tie(const scales *scales, size_t column);

// Places the bias that a kernel is given: the layer's, less `correction` for each column (null for none).
void scales_place_bias(scales *scales, size_t columns, const int32_t *correction);

#endif
