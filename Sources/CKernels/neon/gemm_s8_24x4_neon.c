#if defined(__aarch64__)

#include "neon.h"
#include "product_neon.h"

// Twenty-four rows, four at a time, by four columns. Registers run along the depth: two products of int8 are added in
// int16, and then neighbours to the int32 lanes of a sum, which are themselves added up at the end. That is three
// instructions for sixteen products, where widening to int16 first takes four and more.
//
// Two products of an activation and a weight above -128 are at most 2 * 128 * 127, which int16 holds. Two of -128 *
// -128 are 2^15, one too many: where a layer has such a weight, the sum of two begins with -1, and what that takes away
// in all is given back at the start.

enum { MR = 24, NR = 4, KR = 16, ROWS = 4, HEADER_BYTES = 16 };

#pragma clang attribute push(__attribute__((target("tune=cortex-a53"))), apply_to = function)

#define INLINE static inline __attribute__((always_inline))

// What each of the eight int16 lanes begins with.
enum { LANES = 8, ROOM = -1 };

INLINE int32x4_t add_products(bool has_least, bool is_half, int32x4_t sum, int8x16_t activations, int8x16_t weights) {
  const int8x8_t x = vget_low_s8(activations), w = vget_low_s8(weights);
  const int16x8_t one = has_least ? vmlal_s8(vdupq_n_s16(ROOM), x, w) : vmull_s8(x, w);
  return vpadalq_s16(sum, is_half ? one : vmlal_high_s8(one, activations, weights));
}

// Sixteen depth values, or eight.
INLINE void multiply_sixteen(size_t rows, bool has_least, bool is_half, const int8x16_t *activations,
                             const int8_t *weights, int32x4_t *sums) {
#pragma clang loop unroll(full)
  for (size_t c = 0; c < NR; c += 1) {
    const int8x16_t w = vld1q_s8(weights + c * KR);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      sums[r * NR + c] = add_products(has_least, is_half, sums[r * NR + c], activations[r], w);
  }
}

INLINE void load_sixteen(size_t rows, const int8_t **next, int8x16_t *activations) {
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    activations[r] = vld1q_s8(next[r]);
    next[r] += KR;
  }
}

#define FOUR_ROWS(A, B, C, D) A "\n\t" B "\n\t" C "\n\t" D "\n\t"

// Four rows by two columns. Written out, because the order is what counts on a processor that does not change it: seven
// instructions lie between each and the one that needs its result.
INLINE void multiply_two_columns(const int8x16_t *x, int8x16_t weights, int8x16_t next_weights, int32x4_t *sums) {
  int16x8_t products[2 * ROWS];
  __asm__ volatile(
      FOUR_ROWS("smull %8.8h, %16.8b, %20.8b", "smull %9.8h, %17.8b, %20.8b", "smull %10.8h, %18.8b, %20.8b",
                "smull %11.8h, %19.8b, %20.8b") //
      FOUR_ROWS("smull %12.8h, %16.8b, %21.8b", "smull %13.8h, %17.8b, %21.8b", "smull %14.8h, %18.8b, %21.8b",
                "smull %15.8h, %19.8b, %21.8b") //
      FOUR_ROWS("smlal2 %8.8h, %16.16b, %20.16b", "smlal2 %9.8h, %17.16b, %20.16b", "smlal2 %10.8h, %18.16b, %20.16b",
                "smlal2 %11.8h, %19.16b, %20.16b") //
      FOUR_ROWS("smlal2 %12.8h, %16.16b, %21.16b", "smlal2 %13.8h, %17.16b, %21.16b", "smlal2 %14.8h, %18.16b, %21.16b",
                "smlal2 %15.8h, %19.16b, %21.16b")                                                            //
      FOUR_ROWS("sadalp %0.4s, %8.8h", "sadalp %1.4s, %9.8h", "sadalp %2.4s, %10.8h", "sadalp %3.4s, %11.8h") //
      FOUR_ROWS("sadalp %4.4s, %12.8h", "sadalp %5.4s, %13.8h", "sadalp %6.4s, %14.8h", "sadalp %7.4s, %15.8h")
      : "+w"(sums[0]), "+w"(sums[NR]), "+w"(sums[2 * NR]), "+w"(sums[3 * NR]), "+w"(sums[1]), "+w"(sums[NR + 1]),
        "+w"(sums[2 * NR + 1]), "+w"(sums[3 * NR + 1]), "=&w"(products[0]), "=&w"(products[1]), "=&w"(products[2]),
        "=&w"(products[3]), "=&w"(products[4]), "=&w"(products[5]), "=&w"(products[6]), "=&w"(products[7])
      : "w"(x[0]), "w"(x[1]), "w"(x[2]), "w"(x[3]), "w"(weights), "w"(next_weights));
}

// Sixteen depth values of four rows.
INLINE void multiply_four_rows(const int8_t **next, const int8_t *weights, int32x4_t *sums) {
  int8x16_t x[ROWS];
  load_sixteen(ROWS, next, x);
#pragma clang loop unroll(full)
  for (size_t c = 0; c < NR; c += 2)
    multiply_two_columns(x, vld1q_s8(weights + c * KR), vld1q_s8(weights + (c + 1) * KR), sums + c);
}

// Returns where the next piece's weights begin.
INLINE const int8_t *multiply_piece(size_t rows, bool has_least, const int8_t *const *operands, size_t bytes,
                                    const int8_t *weights, int32x4_t *sums) {
  const int8_t *next[ROWS];
  int8x16_t activations[ROWS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    next[r] = operands[r];
  size_t left = bytes;
  if (rows == ROWS && !has_least)
    for (; left >= 2 * KR; left -= 2 * KR, weights += 2 * NR * KR) {
      multiply_four_rows(next, weights, sums);
      multiply_four_rows(next, weights + NR * KR, sums);
    }
#pragma clang loop unroll(disable)
  for (; left > 0; left -= left < KR ? left : KR, weights += NR * KR) {
    load_sixteen(rows, next, activations);
    if (left <= KR / 2)
      multiply_sixteen(rows, has_least, true, activations, weights, sums);
    else
      multiply_sixteen(rows, has_least, false, activations, weights, sums);
  }
  return weights;
}

// Adds up the lanes of the sums, and gives back what they began with.
INLINE void reduce(size_t rows, bool has_least, const maskd_product_neon *p, size_t row, const int32x4_t *lanes,
                   int32x4_t *sums) {
  maskd_begin_neon(rows, 1, p, row, sums);
  size_t steps = 0;
  for (size_t piece = 0; has_least && piece < p->operands.pieces; piece += 1)
    steps += (maskd_piece_bytes_neon(&p->operands, piece) + KR - 1) / KR;
  const int32_t taken = (int32_t)((uint32_t)steps * LANES * -ROOM);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const int32x4_t *l = lanes + r * NR;
    sums[r] = vaddq_s32(sums[r], vpaddq_s32(vpaddq_s32(l[0], l[1]), vpaddq_s32(l[2], l[3])));
    if (has_least)
      sums[r] = vaddq_s32(sums[r], vdupq_n_s32(taken));
  }
}

// The sums of up to four rows make sixteen results.
INLINE void finish_right(maskd_way_neon way, size_t rows, const maskd_product_neon *p, size_t row,
                         const int32x4_t *sums) {
  const int32x4_t multiplier = vld1q_s32(p->epilogue->multiplier + p->column);
  const int32x4_t shift = vld1q_s32(p->epilogue->shift + p->column);
  const maskd_scales_neon scales = {{multiplier, multiplier, multiplier, multiplier}, {shift, shift, shift, shift}};
  const uint32x4_t values = vreinterpretq_u32_s8(maskd_sixteen_results_neon(sums, &scales, &p->results, way));
  const size_t stride = p->result_stride;
  char *result = p->result + row * stride;
  vst1q_lane_u32((void *)result, values, 0);
  if (rows > 1)
    vst1q_lane_u32((void *)(result + stride), values, 1);
  if (rows > 2)
    vst1q_lane_u32((void *)(result + 2 * stride), values, 2);
  if (rows > 3)
    vst1q_lane_u32((void *)(result + 3 * stride), values, 3);
}

INLINE void finish(size_t rows, maskd_product_neon *p, size_t row, const int32x4_t *sums) {
  if (p->results.way == MASKD_WAY_RIGHT)
    finish_right(MASKD_WAY_RIGHT, rows, p, row, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_SIGNED)
    finish_right(MASKD_WAY_RIGHT_SIGNED, rows, p, row, sums);
  else if (p->results.way == MASKD_WAY_RIGHT_WITHIN)
    finish_right(MASKD_WAY_RIGHT_WITHIN, rows, p, row, sums);
  else if (p->results.way == MASKD_WAY_FLOAT)
    maskd_finish_float_neon(rows, 1, p, row, sums);
  else
    maskd_finish_slow_rows_neon(rows, 1, p, row, sums);
}

INLINE void multiply_rows(size_t rows, bool has_least, maskd_product_neon *p, size_t row) {
  int32x4_t lanes[ROWS * NR], sums[ROWS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows * NR; i += 1)
    lanes[i] = vdupq_n_s32(0);
  const int8_t *weights = p->weights;
  for (size_t piece = 0; piece < p->operands.pieces; piece += 1)
    weights = multiply_piece(rows, has_least, maskd_piece_neon(&p->operands, piece, row, rows),
                             maskd_piece_bytes_neon(&p->operands, piece), weights, lanes);
  reduce(rows, has_least, p, row, lanes, sums);
#pragma clang loop unroll(full)
  for (size_t r = rows; r < ROWS; r += 1)
    sums[r] = sums[0];
  finish(rows, p, row, sums);
}

#define TILE(ROWS_OF_TILE)                                                                                             \
  static void tile_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count) {                                   \
    for (; count > 0; count -= 1, row += ROWS_OF_TILE)                                                                 \
      multiply_rows(ROWS_OF_TILE, false, p, row);                                                                      \
  }                                                                                                                    \
  static void tile_with_least_##ROWS_OF_TILE(maskd_product_neon *p, size_t row, size_t count) {                        \
    for (; count > 0; count -= 1, row += ROWS_OF_TILE)                                                                 \
      multiply_rows(ROWS_OF_TILE, true, p, row);                                                                       \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)

static const maskd_tile_neon tiles_4[ROWS] = {tile_1, tile_2, tile_3, tile_4};
static const maskd_tile_neon tiles_4_with_least[ROWS] = {tile_with_least_1, tile_with_least_2, tile_with_least_3,
                                                         tile_with_least_4};
static const maskd_tiles_neon tiles = {MR, NR, KR, 1, ROWS, tiles_4, tiles_4};
static const maskd_tiles_neon tiles_with_least = {MR, NR, KR, 1, ROWS, tiles_4_with_least, tiles_4_with_least};

void maskd_gemm_s8_24x4_neon(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                             const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                             size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *weights = packed;
  maskd_gemm_neon(*weights == 0 ? &tiles : &tiles_with_least, rows, first, columns, taps, depth, operands,
                  weights + HEADER_BYTES, row_terms, result, result_stride, epilogue);
}

#pragma clang attribute pop

#endif
