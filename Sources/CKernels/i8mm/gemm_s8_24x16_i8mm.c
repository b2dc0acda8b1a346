#if defined(__aarch64__)

#include "../neon/product_neon.h"
#include "i8mm.h"

// Twenty-four rows, six at a time, by sixteen columns, which are two blocks of eight. smmla multiplies eight depth
// values of two rows with those of two columns and adds to the four int32 of a sum; a register of weights holds two
// columns, one of activations two rows. Of 32 registers 24 hold sums.

enum { MR = 24, NR = 8, KR = 8, PAIRS = 3, ROWS = 2 * PAIRS, BLOCKS = 2, SUMS = ROWS * MASKD_NEON_VECTORS };

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

// smmla where it stands: the compiler would bring all loads forward and run out of registers.
INLINE void multiply_add(int32x4_t *sum, int8x16_t activations, int8x16_t weights) {
  __asm__ volatile("smmla %0.4s, %1.16b, %2.16b" : "+w"(*sum) : "w"(activations), "w"(weights));
}

// Eight depth values of every pair of rows.
INLINE void multiply_eight(size_t pairs, size_t blocks, const int8x16_t *activations, const int8_t **weights,
                           int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1) {
#pragma clang loop unroll(full)
    for (size_t c = 0; c < NR / 2; c += 2) {
      const int8x16_t w[2] = {vld1q_s8(weights[b] + c * 2 * KR), vld1q_s8(weights[b] + (c + 1) * 2 * KR)};
#pragma clang loop unroll(full)
      for (size_t i = 0; i < 2 * pairs; i += 1)
        multiply_add(sums + (i % pairs * blocks + b) * NR / 2 + c + i / pairs, activations[i % pairs], w[i / pairs]);
    }
    weights[b] += NR * KR;
  }
}

// Eight values of two rows each, one behind the other.
INLINE void load_pairs(size_t pairs, const int8_t **next, int8x16_t *activations) {
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pairs; p += 1) {
    activations[p] = vcombine_s8(vld1_s8(next[2 * p]), vld1_s8(next[2 * p + 1]));
    next[2 * p] += KR;
    next[2 * p + 1] += KR;
  }
}

// Moves the weights on to the next piece. The last row stands for one that is missing.
INLINE void multiply_piece(size_t rows, size_t blocks, const int8_t *const *operands, size_t bytes,
                           const int8_t **weights, int32x4_t *sums) {
  const size_t pairs = (rows + 1) / 2;
  const int8_t *next[ROWS];
  int8x16_t activations[PAIRS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < 2 * pairs; r += 1)
    next[r] = operands[r < rows ? r : rows - 1];
#pragma clang loop unroll(disable)
  for (; bytes > KR; bytes -= bytes < MASKD_SIXTEEN ? bytes : MASKD_SIXTEEN) {
    load_pairs(pairs, next, activations);
    multiply_eight(pairs, blocks, activations, weights, sums);
    load_pairs(pairs, next, activations);
    multiply_eight(pairs, blocks, activations, weights, sums);
  }
  if (bytes > 0) {
    load_pairs(pairs, next, activations);
    multiply_eight(pairs, blocks, activations, weights, sums);
  }
}

INLINE int32x4_t first_halves(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

INLINE int32x4_t second_halves(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

// The sums of a pair of rows hold two columns of the one and two of the other.
INLINE void begin(size_t rows, size_t vectors, const maskd_product_neon *p, size_t row, int32x4_t *sums) {
  const int32_t *bias = p->epilogue->bias + p->column, *terms = p->row_terms;
  const size_t pairs = (rows + 1) / 2;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < pairs * 2 * vectors; i += 1) {
    const int32x2_t two = vld1_s32(bias + i % (2 * vectors) * 2);
    sums[i] = vcombine_s32(two, two);
  }
  if (!terms)
    return;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < pairs * 2 * vectors; i += 1) {
    const size_t even = i / (2 * vectors) * 2, odd = even + 1 < rows ? even + 1 : even;
    sums[i] = vaddq_s32(sums[i], vcombine_s32(vdup_n_s32(terms[row + even]), vdup_n_s32(terms[row + odd])));
  }
}

INLINE void multiply(size_t rows, size_t blocks, maskd_product_neon *p, size_t row) {
  int32x4_t sums[SUMS], of_rows[SUMS];
  const size_t vectors = 2 * blocks, pairs = (rows + 1) / 2;
  begin(rows, vectors, p, row, sums);
  const int8_t *weights[BLOCKS] = {p->weights, p->weights + p->block_bytes};
  for (size_t piece = 0; piece < p->operands.pieces; piece += 1)
    multiply_piece(rows, blocks, maskd_piece_neon(&p->operands, piece, row, rows),
                   maskd_piece_bytes_neon(&p->operands, piece), weights, sums);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < pairs * vectors; i += 1) {
    const size_t pair = i / vectors, v = i % vectors;
    of_rows[2 * pair * vectors + v] = first_halves(sums[2 * i], sums[2 * i + 1]);
    if (2 * pair + 1 < rows)
      of_rows[(2 * pair + 1) * vectors + v] = second_halves(sums[2 * i], sums[2 * i + 1]);
  }
  maskd_finish_neon(rows, vectors, p, row, of_rows);
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
TILE(6)

static const maskd_tile_neon narrow[ROWS] = {narrow_1, narrow_2, narrow_3, narrow_4, narrow_5, narrow_6};
static const maskd_tile_neon wide[ROWS] = {wide_1, wide_2, wide_3, wide_4, wide_5, wide_6};
static const maskd_tiles_neon tiles = {MR, NR, KR, BLOCKS, ROWS, narrow, wide};

void maskd_gemm_s8_24x16_i8mm(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                              const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                              size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles, rows, first, columns, taps, depth, operands, packed, row_terms, result, result_stride,
                  epilogue);
}

#pragma clang attribute pop

#endif
