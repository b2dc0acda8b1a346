#if defined(__aarch64__)

#include "../neon/product_neon.h"
#include "dotprod.h"
#include "multiply_dotprod.h"

// Twenty-five rows, five at a time, by sixteen columns, which are two blocks of eight. Of 32 registers 20 hold sums, 5
// activations and 4 weights.

enum { MR = 25, NR = MASKD_NR_DOTPROD, KR = MASKD_KR_DOTPROD, ROWS = MASKD_ROWS_DOTPROD, BLOCKS = 2 };
enum { SUMS = ROWS * MASKD_NEON_VECTORS };

#pragma clang attribute push(__attribute__((target(MASKD_DOTPROD_TARGET ",tune=neoverse-n1"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

// Two or four vectors a row: where there are two, two rows at a time, the last perhaps twice.
INLINE void finish_right(maskd_way_neon way, size_t rows, size_t vectors, const maskd_product_neon *p,
                         const maskd_rounding_dotprod *by, size_t row, const int32x4_t *sums) {
  const bool is_wide = vectors == MASKD_NEON_VECTORS;
  const uint8x16_t tops = maskd_tops_dotprod();
  int32x4_t multipliers[MASKD_NEON_VECTORS], shifts[MASKD_NEON_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1) {
    multipliers[v] = vld1q_s32(by->multipliers + 4 * v);
    shifts[v] = vld1q_s32(by->shifts + 4 * v);
  }
  char *result = p->result + row * p->result_stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += is_wide ? 1 : 2) {
    const int32x4_t *x = sums + r * vectors, *next = is_wide || r + 1 < rows ? x + 2 : x;
    const int32x4_t all[MASKD_NEON_VECTORS] = {x[0], x[1], next[0], next[1]};
    const maskd_words_dotprod words = maskd_add_high_dotprod(all, multipliers, by->addends, way);
    const int8x16_t bytes = maskd_top_bytes_dotprod(words, shifts, tops, way, &p->results);
    maskd_store_row_dotprod(bytes, 4 * vectors, &result, p->result_stride);
    if (!is_wide && r + 1 < rows)
      maskd_store_row_dotprod(vextq_s8(bytes, bytes, 8), 4 * vectors, &result, p->result_stride);
  }
}

INLINE void finish(size_t rows, size_t vectors, const maskd_product_neon *p, maskd_product_neon *shared,
                   const maskd_rounding_dotprod *by, size_t row, const int32x4_t *sums) {
  if (p->results.way == MASKD_WAY_RIGHT)
    finish_right(MASKD_WAY_RIGHT, rows, vectors, p, by, row, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_SIGNED)
    finish_right(MASKD_WAY_RIGHT_SIGNED, rows, vectors, p, by, row, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_WITHIN)
    finish_right(MASKD_WAY_RIGHT_WITHIN, rows, vectors, p, by, row, sums);
  else if (p->results.way == MASKD_WAY_FLOAT)
    maskd_finish_float_neon(rows, vectors, p, shared, row, sums);
  else
    maskd_finish_slow_rows_neon(rows, vectors, p, row, sums);
}

// The bias of sixteen columns, in registers that follow one another and stay the row's.
#define BEGIN_ROW(A, B, C, D)                                                                                          \
  do {                                                                                                                 \
    register int32x4_t a __asm__("v" #A), b __asm__("v" #B), c __asm__("v" #C), d __asm__("v" #D);                     \
    __asm__ volatile("ld1 {v" #A ".4s-v" #D ".4s}, [%4]"                                                               \
                     : "=w"(a), "=w"(b), "=w"(c), "=w"(d)                                                              \
                     : "r"(bias), "m"(*(const int32_t(*)[MASKD_NEON_RESULTS])bias));                                   \
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;                                                                \
    sums += MASKD_NEON_VECTORS;                                                                                        \
  } while (0)

INLINE void begin_wide(size_t rows, const int32_t *bias, int32x4_t *sums) {
  BEGIN_ROW(0, 1, 2, 3);
  if (rows > 1)
    BEGIN_ROW(4, 5, 6, 7);
  if (rows > 2)
    BEGIN_ROW(8, 9, 10, 11);
  if (rows > 3)
    BEGIN_ROW(12, 13, 14, 15);
  if (rows > 4)
    BEGIN_ROW(16, 17, 18, 19);
}

INLINE void multiply_tile(size_t rows, size_t width, bool in_order, const maskd_product_neon *p,
                          maskd_product_neon *shared, const maskd_rounding_dotprod *by, size_t row, int8_t *packed) {
  int32x4_t sums[SUMS];
  if (width == BLOCKS) {
    begin_wide(rows, p->epilogue->bias + p->column, sums);
    maskd_add_terms_neon(rows, 2 * width, p, row, sums);
  } else {
    maskd_begin_neon(rows, 2 * width, p, row, sums);
  }
  const int8_t *weights[BLOCKS] = {p->weights, p->weights + p->block_bytes};
  size_t done = 0;
  do {
    const size_t bytes = rows > 1 ? p->bytes : maskd_next_piece_neon(p, shared, row, done, packed);
    maskd_multiply_piece_dotprod(rows, width, in_order, packed, bytes, weights, sums);
    done += bytes;
  } while (rows == 1 && done < p->bytes);
  finish(rows, 2 * width, p, shared, by, row, sums);
}

// Tiles of `width` blocks.
INLINE void multiply(size_t rows, size_t width, bool in_order, maskd_product_neon *shared, size_t row, size_t count,
                     int8_t *packed, size_t blocks) {
  maskd_product_neon p = *shared;
  maskd_rounding_dotprod by;
  for (; blocks > 0; blocks -= 1, maskd_move_on_neon(&p, width * NR, NR)) {
    if (p.results.way < MASKD_WAY_ANY)
      maskd_make_rounding_dotprod(p.epilogue, p.column, 2 * width, &by);
    int8_t *tile = packed;
    for (size_t i = 0; i < count; i += 1, tile += p.tile_bytes)
      multiply_tile(rows, width, in_order, &p, shared, &by, row + i * rows, tile);
  }
}

#define TILE(ROWS_OF_TILE)                                                                                             \
  static void narrow_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks) {  \
    multiply(ROWS_OF_TILE, 1, false, p, row, count, packed, blocks);                                                   \
  }                                                                                                                    \
  static void wide_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks) {    \
    multiply(ROWS_OF_TILE, BLOCKS, false, p, row, count, packed, blocks);                                              \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)

#define TILE_IN_ORDER(ROWS_OF_TILE)                                                                                    \
  static void in_order_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed,                 \
                                      size_t blocks) {                                                                 \
    multiply(ROWS_OF_TILE, BLOCKS, true, p, row, count, packed, blocks);                                               \
  }
TILE_IN_ORDER(4)
TILE_IN_ORDER(5)

static const maskd_tile_neon narrow[ROWS] = {narrow_1, narrow_2, narrow_3, narrow_4, narrow_5};
static const maskd_tile_neon wide[ROWS] = {wide_1, wide_2, wide_3, wide_4, wide_5};
static const maskd_tile_neon wide_in_order[ROWS] = {wide_1, wide_2, wide_3, in_order_4, in_order_5};

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

static const maskd_tiles_neon tiles = {MR, NR, KR, BLOCKS, ROWS, 1, narrow, wide, place, false};
static const maskd_tiles_neon tiles_in_order = {MR, NR, KR, BLOCKS, ROWS, 1, narrow, wide_in_order, place, false};

void maskd_gemm_s8_25x16_dotprod(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                 const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                 void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles, rows, first, columns, taps, depth, operands, packed, row_terms, result, result_stride,
                  epilogue);
}

void maskd_gemm_s8_25x16_dotprod_in_order(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                          const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                          void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  maskd_gemm_neon(&tiles_in_order, rows, first, columns, taps, depth, operands, packed, row_terms, result,
                  result_stride, epilogue);
}

#pragma clang attribute pop

#endif
