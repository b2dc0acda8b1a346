#ifndef MASKD_DOTPROD_MULTIPLY_H
#define MASKD_DOTPROD_MULTIPLY_H

#include "../neon/operands_neon.h"
#include "rounding_dotprod.h"

// The products of a tile of up to five rows with one or two blocks of eight columns. sdot adds four products to an
// int32; a register of weights holds four columns, one of activations sixteen values of a row.

enum { MASKD_NR_DOTPROD = 8, MASKD_KR_DOTPROD = 4, MASKD_ROWS_DOTPROD = 5 };

#pragma clang attribute push(__attribute__((target(MASKD_DOTPROD_TARGET), always_inline)), apply_to = function)

static inline int32x4_t maskd_dot_lane_dotprod(int32x4_t sum, int8x16_t weights, int8x16_t activations, int lane) {
  switch (lane) {
  case 0:
    return vdotq_laneq_s32(sum, weights, activations, 0);
  case 1:
    return vdotq_laneq_s32(sum, weights, activations, 1);
  case 2:
    return vdotq_laneq_s32(sum, weights, activations, 2);
  default:
    return vdotq_laneq_s32(sum, weights, activations, 3);
  }
}

// Four depth values of every row.
static inline void maskd_multiply_lane_dotprod(size_t rows, size_t blocks, int lane, const int8x16_t *activations,
                                               const int8_t *const *weights, int32x4_t *sums) {
  int8x16_t w[MASKD_NEON_VECTORS];
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1) {
    w[2 * b] = vld1q_s8(weights[b] + lane * MASKD_NR_DOTPROD * MASKD_KR_DOTPROD);
    w[2 * b + 1] = vld1q_s8(weights[b] + lane * MASKD_NR_DOTPROD * MASKD_KR_DOTPROD + 16);
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * blocks; v += 1)
      sums[r * 2 * blocks + v] = maskd_dot_lane_dotprod(sums[r * 2 * blocks + v], w[v], activations[r], lane);
}

// Moves on to the next sixteen values of each row.
static inline void maskd_load_rows_dotprod(size_t rows, const int8_t **packed, int8x16_t *activations) {
  register int8x16_t a __asm__("v23"), b __asm__("v24"), c __asm__("v25"), d __asm__("v26"), e __asm__("v27");
  if (rows == 1)
    __asm__ volatile("ld1 {v23.16b}, [%0], #16" : "+r"(*packed), "=w"(a));
  else if (rows == 2)
    __asm__ volatile("ld1 {v23.16b-v24.16b}, [%0], #32" : "+r"(*packed), "=w"(a), "=w"(b));
  else if (rows == 3)
    __asm__ volatile("ld1 {v23.16b-v25.16b}, [%0], #48" : "+r"(*packed), "=w"(a), "=w"(b), "=w"(c));
  else
    __asm__ volatile("ld1 {v23.16b-v26.16b}, [%0], #64" : "+r"(*packed), "=w"(a), "=w"(b), "=w"(c), "=w"(d));
  if (rows > 4)
    __asm__ volatile("ldr q27, [%0], #16" : "+r"(*packed), "=w"(e));
  activations[0] = a;
  if (rows > 1)
    activations[1] = b;
  if (rows > 2)
    activations[2] = c;
  if (rows > 3)
    activations[3] = d;
  if (rows > 4)
    activations[4] = e;
}

// The same as maskd_dot_lane_dotprod, where it stands: the compiler would bring all loads forward and run out of
// registers.
static inline void maskd_add_dot_lane_dotprod(int32x4_t *sum, int8x16_t weights, int8x16_t activations, int lane) {
  if (lane == 0)
    __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[0]" : "+w"(*sum) : "w"(weights), "w"(activations));
  else if (lane == 1)
    __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[1]" : "+w"(*sum) : "w"(weights), "w"(activations));
  else if (lane == 2)
    __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[2]" : "+w"(*sum) : "w"(weights), "w"(activations));
  else
    __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[3]" : "+w"(*sum) : "w"(weights), "w"(activations));
}

// Eight depth values of every row, from lane `lane` on: four registers of weights a load.
static inline void maskd_multiply_two_lanes_dotprod(size_t rows, size_t blocks, int lane, const int8x16_t *activations,
                                                    const int8_t **weights, int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1) {
    register int8x16_t w0 __asm__("v28"), w1 __asm__("v29"), w2 __asm__("v30"), w3 __asm__("v31");
    __asm__ volatile("ld1 {v28.16b-v31.16b}, [%0], #64" : "+r"(weights[b]), "=w"(w0), "=w"(w1), "=w"(w2), "=w"(w3));
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      int32x4_t *sum = sums + r * 2 * blocks + 2 * b;
      maskd_add_dot_lane_dotprod(sum, w0, activations[r], lane);
      maskd_add_dot_lane_dotprod(sum + 1, w1, activations[r], lane);
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      int32x4_t *sum = sums + r * 2 * blocks + 2 * b;
      maskd_add_dot_lane_dotprod(sum, w2, activations[r], lane + 1);
      maskd_add_dot_lane_dotprod(sum + 1, w3, activations[r], lane + 1);
    }
  }
}

// Multiples of sixteen, in registers: a load that adds two registers goes beside a product on an in-order processor,
// and costs it nothing.
enum { MASKD_OFFSETS_DOTPROD = 2 * MASKD_SIXTEEN / MASKD_KR_DOTPROD + 2 };

static inline int8x16_t maskd_load_beside_dotprod(const int8_t *from, size_t offset) {
  int8x16_t values;
  __asm__ volatile("ldr %q0, [%1, %2]" : "=w"(values) : "r"(from), "r"(offset));
  return values;
}

// Sixteen depth values of every row: a register is loaded for the next products as soon as those that need it are under
// way.
static inline void maskd_multiply_sixteen_in_order_dotprod(size_t rows, bool is_last, const size_t *offsets,
                                                           const int8_t *packed, const int8_t *const *weights,
                                                           int8x16_t *activations, int8x16_t *w, int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (int lane = 0; lane < MASKD_SIXTEEN / MASKD_KR_DOTPROD; lane += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1) {
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r += 1) {
        maskd_add_dot_lane_dotprod(sums + r * MASKD_NEON_VECTORS + v, w[v], activations[r], lane);
        if (!is_last && lane + 1 == MASKD_SIXTEEN / MASKD_KR_DOTPROD && v + 1 == MASKD_NEON_VECTORS)
          activations[r] = maskd_load_beside_dotprod(packed, offsets[r]);
      }
      if (!is_last || lane + 1 < MASKD_SIXTEEN / MASKD_KR_DOTPROD)
        w[v] = maskd_load_beside_dotprod(weights[v / 2], offsets[2 * (size_t)(lane + 1) + v % 2]);
    }
}

// Whole sixteens, one at least. Moves both on.
static inline void maskd_multiply_in_order_dotprod(size_t rows, const int8_t **packed, size_t sixteens,
                                                   const int8_t **weights, int32x4_t *sums) {
  int8x16_t activations[MASKD_ROWS_DOTPROD], w[MASKD_NEON_VECTORS];
  size_t offsets[MASKD_OFFSETS_DOTPROD];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < MASKD_OFFSETS_DOTPROD; i += 1) {
    offsets[i] = i * MASKD_SIXTEEN;
    __asm__("" : "+r"(offsets[i])); // the compiler is not to know
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = maskd_load_beside_dotprod(*packed, offsets[r]);
  *packed += rows * MASKD_SIXTEEN;
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1)
    w[v] = maskd_load_beside_dotprod(weights[v / 2], offsets[v % 2]);
#pragma clang loop unroll(disable)
  for (; sixteens > 1; sixteens -= 1) {
    maskd_multiply_sixteen_in_order_dotprod(rows, false, offsets, *packed, weights, activations, w, sums);
    *packed += rows * MASKD_SIXTEEN;
    weights[0] += MASKD_SIXTEEN * MASKD_NR_DOTPROD;
    weights[1] += MASKD_SIXTEEN * MASKD_NR_DOTPROD;
  }
  maskd_multiply_sixteen_in_order_dotprod(rows, true, offsets, *packed, weights, activations, w, sums);
  weights[0] += MASKD_SIXTEEN * MASKD_NR_DOTPROD;
  weights[1] += MASKD_SIXTEEN * MASKD_NR_DOTPROD;
}

// Moves the weights on to the next piece: all but the last have whole sixteens.
static inline void maskd_multiply_piece_dotprod(size_t rows, size_t blocks, bool in_order, const int8_t *packed,
                                                size_t bytes, const int8_t **weights, int32x4_t *sums) {
  int8x16_t activations[MASKD_ROWS_DOTPROD];
  __asm__ volatile("" ::: "memory"); // what is loaded below, which the compiler does not see, has been written
  if (in_order && bytes >= MASKD_SIXTEEN)
    maskd_multiply_in_order_dotprod(rows, &packed, bytes / MASKD_SIXTEEN, weights, sums);
#pragma clang loop unroll_count(2)
  for (size_t left = in_order ? 0 : bytes / MASKD_SIXTEEN; left > 0; left -= 1) {
    maskd_load_rows_dotprod(rows, &packed, activations);
    maskd_multiply_two_lanes_dotprod(rows, blocks, 0, activations, weights, sums);
    maskd_multiply_two_lanes_dotprod(rows, blocks, 2, activations, weights, sums);
  }
  bytes %= MASKD_SIXTEEN;
  if (bytes == 0)
    return;
  maskd_load_rows_dotprod(rows, &packed, activations);
  maskd_multiply_lane_dotprod(rows, blocks, 0, activations, weights, sums);
  if (bytes > MASKD_KR_DOTPROD)
    maskd_multiply_lane_dotprod(rows, blocks, 1, activations, weights, sums);
  if (bytes > 2 * MASKD_KR_DOTPROD)
    maskd_multiply_lane_dotprod(rows, blocks, 2, activations, weights, sums);
  if (bytes > 3 * MASKD_KR_DOTPROD)
    maskd_multiply_lane_dotprod(rows, blocks, 3, activations, weights, sums);
}

#pragma clang attribute pop

#endif
