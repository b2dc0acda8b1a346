#if defined(__aarch64__)

#include "../dotprod/rounding_dotprod.h"
#include "../neon/product_neon.h"
#include "i8mm.h"

// Twenty-four rows, six at a time, by sixteen columns, which are two blocks of eight. smmla multiplies eight depth
// values of two rows with those of two columns and adds to the four int32 of a sum; a register of weights holds two
// columns, one of activations two rows. Of 32 registers 24 hold sums.

enum { MR = 24, NR = 8, KR = 8, PAIRS = 3, ROWS = 2 * PAIRS, BLOCKS = 2, SUMS = ROWS * MASKD_NEON_VECTORS };
enum { VECTORS = MASKD_NEON_VECTORS, WIDEST = 2 * VECTORS }; // of the sums of a pair of rows

#pragma clang attribute push(__attribute__((target("arch=armv8.2-a+dotprod+i8mm"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

// What stands here stays where it is: the compiler would bring all loads forward and run out of registers.

INLINE void multiply_add(int32x4_t *sum, int8x16_t activations, int8x16_t weights) {
  __asm__ volatile("smmla %0.4s, %1.16b, %2.16b" : "+w"(*sum) : "w"(activations), "w"(weights));
}

// Eight depth values of up to three pairs of rows.
INLINE void load_pairs(size_t pairs, const int8_t **packed, int8x16_t *activations) {
  register int8x16_t a __asm__("v25"), b __asm__("v26"), c __asm__("v27");
  if (pairs == 1)
    __asm__ volatile("ld1 {v25.16b}, [%0], #16" : "+r"(*packed), "=w"(a));
  else if (pairs == 2)
    __asm__ volatile("ld1 {v25.16b-v26.16b}, [%0], #32" : "+r"(*packed), "=w"(a), "=w"(b));
  else
    __asm__ volatile("ld1 {v25.16b-v27.16b}, [%0], #48" : "+r"(*packed), "=w"(a), "=w"(b), "=w"(c));
  activations[0] = a;
  if (pairs > 1)
    activations[1] = b;
  if (pairs > 2)
    activations[2] = c;
}

// Eight depth values of every pair of rows. Moves both on.
INLINE void multiply_eight(size_t pairs, size_t blocks, const int8_t **packed, const int8_t **weights,
                           int32x4_t *sums) {
  int8x16_t activations[PAIRS];
  load_pairs(pairs, packed, activations);
#pragma clang loop unroll(full)
  for (size_t b = 0; b < blocks; b += 1) {
    register int8x16_t w0 __asm__("v28"), w1 __asm__("v29"), w2 __asm__("v30"), w3 __asm__("v31");
    __asm__ volatile("ld1 {v28.16b-v31.16b}, [%0], #64" : "+r"(weights[b]), "=w"(w0), "=w"(w1), "=w"(w2), "=w"(w3));
    const int8x16_t w[VECTORS] = {w0, w1, w2, w3};
#pragma clang loop unroll(full)
    for (size_t c = 0; c < VECTORS; c += 1)
#pragma clang loop unroll(full)
      for (size_t p = 0; p < pairs; p += 1)
        multiply_add(sums + (p * blocks + b) * VECTORS + c, activations[p], w[c]);
  }
}

// Moves the weights on to the next piece.
INLINE void multiply_piece(size_t pairs, size_t blocks, const int8_t *packed, size_t bytes, const int8_t **weights,
                           int32x4_t *sums) {
  const size_t rest = bytes % MASKD_SIXTEEN;
  __asm__ volatile("" ::: "memory"); // what is loaded below, which the compiler does not see, has been written
#pragma clang loop unroll(disable)
  for (size_t left = (bytes + KR - 1) / MASKD_SIXTEEN; left > 0; left -= 1) {
    multiply_eight(pairs, blocks, &packed, weights, sums);
    multiply_eight(pairs, blocks, &packed, weights, sums);
  }
  if (rest > 0 && rest <= KR)
    multiply_eight(pairs, blocks, &packed, weights, sums);
}

// Eight values of every pair, then the next eight. The last row stands for one that is missing.
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
    for (size_t left = sixteens; left > 0; left -= 1, there += 2 * pairs * MASKD_SIXTEEN)
#pragma clang loop unroll(full)
      for (size_t p = 0; p < pairs; p += 1) {
        const int64x2_t even = vreinterpretq_s64_s8(vld1q_s8(next[2 * p]));
        const int64x2_t odd = vreinterpretq_s64_s8(vld1q_s8(next[2 * p + 1]));
        vst1q_s8(there + p * MASKD_SIXTEEN, vreinterpretq_s8_s64(vzip1q_s64(even, odd)));
        vst1q_s8(there + (pairs + p) * MASKD_SIXTEEN, vreinterpretq_s8_s64(vzip2q_s64(even, odd)));
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

// What a block's columns have in common, as the sums of a pair of rows have it: two columns of the one and two of the
// other.
typedef struct columns {
  int32_t bias[4 * WIDEST];
  maskd_rounding_dotprod rounding[BLOCKS];
} columns;

INLINE void make_columns(const maskd_product_neon *p, size_t vectors, columns *c) {
  const maskd_epilogue *to = p->epilogue;
  const int32_t *bias = to->bias + p->column, zero_point = to->zero_point;
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1) {
    const int32x4_t four = vld1q_s32(bias + 4 * v);
    vst1q_s32(c->bias + 8 * v, first_halves(four, four));
    vst1q_s32(c->bias + 8 * v + 4, second_halves(four, four));
  }
  if (p->results.way >= MASKD_WAY_ANY)
    return;
  const int32_t *multipliers = to->multiplier + p->column, *shifts = to->shift + p->column;
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1) {
    const maskd_four_dotprod four = maskd_four_of_dotprod(multipliers + 4 * v, shifts + 4 * v, zero_point);
    const maskd_four_dotprod first = {first_halves(four.addends, four.addends), first_halves(four.shifts, four.shifts),
                                      first_halves(four.multipliers, four.multipliers)};
    const maskd_four_dotprod second = {second_halves(four.addends, four.addends),
                                       second_halves(four.shifts, four.shifts),
                                       second_halves(four.multipliers, four.multipliers)};
    maskd_set_rounding_dotprod(c->rounding + v / 2, 2 * v % VECTORS, first);
    maskd_set_rounding_dotprod(c->rounding + v / 2, 2 * v % VECTORS + 1, second);
  }
}

INLINE void begin(size_t rows, size_t vectors, const maskd_product_neon *p, const columns *c, size_t row,
                  int32x4_t *sums) {
  const int32_t *terms = p->row_terms;
#pragma clang loop unroll(full)
  for (size_t pair = 0; 2 * pair < rows; pair += 1) {
    const int32_t *bias = maskd_anew_neon(c->bias);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2 * vectors; i += 1)
      sums[pair * 2 * vectors + i] = vld1q_s32(bias + 4 * i);
  }
  if (!terms)
    return;
#pragma clang loop unroll(full)
  for (size_t even = 0; even < rows; even += 2) {
    const size_t odd = even + 1 < rows ? even + 1 : even;
    const int32x4_t term = vcombine_s32(vdup_n_s32(terms[row + even]), vdup_n_s32(terms[row + odd]));
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 2 * vectors; i += 1)
      sums[even * vectors + i] = vaddq_s32(sums[even * vectors + i], term);
  }
}

// Eight results of a row and eight of the next are made at a time.
INLINE void finish_right(maskd_way_neon way, size_t rows, size_t vectors, const maskd_product_neon *p, const columns *c,
                         size_t row, const int32x4_t *sums) {
  // Where the highest bytes of the words of the first row lie, and then those of the second.
  const uint8x16_t tops = {3, 7, 19, 23, 35, 39, 51, 55, 11, 15, 27, 31, 43, 47, 59, 63};
  char *result = p->result + row * p->result_stride;
#pragma clang loop unroll(full)
  for (size_t even = 0; even < rows; even += 2) {
    const int32x4_t *x = sums + even * vectors;
    const int64x2_t first = vreinterpretq_s64_s8(maskd_sixteen_of_dotprod(x, c->rounding, tops, way, &p->results));
    const int64x2_t last =
        vectors < VECTORS
            ? first
            : vreinterpretq_s64_s8(maskd_sixteen_of_dotprod(x + VECTORS, c->rounding + 1, tops, way, &p->results));
    maskd_store_row_dotprod(vreinterpretq_s8_s64(vzip1q_s64(first, last)), 4 * vectors, &result, p->result_stride);
    if (even + 1 < rows)
      maskd_store_row_dotprod(vreinterpretq_s8_s64(vzip2q_s64(first, last)), 4 * vectors, &result, p->result_stride);
  }
}

// Other results are made row by row.
INLINE void finish_rows(size_t rows, size_t vectors, const maskd_product_neon *p, maskd_product_neon *shared,
                        size_t row, const int32x4_t *sums) {
  int32x4_t of_rows[SUMS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < (rows + 1) / 2 * vectors; i += 1) {
    const size_t pair = i / vectors, v = i % vectors;
    of_rows[2 * pair * vectors + v] = first_halves(sums[2 * i], sums[2 * i + 1]);
    if (2 * pair + 1 < rows)
      of_rows[(2 * pair + 1) * vectors + v] = second_halves(sums[2 * i], sums[2 * i + 1]);
  }
  if (p->results.way == MASKD_WAY_FLOAT)
    maskd_finish_float_neon(rows, vectors, p, shared, row, of_rows);
  else
    maskd_finish_slow_rows_neon(rows, vectors, p, row, of_rows);
}

INLINE void multiply_tile(size_t rows, size_t width, const maskd_product_neon *p, maskd_product_neon *shared,
                          const columns *c, size_t row, int8_t *packed) {
  int32x4_t sums[SUMS];
  const size_t vectors = 2 * width;
  begin(rows, vectors, p, c, row, sums);
  const int8_t *weights[BLOCKS] = {p->weights, p->weights + p->block_bytes};
  size_t done = 0;
  do {
    const size_t bytes = rows > 1 ? p->bytes : maskd_next_piece_neon(p, shared, row, done, packed);
    multiply_piece((rows + 1) / 2, width, packed, bytes, weights, sums);
    done += bytes;
  } while (rows == 1 && done < p->bytes);
  if (p->results.way == MASKD_WAY_RIGHT)
    finish_right(MASKD_WAY_RIGHT, rows, vectors, p, c, row, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_SIGNED)
    finish_right(MASKD_WAY_RIGHT_SIGNED, rows, vectors, p, c, row, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_WITHIN)
    finish_right(MASKD_WAY_RIGHT_WITHIN, rows, vectors, p, c, row, sums);
  else
    finish_rows(rows, vectors, p, shared, row, sums);
}

// Tiles of `width` blocks.
INLINE void multiply(size_t rows, size_t width, maskd_product_neon *shared, size_t row, size_t count, int8_t *packed,
                     size_t blocks) {
  maskd_product_neon p = *shared;
  columns c;
  for (; blocks > 0; blocks -= 1, maskd_move_on_neon(&p, width * NR, NR)) {
    make_columns(&p, 2 * width, &c);
    int8_t *tile = packed;
    for (size_t i = 0; i < count; i += 1, tile += p.tile_bytes)
      multiply_tile(rows, width, &p, shared, &c, row + i * rows, tile);
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
static const maskd_tiles_neon tiles = {MR, NR, KR, BLOCKS, ROWS, 2, narrow, wide, place, false};

void maskd_gemm_s8_24x16_i8mm(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                              const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                              size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles, rows, first, columns, taps, depth, operands, packed, row_terms, result, result_stride,
                  epilogue);
}

#pragma clang attribute pop

#endif
