#if defined(__aarch64__)

#include "four_rows_neon.h"
#include "neon.h"
#include "product_neon.h"

// Twenty-eight rows, four at a time, by four columns.

enum { MR = 28, NR = MASKD_PAIRS_COLUMNS, KR = MASKD_PAIRS_STEP, ROWS = MASKD_ROWS_NEON, HEADER_BYTES = 16 };

#pragma clang attribute push(__attribute__((target("tune=cortex-a53"))), apply_to = function)

// What a block's tiles have in common. The columns stand side by side: one instruction loads them. Half a unit and the
// zero point are added before the shift, and the shift is to the left: it brings a result to the highest byte of its
// word and saturates there, which rounds down and narrows at once.
typedef struct block {
  int32x4_t bias, multiplier, addend, shift;
  maskd_steps_neon steps;
  int32_t first; // where its first step lies in a tile of four rows
} block;

INLINE block block_of(const maskd_product_neon *p) {
  const maskd_epilogue *to = p->epilogue;
  const maskd_pairs *pairs = (const maskd_pairs *)(const void *)p->weights;
  const maskd_steps_neon steps = {
      .strong = (size_t)pairs->strong,
      .weak = (size_t)pairs->weak,
      .rest = pairs->rest,
      .deltas = (const int32_t *)(const void *)(pairs + 1),
      .weights = p->weights + maskd_pairs_header_bytes(maskd_sixteens_neon(p->bytes)),
  };
  block b = {.bias = vld1q_s32(to->bias + p->column), .steps = steps, .first = pairs->first};
  if (p->results.way >= MASKD_WAY_ANY)
    return b;
  const int32x4_t shift = vld1q_s32(to->shift + p->column);
  b.multiplier = vld1q_s32(to->multiplier + p->column);
  b.addend = vshlq_s32(vdupq_n_s32(2 * to->zero_point + 1), vmvnq_s32(shift));
  b.shift = vaddq_s32(shift, vdupq_n_s32(24));
  return b;
}

// Writes four bytes, and goes on to the next row.
#define STORE_ROW(LANE)                                                                                                \
  __asm__ volatile("st1 {%1.s}[" #LANE "], [%0], %2" : "+r"(*result) : "w"(values), "r"(stride) : "memory")

// The sums of up to four rows make sixteen results. Moves on to the row behind them.
INLINE void finish_right(maskd_way_neon way, size_t rows, const maskd_results_neon *results, const block *b,
                         const int32x4_t *sums, char **result, size_t stride) {
  const int32x4x4_t columns = vld1q_s32_x4(maskd_anew_neon(b));
  uint8x16x4_t words;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < ROWS; r += 1) {
    const int32x4_t high = vqrdmulhq_s32(sums[r < rows ? r : 0], columns.val[1]);
    const int32x4_t rounded = vqaddq_s32(way == MASKD_WAY_RIGHT ? high : vsraq_n_s32(high, high, 31), columns.val[2]);
    words.val[r] = vreinterpretq_u8_s32(vqshlq_s32(rounded, columns.val[3]));
  }
  const uint8x16_t tops = {3, 7, 11, 15, 19, 23, 27, 31, 35, 39, 43, 47, 51, 55, 59, 63};
  const int8x16_t bytes = vreinterpretq_s8_u8(vqtbl4q_u8(words, tops));
  const int8x16_t values = way == MASKD_WAY_RIGHT_WITHIN ? maskd_within_neon(bytes, results) : bytes;
  STORE_ROW(0);
  if (rows > 1)
    STORE_ROW(1);
  if (rows > 2)
    STORE_ROW(2);
  if (rows > 3)
    STORE_ROW(3);
}

INLINE void finish(size_t rows, const maskd_product_neon *p, maskd_product_neon *shared, const block *b, size_t row,
                   const int32x4_t *sums) {
  char *result = p->result + row * p->result_stride;
  if (p->results.way == MASKD_WAY_RIGHT)
    finish_right(MASKD_WAY_RIGHT, rows, &p->results, b, sums, &result, p->result_stride);
  else if (p->results.way == MASKD_WAY_RIGHT_SIGNED)
    finish_right(MASKD_WAY_RIGHT_SIGNED, rows, &p->results, b, sums, &result, p->result_stride);
  else if (p->results.way == MASKD_WAY_RIGHT_WITHIN)
    finish_right(MASKD_WAY_RIGHT_WITHIN, rows, &p->results, b, sums, &result, p->result_stride);
  else if (p->results.way == MASKD_WAY_FLOAT)
    maskd_finish_float_neon(rows, 1, p, shared, row, sums);
  else
    maskd_finish_slow_rows_neon(rows, 1, p, row, sums);
}

// Of a row that is packed piece by piece, whose steps keep their order.
INLINE maskd_steps_neon piece_of(const maskd_product_neon *p, const block *b, size_t done, size_t bytes) {
  return (maskd_steps_neon){
      .weak = (bytes + KR / 2 - 1) / KR / 2,
      .rest = done + bytes == p->bytes ? b->steps.rest : 0,
      .deltas = b->steps.deltas + done / KR,
      .weights = b->steps.weights + done * NR,
  };
}

INLINE void multiply_pieces(bool has_least, const maskd_product_neon *p, maskd_product_neon *shared, const block *b,
                            size_t row, int8_t *packed, int32x4_t *sums) {
  sums[0] = vdupq_n_s32(0);
  for (size_t done = 0; done < p->bytes;) {
    int32x4_t products;
    const size_t bytes = maskd_next_piece_neon(p, shared, row, done, packed);
    maskd_multiply_plainly_neon(1, has_least, packed, piece_of(p, b, done, bytes), &products);
    sums[0] = vaddq_s32(sums[0], products);
    done += bytes;
  }
}

INLINE void multiply_four_rows(bool in_order, const int8_t **packed, maskd_steps_neon steps, int32x4_t *sums) {
  if (in_order)
    maskd_multiply_four_rows_in_order_neon(packed, steps, sums);
  else
    maskd_multiply_four_rows_neon(packed, steps, sums);
}

INLINE void multiply_tile(size_t rows, bool has_least, bool in_order, const maskd_product_neon *p,
                          maskd_product_neon *shared, const block *b, size_t row, int8_t *packed) {
  int32x4_t sums[ROWS];
  const int8_t *from = packed + maskd_delta_neon(rows, b->first);
  if (rows == 1 && p->packs_by_tile)
    multiply_pieces(has_least, p, shared, b, row, packed, sums);
  else if (rows < ROWS || has_least)
    maskd_multiply_plainly_neon(rows, has_least, from, b->steps, sums);
  else
    multiply_four_rows(in_order, &from, b->steps, sums);
  const int32x4_t bias = vld1q_s32(maskd_anew_neon(&b->bias));
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    sums[r] = vaddq_s32(sums[r], bias);
  maskd_add_terms_neon(rows, 1, p, row, sums);
  finish(rows, p, shared, b, row, sums);
}

// Whole tiles of a layer without row terms, one below the other.
INLINE void multiply_right(maskd_way_neon way, bool in_order, const maskd_product_neon *p, const block *b, size_t row,
                           size_t count, const int8_t *packed) {
  const maskd_steps_neon steps = b->steps;
  const size_t stride = p->result_stride;
  const maskd_results_neon results = p->results;
  const int8_t *from = packed + b->first;
  char *result = p->result + row * stride;
#pragma clang loop unroll(disable)
  for (; count > 0; count -= 1) {
    int32x4_t sums[ROWS];
    multiply_four_rows(in_order, &from, steps, sums);
    const int32x4_t bias = vld1q_s32(maskd_anew_neon(&b->bias));
#pragma clang loop unroll(full)
    for (size_t r = 0; r < ROWS; r += 1)
      sums[r] = vaddq_s32(sums[r], bias);
    finish_right(way, ROWS, &results, b, sums, &result, stride);
  }
}

INLINE void multiply_block(size_t rows, bool has_least, bool in_order, const maskd_product_neon *p,
                           maskd_product_neon *shared, const block *b, size_t row, size_t count, int8_t *packed) {
  const bool is_plain = rows < ROWS || has_least || p->row_terms;
  if (!is_plain && p->results.way == MASKD_WAY_RIGHT)
    multiply_right(MASKD_WAY_RIGHT, in_order, p, b, row, count, packed);
  else if (!is_plain && p->results.way == MASKD_WAY_RIGHT_SIGNED)
    multiply_right(MASKD_WAY_RIGHT_SIGNED, in_order, p, b, row, count, packed);
  else
    for (size_t i = 0; i < count; i += 1)
      multiply_tile(rows, has_least, in_order, p, shared, b, row + i * rows, packed + i * p->tile_bytes);
}

INLINE void multiply(size_t rows, bool has_least, bool in_order, maskd_product_neon *shared, size_t row, size_t count,
                     int8_t *packed, size_t blocks) {
  maskd_product_neon p = *shared;
  for (; blocks > 0; blocks -= 1, maskd_move_on_neon(&p, NR, NR)) {
    const block b = block_of(&p);
    multiply_block(rows, has_least, in_order, &p, shared, &b, row, count, packed);
  }
}

#define TILE(NAME, ROWS_OF_TILE, HAS_LEAST, IN_ORDER)                                                                  \
  static void NAME(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks) {                   \
    multiply(ROWS_OF_TILE, HAS_LEAST, IN_ORDER, p, row, count, packed, blocks);                                        \
  }
TILE(tile_1, 1, false, false)
TILE(tile_2, 2, false, false)
TILE(tile_3, 3, false, false)
TILE(tile_4, 4, false, false)
TILE(tile_4_in_order, 4, false, true)
TILE(tile_with_least_1, 1, true, false)
TILE(tile_with_least_2, 2, true, false)
TILE(tile_with_least_3, 3, true, false)
TILE(tile_with_least_4, 4, true, false)

static const maskd_tile_neon without_least[ROWS] = {tile_1, tile_2, tile_3, tile_4};
static const maskd_tile_neon in_order[ROWS] = {tile_1, tile_2, tile_3, tile_4_in_order};
static const maskd_tile_neon with_least[ROWS] = {tile_with_least_1, tile_with_least_2, tile_with_least_3,
                                                 tile_with_least_4};

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
  default:
    maskd_place_rows_neon(ROWS, tiles, from, sixteens, to, tile_bytes);
  }
}

static const maskd_tiles_neon tiles = {MR, NR, KR, 1, ROWS, 1, without_least, without_least, place, true};
static const maskd_tiles_neon tiles_in_order = {MR, NR, KR, 1, ROWS, 1, in_order, in_order, place, true};
static const maskd_tiles_neon tiles_with_least = {MR, NR, KR, 1, ROWS, 1, with_least, with_least, place, true};

void maskd_gemm_s8_28x4_neon(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                             const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                             size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *weights = packed;
  maskd_gemm_neon(*weights == 0 ? &tiles : &tiles_with_least, rows, first, columns, taps, depth, operands,
                  weights + HEADER_BYTES, row_terms, result, result_stride, epilogue);
}

void maskd_gemm_s8_28x4_neon_in_order(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                      const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                      void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *weights = packed;
  maskd_gemm_neon(*weights == 0 ? &tiles_in_order : &tiles_with_least, rows, first, columns, taps, depth, operands,
                  weights + HEADER_BYTES, row_terms, result, result_stride, epilogue);
}

#pragma clang attribute pop

#endif
