#if defined(__aarch64__)

#include "neon.h"
#include "product_neon.h"

// Twenty-eight rows, four at a time, by four columns. Registers run along the depth: two products of int8 are added in
// int16, and then neighbours to the int32 lanes of a sum, which are themselves added up at the end. That is three
// instructions for sixteen products, where widening to int16 first takes four and more.
//
// Two products of an activation and a weight above -128 are at most 2 * 128 * 127, which int16 holds. Two of -128 *
// -128 are one too many: where a layer has such a weight each product goes to the sums by itself.

enum { MR = 28, NR = 4, KR = 16, ROWS = 4, HEADER_BYTES = 16 };

#pragma clang attribute push(__attribute__((target("tune=cortex-a53"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

INLINE int32x4_t add_products(bool has_least, int32x4_t sum, int8x16_t x, int8x16_t w) {
  const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
  if (has_least)
    return vpadalq_s16(vpadalq_s16(sum, low), vmull_high_s8(x, w));
  return vpadalq_s16(sum, vmlal_high_s8(low, x, w));
}

// Sixteen depth values of any number of rows. Moves both on.
INLINE void add_sixteen(size_t rows, bool has_least, const int8_t **packed, const int8_t **weights, int32x4_t *lanes) {
  int8x16_t x[ROWS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    x[r] = vld1q_s8(*packed + r * KR);
#pragma clang loop unroll(full)
  for (size_t c = 0; c < NR; c += 1) {
    const int8x16_t w = vld1q_s8(*weights + c * KR);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      lanes[r * NR + c] = add_products(has_least, lanes[r * NR + c], x[r], w);
  }
  *packed += rows * KR, *weights += NR * KR;
}

// Any number of rows: their sums of all products, one vector a row. One row leaves registers for two steps at a time.
INLINE void multiply_plainly(size_t rows, bool has_least, const int8_t *packed, size_t sixteens, const int8_t *weights,
                             int32x4_t *sums) {
  int32x4_t lanes[ROWS * NR];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows * NR; i += 1)
    lanes[i] = vdupq_n_s32(0);
  for (; rows == 1 && sixteens >= 2; sixteens -= 2) {
    add_sixteen(rows, has_least, &packed, &weights, lanes);
    add_sixteen(rows, has_least, &packed, &weights, lanes);
  }
#pragma clang loop unroll(disable)
  for (; sixteens > 0; sixteens -= 1)
    add_sixteen(rows, has_least, &packed, &weights, lanes);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const int32x4_t *l = lanes + r * NR;
    sums[r] = vpaddq_s32(vpaddq_s32(l[0], l[1]), vpaddq_s32(l[2], l[3]));
  }
}

// The same for four rows and weights above -128. Written out, because the order is what counts on a processor that does
// not change it: seven instructions lie between each and the one that needs its result, and whatever is sooner done
// than a product (loads, counting) stands together, as it has to wait for the products before it. v0 to v15 hold sums,
// row by row, v16 to v19 sixteen values of each row, v20 to v23 of each column, v24 to v31 products.
#define TEXT(LINE) LINE "\n\t"
#define PRODUCT(HOW, V, X, W, LANES) TEXT(HOW " v" #V ".8h, v" #X "." LANES ", v" #W "." LANES)
#define PRODUCTS(HOW, W, A, B, C, D, LANES)                                                                            \
  PRODUCT(HOW, A, 16, W, LANES)                                                                                        \
  PRODUCT(HOW, B, 17, W, LANES) PRODUCT(HOW, C, 18, W, LANES) PRODUCT(HOW, D, 19, W, LANES)
#define TO_SUM(HOW, SUM, V) TEXT(HOW " v" #SUM ".4s, v" #V ".8h")
#define TO_SUMS(HOW, S, T, U, V, A, B, C, D) TO_SUM(HOW, S, A) TO_SUM(HOW, T, B) TO_SUM(HOW, U, C) TO_SUM(HOW, V, D)
#define LOW(W, V) PRODUCTS("smull", W, 24, 25, 26, 27, "8b") PRODUCTS("smull", V, 28, 29, 30, 31, "8b")
#define HIGH(W, V) PRODUCTS("smlal2", W, 24, 25, 26, 27, "16b") PRODUCTS("smlal2", V, 28, 29, 30, 31, "16b")
#define COLUMN_0(HOW) TO_SUMS(HOW, 0, 4, 8, 12, 24, 25, 26, 27)
#define COLUMN_1(HOW) TO_SUMS(HOW, 1, 5, 9, 13, 28, 29, 30, 31)
#define COLUMN_2(HOW) TO_SUMS(HOW, 2, 6, 10, 14, 24, 25, 26, 27)
#define COLUMN_3(HOW) TO_SUMS(HOW, 3, 7, 11, 15, 28, 29, 30, 31)
#define LOAD_ROWS TEXT("ld1 {v16.16b-v19.16b}, [%[packed]]")
#define LOAD_COLUMNS TEXT("ld1 {v20.16b-v23.16b}, [%[weights]]")
#define MOVE_ON TEXT("add %[packed], %[packed], #64") TEXT("add %[weights], %[weights], #64")
#define TWO_COLUMNS(HOW) LOW(20, 21) HIGH(20, 21) COLUMN_0(HOW) COLUMN_1(HOW)
// Sixteen depth values, and loads for the next; the last sixteen, or eight.
#define STEP(HOW)                                                                                                      \
  TWO_COLUMNS(HOW) LOW(22, 23) HIGH(22, 23) LOAD_ROWS COLUMN_2(HOW)                                                    \
  LOAD_COLUMNS COLUMN_3(HOW) MOVE_ON
#define LAST(HOW) TWO_COLUMNS(HOW) LOW(22, 23) HIGH(22, 23) COLUMN_2(HOW) COLUMN_3(HOW)
#define LAST_EIGHT(HOW) LOW(20, 21) COLUMN_0(HOW) COLUMN_1(HOW) LOW(22, 23) COLUMN_2(HOW) COLUMN_3(HOW)
#define FIRST_SUM "saddlp"
#define MORE "sadalp"
#define COUNT(STEPS) TEXT("subs %[left], %[left], #" #STEPS)
#define LABEL(NAME) "\n.L" #NAME "%=:\n\t"
#define IF(HOW, NAME) TEXT(HOW " .L" #NAME "%=")
#define IF_EIGHT(NAME) TEXT("cbnz %w[eight], .L" #NAME "%=")
#define ADD_PAIRS(TO, A, B) TEXT("addp v" #TO ".4s, v" #A ".4s, v" #B ".4s")

// `sixteens` is at least 1. Of the last only half counts where `is_eight`.
INLINE void multiply_four_rows(const int8_t *packed, size_t sixteens, uint32_t is_eight, const int8_t *weights,
                               int32x4_t *sums) {
  register int32x4_t row_0 __asm__("v0"), row_1 __asm__("v4"), row_2 __asm__("v8"), row_3 __asm__("v12");
  __asm__ volatile(                                                                             //
      LOAD_ROWS LOAD_COLUMNS MOVE_ON COUNT(1) IF("b.eq", only)                                  //
      STEP(FIRST_SUM) COUNT(1) IF("b.eq", last) IF("tbz %[left], #0,", two)                     //
      STEP(MORE) COUNT(1) IF("b.eq", last)                                                      //
      LABEL(two) STEP(MORE) STEP(MORE) COUNT(2) IF("b.ne", two)                                 //
      LABEL(last) IF_EIGHT(last_eight) LAST(MORE) IF("b", end)                                  //
      LABEL(last_eight) LAST_EIGHT(MORE) IF("b", end)                                           //
      LABEL(only) IF_EIGHT(only_eight) LAST(FIRST_SUM) IF("b", end)                             //
      LABEL(only_eight) LAST_EIGHT(FIRST_SUM)                                                   //
      LABEL(end) ADD_PAIRS(0, 0, 1) ADD_PAIRS(4, 4, 5) ADD_PAIRS(8, 8, 9) ADD_PAIRS(12, 12, 13) //
      ADD_PAIRS(2, 2, 3) ADD_PAIRS(6, 6, 7) ADD_PAIRS(10, 10, 11) ADD_PAIRS(14, 14, 15)         //
      ADD_PAIRS(0, 0, 2) ADD_PAIRS(4, 4, 6) ADD_PAIRS(8, 8, 10) ADD_PAIRS(12, 12, 14)           //
      : "=w"(row_0), "=w"(row_1), "=w"(row_2),
        "=w"(row_3), [packed] "+r"(packed), [weights] "+r"(weights), [left] "+r"(sixteens)
      : [eight] "r"(is_eight)
      : "v1", "v2", "v3", "v5", "v6", "v7", "v9", "v10", "v11", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20",
        "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
  sums[0] = row_0, sums[1] = row_1, sums[2] = row_2, sums[3] = row_3;
}

INLINE void multiply_piece(size_t rows, bool has_least, const int8_t *packed, size_t bytes, const int8_t *weights,
                           int32x4_t *sums) {
  const size_t sixteens = maskd_sixteens_neon(bytes), rest = bytes % KR;
  if (rows < ROWS || has_least)
    multiply_plainly(rows, has_least, packed, sixteens, weights, sums);
  else
    multiply_four_rows(packed, sixteens, rest > 0 && rest <= KR / 2, weights, sums);
}

// What a block's four columns have in common, side by side: one instruction loads them.
typedef struct columns {
  int32x4_t bias, multiplier, shift;
} columns;

INLINE void make_columns(const maskd_product_neon *p, columns *c) {
  c->bias = vld1q_s32(p->epilogue->bias + p->column);
  if (p->results.way >= MASKD_WAY_ANY)
    return;
  c->multiplier = vld1q_s32(p->epilogue->multiplier + p->column);
  c->shift = vld1q_s32(p->epilogue->shift + p->column);
}

// Writes four bytes, and goes on to the next row.
#define STORE_ROW(LANE)                                                                                                \
  __asm__ volatile("st1 {%1.s}[" #LANE "], [%0], %2" : "+r"(result) : "w"(values), "r"(stride) : "memory")

// The sums of up to four rows make sixteen results.
INLINE void finish_right(maskd_way_neon way, size_t rows, const maskd_product_neon *p, size_t row, const columns *c,
                         const int32x4_t *sums) {
  const maskd_scales_neon scales = {{c->multiplier, c->multiplier, c->multiplier, c->multiplier},
                                    {c->shift, c->shift, c->shift, c->shift}};
  const int8x16_t values = maskd_sixteen_results_neon(sums, &scales, &p->results, way);
  const size_t stride = p->result_stride;
  char *result = p->result + row * stride;
  STORE_ROW(0);
  if (rows > 1)
    STORE_ROW(1);
  if (rows > 2)
    STORE_ROW(2);
  if (rows > 3)
    STORE_ROW(3);
}

INLINE void finish(size_t rows, const maskd_product_neon *p, maskd_product_neon *shared, const columns *c, size_t row,
                   const int32x4_t *sums) {
  if (p->results.way == MASKD_WAY_RIGHT)
    finish_right(MASKD_WAY_RIGHT, rows, p, row, c, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_SIGNED)
    finish_right(MASKD_WAY_RIGHT_SIGNED, rows, p, row, c, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_WITHIN)
    finish_right(MASKD_WAY_RIGHT_WITHIN, rows, p, row, c, sums);
  else if (p->results.way == MASKD_WAY_FLOAT)
    maskd_finish_float_neon(rows, 1, p, shared, row, sums);
  else
    maskd_finish_slow_rows_neon(rows, 1, p, row, sums);
}

INLINE void multiply_tile(size_t rows, bool has_least, const maskd_product_neon *p, maskd_product_neon *shared,
                          const columns *block, size_t row, int8_t *packed) {
  int32x4_t sums[ROWS], products[ROWS];
  size_t done = rows > 1 ? p->bytes : maskd_next_piece_neon(p, shared, row, 0, packed);
  multiply_piece(rows, has_least, packed, done, p->weights, sums);
  while (rows == 1 && done < p->bytes) {
    const size_t bytes = maskd_next_piece_neon(p, shared, row, done, packed);
    multiply_piece(rows, has_least, packed, bytes, p->weights + done * NR, products);
    sums[0] = vaddq_s32(sums[0], products[0]);
    done += bytes;
  }
  const int32x4x3_t all = vld1q_s32_x3(maskd_anew_neon(block));
  const columns c = {all.val[0], all.val[1], all.val[2]};
#pragma clang loop unroll(full)
  for (size_t r = 0; r < ROWS; r += 1)
    sums[r] = vaddq_s32(sums[r < rows ? r : 0], r < rows ? c.bias : vdupq_n_s32(0));
  maskd_add_terms_neon(rows, 1, p, row, sums);
  finish(rows, p, shared, &c, row, sums);
}

INLINE void multiply(size_t rows, bool has_least, maskd_product_neon *shared, size_t row, size_t count, int8_t *packed,
                     size_t blocks) {
  maskd_product_neon p = *shared;
  columns c;
  for (; blocks > 0; blocks -= 1, maskd_move_on_neon(&p, NR, NR)) {
    make_columns(&p, &c);
    int8_t *tile = packed;
    for (size_t i = 0; i < count; i += 1, tile += p.tile_bytes)
      multiply_tile(rows, has_least, &p, shared, &c, row + i * rows, tile);
  }
}

#define TILE(ROWS_OF_TILE)                                                                                             \
  static void tile_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks) {    \
    multiply(ROWS_OF_TILE, false, p, row, count, packed, blocks);                                                      \
  }                                                                                                                    \
  static void tile_with_least_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count, int8_t *packed,          \
                                             size_t blocks) {                                                          \
    multiply(ROWS_OF_TILE, true, p, row, count, packed, blocks);                                                       \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)

static const maskd_tile_neon tiles_4[ROWS] = {tile_1, tile_2, tile_3, tile_4};
static const maskd_tile_neon tiles_4_with_least[ROWS] = {tile_with_least_1, tile_with_least_2, tile_with_least_3,
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

static const maskd_tiles_neon tiles = {MR, NR, KR, 1, ROWS, 1, tiles_4, tiles_4, place};
static const maskd_tiles_neon tiles_with_least = {
    MR, NR, KR, 1, ROWS, 1, tiles_4_with_least, tiles_4_with_least, place,
};

void maskd_gemm_s8_28x4_neon(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                             const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                             size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *weights = packed;
  maskd_gemm_neon(*weights == 0 ? &tiles : &tiles_with_least, rows, first, columns, taps, depth, operands,
                  weights + HEADER_BYTES, row_terms, result, result_stride, epilogue);
}

#pragma clang attribute pop

#endif
