#ifndef KERNELCHECK_SCALES_H
#define KERNELCHECK_SCALES_H

#include "guarded.h"
#include "kernels.h"

enum { SCALES_CAPACITY = 512 };

// Random requantization parameters, whose arrays end at (or begin after) a guard.
typedef struct scales {
  guarded bias_memory, multiplier_memory, shift_memory, scale_memory;
  int32_t bias[SCALES_CAPACITY]; // before a family's correction
  maskd_requantization value;
} scales;

void scales_make(scales *scales);
void scales_randomize(scales *scales, size_t columns, maskd_rounding rounding);

// Places the bias that a kernel is given: the layer's, less `correction` for each column (null for none).
void scales_place_bias(scales *scales, size_t columns, const int32_t *correction);

#endif
