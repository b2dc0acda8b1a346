#ifndef MASKD_NEON_MULTIPLY_H
#define MASKD_NEON_MULTIPLY_H

#include "../pairs.h"
#include <arm_neon.h>
#include <stdbool.h>

// The products of a tile of up to four rows with a block of four columns, whose weights lie as pairs.h says. Registers
// run along the depth: products of int8 are added in int16, four of them in strong pairs, else two, and then neighbours
// to the int32 lanes of a sum, which are themselves added up at the end.
//
// Two products of an activation and a weight above -128 are at most 2 * 128 * 127, which int16 holds. Two of -128 *
// -128 are one too many: where a layer has such a weight each product goes to the sums by itself.

enum { MASKD_ROWS_NEON = 4 };

#define INLINE static inline __attribute__((always_inline))

// The steps of a block, or of a piece of it.
typedef struct maskd_steps_neon {
  size_t strong, weak;
  uint32_t rest;
  const int32_t *deltas;
  const int8_t *weights;
} maskd_steps_neon;

typedef enum maskd_pair_neon { MASKD_PAIR_STRONG, MASKD_PAIR_WEAK, MASKD_PAIR_LEAST } maskd_pair_neon;

INLINE int32x4_t maskd_add_step_neon(bool has_least, int32x4_t sum, int8x16_t x, int8x16_t w) {
  const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
  if (has_least)
    return vpadalq_s16(vpadalq_s16(sum, low), vmull_high_s8(x, w));
  return vpadalq_s16(sum, vmlal_high_s8(low, x, w));
}

INLINE int32x4_t maskd_add_pair_neon(maskd_pair_neon kind, int32x4_t sum, int8x16_t x, int8x16_t w, int8x16_t y,
                                     int8x16_t v) {
  if (kind != MASKD_PAIR_STRONG)
    return maskd_add_step_neon(kind == MASKD_PAIR_LEAST, maskd_add_step_neon(kind == MASKD_PAIR_LEAST, sum, x, w), y,
                               v);
  const int16x8_t first = vmlal_high_s8(vmull_s8(vget_low_s8(x), vget_low_s8(w)), x, w);
  return vpadalq_s16(sum, vmlal_high_s8(vmlal_s8(first, vget_low_s8(y), vget_low_s8(v)), y, v));
}

// Sixteen values of each row.
INLINE void maskd_load_step_neon(size_t rows, const int8_t *from, int8x16_t *x) {
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    x[r] = vld1q_s8(from + r * MASKD_PAIRS_STEP);
}

// What a delta is where a tile has so many rows.
INLINE ptrdiff_t maskd_delta_neon(size_t rows, int32_t delta) {
  return rows == MASKD_ROWS_NEON ? delta : delta / MASKD_ROWS_NEON * (int32_t)rows;
}

INLINE void maskd_multiply_pairs_neon(size_t rows, maskd_pair_neon kind, size_t count, maskd_steps_neon *steps,
                                      const int8_t **packed, int32x4_t *lanes) {
#pragma clang loop unroll(disable)
  for (; count > 0; count -= 1, steps->deltas += 2) {
    int8x16_t x[MASKD_ROWS_NEON], y[MASKD_ROWS_NEON];
    maskd_load_step_neon(rows, *packed, x);
    *packed += maskd_delta_neon(rows, steps->deltas[0]);
    maskd_load_step_neon(rows, *packed, y);
    *packed += maskd_delta_neon(rows, steps->deltas[1]);
#pragma clang loop unroll(full)
    for (size_t c = 0; c < MASKD_PAIRS_COLUMNS; c += 1) {
      const int8_t *weights = steps->weights + (c / 2 * 4 + c % 2) * MASKD_PAIRS_STEP;
      const int8x16_t w = vld1q_s8(weights), v = vld1q_s8(weights + 2 * MASKD_PAIRS_STEP);
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r += 1) {
        int32x4_t *sum = lanes + r * MASKD_PAIRS_COLUMNS + c;
        *sum = maskd_add_pair_neon(kind, *sum, x[r], w, y[r], v);
      }
    }
    steps->weights += 2 * MASKD_PAIRS_STEP * MASKD_PAIRS_COLUMNS;
  }
}

INLINE void maskd_multiply_step_neon(size_t rows, bool has_least, maskd_steps_neon *steps, const int8_t **packed,
                                     int32x4_t *lanes) {
  int8x16_t x[MASKD_ROWS_NEON];
  maskd_load_step_neon(rows, *packed, x);
  *packed += maskd_delta_neon(rows, *steps->deltas);
  steps->deltas += 1;
#pragma clang loop unroll(full)
  for (size_t c = 0; c < MASKD_PAIRS_COLUMNS; c += 1, steps->weights += MASKD_PAIRS_STEP) {
    const int8x16_t w = vld1q_s8(steps->weights);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      int32x4_t *sum = lanes + r * MASKD_PAIRS_COLUMNS + c;
      *sum = maskd_add_step_neon(has_least, *sum, x[r], w);
    }
  }
}

// Any number of rows: their sums of all products, one vector a row.
INLINE void maskd_multiply_plainly_neon(size_t rows, bool has_least, const int8_t *packed, maskd_steps_neon steps,
                                        int32x4_t *sums) {
  int32x4_t lanes[MASKD_ROWS_NEON * MASKD_PAIRS_COLUMNS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows * MASKD_PAIRS_COLUMNS; i += 1)
    lanes[i] = vdupq_n_s32(0);
  if (has_least) {
    maskd_multiply_pairs_neon(rows, MASKD_PAIR_LEAST, steps.strong + steps.weak, &steps, &packed, lanes);
  } else {
    maskd_multiply_pairs_neon(rows, MASKD_PAIR_STRONG, steps.strong, &steps, &packed, lanes);
    maskd_multiply_pairs_neon(rows, MASKD_PAIR_WEAK, steps.weak, &steps, &packed, lanes);
  }
  if (steps.rest & MASKD_REST_STRONG) {
    maskd_multiply_pairs_neon(rows, has_least ? MASKD_PAIR_LEAST : MASKD_PAIR_STRONG, 1, &steps, &packed, lanes);
  } else {
    if (steps.rest & MASKD_REST_STEP)
      maskd_multiply_step_neon(rows, has_least, &steps, &packed, lanes);
    if (steps.rest & MASKD_REST_EIGHT)
      maskd_multiply_step_neon(rows, has_least, &steps, &packed, lanes);
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const int32x4_t *l = lanes + r * MASKD_PAIRS_COLUMNS;
    sums[r] = vpaddq_s32(vpaddq_s32(l[0], l[1]), vpaddq_s32(l[2], l[3]));
  }
}

#endif
