#if defined(__aarch64__)

#include "../neon/product_neon.h"
#include "dotprod.h"

// Twenty rows, five at a time, by sixteen columns, which are two blocks of eight. sdot adds four products to an int32;
// a register of weights holds four columns, one of activations sixteen values of a row. Of 32 registers 20 hold sums, 5
// activations and 4 weights: with a sixth row the loads of an in-order processor have nowhere to go early.

enum { MR = 20, NR = 8, KR = 4, ROWS = 5, BLOCKS = 2, SUMS = ROWS * MASKD_NEON_VECTORS };

#pragma clang attribute push(__attribute__((target("dotprod,tune=cortex-a55"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

INLINE int32x4_t dot_lane(int32x4_t sum, int8x16_t weights, int8x16_t activations, int lane) {
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

// Four depth values of every row. With the last of sixteen each row's next sixteen are loaded, as soon as the register
// is free.
INLINE void multiply_lane(size_t rows, size_t blocks, int lane, bool loads, const int8_t **next, int8x16_t *activations,
                          const int8_t *const *weights, int32x4_t *sums) {
  int8x16_t w[MASKD_NEON_VECTORS];
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1) {
    w[2 * b] = vld1q_s8(weights[b] + lane * NR * KR);
    w[2 * b + 1] = vld1q_s8(weights[b] + lane * NR * KR + 16);
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * blocks; v += 1)
      sums[r * 2 * blocks + v] = dot_lane(sums[r * 2 * blocks + v], w[v], activations[r], lane);
    if (loads) {
      activations[r] = vld1q_s8(next[r]);
      next[r] += MASKD_SIXTEEN;
    }
  }
}

// Moves the weights on to the next piece.
INLINE void multiply_piece(size_t rows, size_t blocks, const int8_t *const *operands, size_t bytes,
                           const int8_t **weights, int32x4_t *sums) {
  const int8_t *next[ROWS];
  int8x16_t activations[ROWS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    activations[r] = vld1q_s8(operands[r]);
    next[r] = operands[r] + MASKD_SIXTEEN;
  }
#pragma clang loop unroll(disable)
  for (; bytes > MASKD_SIXTEEN; bytes -= MASKD_SIXTEEN) {
#pragma clang loop unroll(full)
    for (int lane = 0; lane < MASKD_SIXTEEN / KR; lane += 1)
      multiply_lane(rows, blocks, lane, lane == MASKD_SIXTEEN / KR - 1, next, activations, weights, sums);
#pragma clang loop unroll(full)
    for (size_t b = 0; b < blocks; b += 1)
      weights[b] += MASKD_SIXTEEN * NR;
  }
  multiply_lane(rows, blocks, 0, false, next, activations, weights, sums);
  if (bytes > KR)
    multiply_lane(rows, blocks, 1, false, next, activations, weights, sums);
  if (bytes > 2 * KR)
    multiply_lane(rows, blocks, 2, false, next, activations, weights, sums);
  if (bytes > 3 * KR)
    multiply_lane(rows, blocks, 3, false, next, activations, weights, sums);
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1)
    weights[b] += (bytes + KR - 1) / KR * KR * NR;
}

INLINE void multiply(size_t rows, size_t blocks, maskd_product_neon *p, size_t row) {
  int32x4_t sums[SUMS];
  maskd_begin_neon(rows, 2 * blocks, p, row, sums);
  const int8_t *weights[BLOCKS] = {p->weights, p->weights + p->block_bytes};
  for (size_t piece = 0; piece < p->operands.pieces; piece += 1)
    multiply_piece(rows, blocks, maskd_piece_neon(&p->operands, piece, row, rows),
                   maskd_piece_bytes_neon(&p->operands, piece), weights, sums);
  maskd_finish_neon(rows, 2 * blocks, p, row, sums);
}

#define TILE(ROWS_OF_TILE)                                                                                             \
  static void narrow_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count) {                                 \
    for (; count > 0; count -= 1, row += ROWS_OF_TILE)                                                                 \
      multiply(ROWS_OF_TILE, 1, p, row);                                                                               \
  }                                                                                                                    \
  static void wide_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count) {                                   \
    for (; count > 0; count -= 1, row += ROWS_OF_TILE)                                                                 \
      multiply(ROWS_OF_TILE, BLOCKS, p, row);                                                                          \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)

static const maskd_tile_neon narrow[ROWS] = {narrow_1, narrow_2, narrow_3, narrow_4, narrow_5};
static const maskd_tile_neon wide[ROWS] = {wide_1, wide_2, wide_3, wide_4, wide_5};
static const maskd_tiles_neon tiles = {MR, NR, KR, BLOCKS, ROWS, narrow, wide};

void maskd_gemm_s8_20x16_dotprod(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                 const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                 void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles, rows, first, columns, taps, depth, operands, packed, row_terms, result, result_stride,
                  epilogue);
}

#pragma clang attribute pop

#endif
