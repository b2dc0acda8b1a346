#if defined(__aarch64__)

#include "../neon/product_neon.h"
#include "dotprod.h"

// Twenty-five rows, five at a time, by sixteen columns, which are two blocks of eight. sdot adds four products to an
// int32; a register of weights holds four columns, one of activations sixteen values of a row. Of 32 registers 20 hold
// sums, 5 activations and 4 weights: with a sixth row the loads of an in-order processor have nowhere to go early.

enum { MR = 25, NR = 8, KR = 4, ROWS = 5, BLOCKS = 2, SUMS = ROWS * MASKD_NEON_VECTORS };

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

// Four depth values of every row.
INLINE void multiply_lane(size_t rows, size_t blocks, int lane, const int8x16_t *activations,
                          const int8_t *const *weights, int32x4_t *sums) {
  int8x16_t w[MASKD_NEON_VECTORS];
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1) {
    w[2 * b] = vld1q_s8(weights[b] + lane * NR * KR);
    w[2 * b + 1] = vld1q_s8(weights[b] + lane * NR * KR + 16);
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2 * blocks; v += 1)
      sums[r * 2 * blocks + v] = dot_lane(sums[r * 2 * blocks + v], w[v], activations[r], lane);
}

INLINE void load_rows(size_t rows, const int8_t *packed, int8x16_t *activations) {
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = vld1q_s8(packed + r * MASKD_SIXTEEN);
}

// Moves the weights on to the next piece: all but the last have whole sixteens.
INLINE void multiply_piece(size_t rows, size_t blocks, const int8_t *packed, size_t bytes, const int8_t **weights,
                           int32x4_t *sums) {
  int8x16_t activations[ROWS];
#pragma clang loop unroll_count(2)
  for (size_t left = bytes / MASKD_SIXTEEN; left > 0; left -= 1, packed += rows * MASKD_SIXTEEN) {
    load_rows(rows, packed, activations);
#pragma clang loop unroll(full)
    for (int lane = 0; lane < MASKD_SIXTEEN / KR; lane += 1)
      multiply_lane(rows, blocks, lane, activations, weights, sums);
#pragma clang loop unroll(full)
    for (size_t b = 0; b < blocks; b += 1)
      weights[b] += MASKD_SIXTEEN * NR;
  }
  bytes %= MASKD_SIXTEEN;
  if (bytes == 0)
    return;
  load_rows(rows, packed, activations);
  multiply_lane(rows, blocks, 0, activations, weights, sums);
  if (bytes > KR)
    multiply_lane(rows, blocks, 1, activations, weights, sums);
  if (bytes > 2 * KR)
    multiply_lane(rows, blocks, 2, activations, weights, sums);
  if (bytes > 3 * KR)
    multiply_lane(rows, blocks, 3, activations, weights, sums);
}

INLINE void multiply_tile(size_t rows, size_t width, const maskd_product_neon *p, maskd_product_neon *shared,
                          size_t row, int8_t *packed) {
  int32x4_t sums[SUMS];
  maskd_begin_neon(rows, 2 * width, p, row, sums);
  const int8_t *weights[BLOCKS] = {p->weights, p->weights + p->block_bytes};
  size_t done = 0;
  do {
    const size_t bytes = rows > 1 ? p->bytes : maskd_next_piece_neon(p, shared, row, done, packed);
    multiply_piece(rows, width, packed, bytes, weights, sums);
    done += bytes;
  } while (rows == 1 && done < p->bytes);
  maskd_finish_neon(rows, 2 * width, p, shared, row, sums);
}

// Tiles of `width` blocks.
INLINE void multiply(size_t rows, size_t width, maskd_product_neon *shared, size_t row, size_t count, int8_t *packed,
                     size_t blocks) {
  maskd_product_neon p = *shared;
  for (; blocks > 0; blocks -= 1, maskd_move_on_neon(&p, width * NR, NR)) {
    int8_t *tile = packed;
    for (size_t i = 0; i < count; i += 1, tile += p.tile_bytes)
      multiply_tile(rows, width, &p, shared, row + i * rows, tile);
  }
}

#define TILE(ROWS_OF_TILE)                                                                                             \
  static void narrow_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks) {  \
    multiply(ROWS_OF_TILE, 1, p, row, count, packed, blocks);                                                          \
  }                                                                                                                    \
  static void wide_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks) {    \
    multiply(ROWS_OF_TILE, BLOCKS, p, row, count, packed, blocks);                                                     \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)

static const maskd_tile_neon narrow[ROWS] = {narrow_1, narrow_2, narrow_3, narrow_4, narrow_5};
static const maskd_tile_neon wide[ROWS] = {wide_1, wide_2, wide_3, wide_4, wide_5};
static void place(size_t rows, size_t tiles, const int8_t *const *from, size_t sixteens, int8_t *to,
                  size_t tile_bytes) {
  switch (rows) {
  case 1:
    maskd_place_rows_neon(1, tiles, from, sixteens, to, tile_bytes);
    break;
  case 2:
    maskd_place_rows_neon(2, tiles, from, sixteens, to, tile_bytes);
    break;
  case 3:
    maskd_place_rows_neon(3, tiles, from, sixteens, to, tile_bytes);
    break;
  case 4:
    maskd_place_rows_neon(4, tiles, from, sixteens, to, tile_bytes);
    break;
  default:
    maskd_place_rows_neon(ROWS, tiles, from, sixteens, to, tile_bytes);
  }
}

static const maskd_tiles_neon tiles = {MR, NR, KR, BLOCKS, ROWS, 1, narrow, wide, place};

void maskd_gemm_s8_25x16_dotprod(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                 const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                 void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles, rows, first, columns, taps, depth, operands, packed, row_terms, result, result_stride,
                  epilogue);
}

#pragma clang attribute pop

#endif
