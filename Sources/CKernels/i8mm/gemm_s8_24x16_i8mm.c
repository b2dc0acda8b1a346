#if defined(__aarch64__)

#include "../neon/product_neon.h"
#include "i8mm.h"

// Twenty-four rows, six at a time, by sixteen columns, which are two blocks of eight. smmla multiplies eight depth
// values of two rows with those of two columns and adds to the four int32 of a sum; a register of weights holds two
// columns, one of activations two rows. Of 32 registers 24 hold sums.

enum { MR = 24, NR = 8, KR = 8, PAIRS = 3, ROWS = 2 * PAIRS, BLOCKS = 2, SUMS = ROWS * MASKD_NEON_VECTORS };
enum { PAIR_BYTES = 2 * MASKD_SIXTEEN };

#pragma clang attribute push(__attribute__((target("i8mm"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

// smmla where it stands: the compiler would bring all loads forward and run out of registers.
INLINE void multiply_add(int32x4_t *sum, int8x16_t activations, int8x16_t weights) {
  __asm__ volatile("smmla %0.4s, %1.16b, %2.16b" : "+w"(*sum) : "w"(activations), "w"(weights));
}

// Eight depth values of every pair of rows.
INLINE void multiply_eight(size_t pairs, size_t blocks, const int8x16_t *activations, const int8_t *const *weights,
                           int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1)
#pragma clang loop unroll(full)
    for (size_t c = 0; c < NR / 2; c += 2) {
      const int8x16_t w[2] = {vld1q_s8(weights[b] + c * 2 * KR), vld1q_s8(weights[b] + (c + 1) * 2 * KR)};
#pragma clang loop unroll(full)
      for (size_t i = 0; i < 2 * pairs; i += 1)
        multiply_add(sums + (i % pairs * blocks + b) * NR / 2 + c + i / pairs, activations[i % pairs], w[i / pairs]);
    }
}

// Moves the weights on to the next piece. Eight values of a pair's rows lie one behind the other, then the next eight.
INLINE void multiply_piece(size_t pairs, size_t blocks, const int8_t *packed, size_t bytes, const int8_t **weights,
                           int32x4_t *sums) {
  int8x16_t first[PAIRS], second[PAIRS];
  const size_t rest = bytes % MASKD_SIXTEEN;
#pragma clang loop unroll_count(2)
  for (size_t left = (bytes + KR - 1) / MASKD_SIXTEEN; left > 0; left -= 1, packed += pairs * PAIR_BYTES) {
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pairs; p += 1) {
      first[p] = vld1q_s8(packed + p * PAIR_BYTES);
      second[p] = vld1q_s8(packed + p * PAIR_BYTES + PAIR_BYTES / 2);
    }
    multiply_eight(pairs, blocks, first, weights, sums);
    const int8_t *next[BLOCKS];
#pragma clang loop unroll(full)
    for (size_t b = 0; b < blocks; b += 1) {
      next[b] = weights[b] + NR * KR;
      weights[b] += 2 * NR * KR;
    }
    multiply_eight(pairs, blocks, second, next, sums);
  }
  if (rest == 0 || rest > KR)
    return;
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pairs; p += 1)
    first[p] = vld1q_s8(packed + p * PAIR_BYTES);
  multiply_eight(pairs, blocks, first, weights, sums);
}

// The last row stands for one that is missing.
INLINE void place_pairs(size_t rows, size_t tiles, const int8_t *const *from, size_t sixteens, int8_t *to,
                        size_t tile_bytes) {
  const size_t pairs = (rows + 1) / 2;
  for (; tiles > 0; tiles -= 1, from += rows, to += tile_bytes) {
    const int8_t *next[ROWS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < 2 * pairs; r += 1)
      next[r] = from[r < rows ? r : rows - 1];
    int8_t *there = to;
#pragma clang loop unroll(disable)
    for (size_t left = sixteens; left > 0; left -= 1, there += pairs * PAIR_BYTES)
#pragma clang loop unroll(full)
      for (size_t p = 0; p < pairs; p += 1) {
        const int64x2_t even = vreinterpretq_s64_s8(vld1q_s8(next[2 * p]));
        const int64x2_t odd = vreinterpretq_s64_s8(vld1q_s8(next[2 * p + 1]));
        vst1q_s8(there + p * PAIR_BYTES, vreinterpretq_s8_s64(vzip1q_s64(even, odd)));
        vst1q_s8(there + p * PAIR_BYTES + PAIR_BYTES / 2, vreinterpretq_s8_s64(vzip2q_s64(even, odd)));
        next[2 * p] += MASKD_SIXTEEN;
        next[2 * p + 1] += MASKD_SIXTEEN;
      }
  }
}

static void place(size_t rows, size_t tiles, const int8_t *const *from, size_t sixteens, int8_t *to,
                  size_t tile_bytes) {
  switch (rows) {
  case 1:
    place_pairs(1, tiles, from, sixteens, to, tile_bytes);
    break;
  case 2:
    place_pairs(2, tiles, from, sixteens, to, tile_bytes);
    break;
  case 3:
    place_pairs(3, tiles, from, sixteens, to, tile_bytes);
    break;
  case 4:
    place_pairs(4, tiles, from, sixteens, to, tile_bytes);
    break;
  case 5:
    place_pairs(5, tiles, from, sixteens, to, tile_bytes);
    break;
  default:
    place_pairs(ROWS, tiles, from, sixteens, to, tile_bytes);
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

INLINE void multiply_tile(size_t rows, size_t width, const maskd_product_neon *p, maskd_product_neon *shared,
                          size_t row, int8_t *packed) {
  int32x4_t sums[SUMS], of_rows[SUMS];
  const size_t vectors = 2 * width, pairs = (rows + 1) / 2;
  begin(rows, vectors, p, row, sums);
  const int8_t *weights[BLOCKS] = {p->weights, p->weights + p->block_bytes};
  size_t done = 0;
  do {
    const size_t bytes = rows > 1 ? p->bytes : maskd_next_piece_neon(p, shared, row, done, packed);
    multiply_piece(pairs, width, packed, bytes, weights, sums);
    done += bytes;
  } while (rows == 1 && done < p->bytes);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < pairs * vectors; i += 1) {
    const size_t pair = i / vectors, v = i % vectors;
    of_rows[2 * pair * vectors + v] = first_halves(sums[2 * i], sums[2 * i + 1]);
    if (2 * pair + 1 < rows)
      of_rows[(2 * pair + 1) * vectors + v] = second_halves(sums[2 * i], sums[2 * i + 1]);
  }
  maskd_finish_neon(rows, vectors, p, shared, row, of_rows);
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
TILE(6)

static const maskd_tile_neon narrow[ROWS] = {narrow_1, narrow_2, narrow_3, narrow_4, narrow_5, narrow_6};
static const maskd_tile_neon wide[ROWS] = {wide_1, wide_2, wide_3, wide_4, wide_5, wide_6};
static const maskd_tiles_neon tiles = {MR, NR, KR, BLOCKS, ROWS, 2, narrow, wide, place};

void maskd_gemm_s8_24x16_i8mm(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                              const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                              size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles, rows, first, columns, taps, depth, operands, packed, row_terms, result, result_stride,
                  epilogue);
}

#pragma clang attribute pop

#endif
