#ifndef MASKD_NEON_PRODUCT_H
#define MASKD_NEON_PRODUCT_H

#include "epilogue_neon.h"
#include "operands_neon.h"

// What the matrix products of the ARM64 families share: one block of columns after the other goes over all rows of a
// call, a few rows at a time, so that the block's weights stay in the first cache. A family brings the tiles.

// One call of a kernel, and the block of columns that is computed now.
typedef struct maskd_product_neon {
  maskd_operands_neon operands;
  const int32_t *row_terms;
  const maskd_epilogue *epilogue;
  maskd_results_neon results;
  maskd_range_neon range;
  maskd_way_neon way;    // of the block
  size_t block_bytes;    // of the packed weights of one block
  const int8_t *weights; // of the block
  size_t column, count;  // its first column, and how many of the call are left from there on
  char *result;          // where that column of row 0 goes
  size_t result_stride;
} maskd_product_neon;

// Computes `count` tiles of the block, one below the other, from `row` on.
typedef void (*maskd_tile_neon)(maskd_product_neon *p, size_t row, size_t count);

// A family's tiles: `narrow` for one block of nr columns, `wide` for `blocks` at once; by their number of rows, less 1.
typedef struct maskd_tiles_neon {
  size_t mr, nr, kr, blocks, rows;
  const maskd_tile_neon *narrow, *wide;
} maskd_tiles_neon;

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

static inline void maskd_multiply_neon(const maskd_tiles_neon *tiles, maskd_product_neon *p, size_t rows,
                                       size_t columns) {
  const size_t element_bytes = p->results.way == MASKD_WAY_FLOAT ? sizeof(float) : 1;
  // Rows are dealt out evenly: `higher` tiles have one more than the rest.
  const size_t count = (rows + tiles->rows - 1) / tiles->rows;
  const size_t height = rows / count, higher = rows % count;
  for (size_t done = 0; done < columns;) {
    const bool is_wide = columns - done > tiles->nr;
    const size_t blocks = is_wide ? tiles->blocks : 1;
    p->count = columns - done;
    // Only whole rows of a block whose results need no bounds of their own are written the short way.
    const bool is_plain = p->results.is_whole_range && p->count >= blocks * tiles->nr;
    p->way = is_plain ? p->results.way : MASKD_WAY_ANY;
    const maskd_tile_neon *tile = is_wide ? tiles->wide : tiles->narrow;
    if (higher > 0)
      tile[height](p, 0, higher);
    tile[height - 1](p, higher * (height + 1), count - higher);
    done += blocks * tiles->nr;
    p->column += blocks * tiles->nr;
    p->weights += blocks * p->block_bytes;
    p->result += blocks * tiles->nr * element_bytes;
  }
}

// The whole of a kernel. `packed` begins with the first block.
static inline void maskd_gemm_neon(const maskd_tiles_neon *tiles, size_t rows, size_t first, size_t columns,
                                   size_t taps, size_t depth, const int8_t *const *operands, const void *packed,
                                   const int32_t *row_terms, void *result, size_t result_stride,
                                   const maskd_epilogue *epilogue) {
  const size_t block_bytes = (taps * depth + tiles->kr - 1) / tiles->kr * tiles->kr * tiles->nr;
  maskd_gathered_neon memory;
  maskd_product_neon p = {
      .operands = {.taps = taps, .depth = depth, .mr = tiles->mr, .pointers = operands, .gathered = &memory},
      .row_terms = row_terms,
      .epilogue = epilogue,
      .results = maskd_results_of_neon(epilogue),
      .range = maskd_empty_range_neon(),
      .block_bytes = block_bytes,
      .weights = (const int8_t *)packed + first / tiles->nr * block_bytes,
      .column = first,
      .result = result,
      .result_stride = result_stride,
  };
  maskd_operands_begin_neon(&p.operands, rows);
  maskd_multiply_neon(tiles, &p, rows, columns);
  maskd_take_range_neon(epilogue, &p.range);
}

// The same address, but the compiler can't tell: it loads again, two registers at a time, and does not move them one
// by one.
static inline const int32_t *maskd_anew_neon(const int32_t *values) {
  __asm__ volatile("" : "+r"(values));
  return values;
}

// What the sums of a tile begin with: row by row, `vectors` a row.
static inline void maskd_begin_neon(size_t rows, size_t vectors, const maskd_product_neon *p, size_t row,
                                    int32x4_t *sums) {
  const int32_t *bias = p->epilogue->bias + p->column, *terms = p->row_terms;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    bias = maskd_anew_neon(bias);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = vld1q_s32(bias + 4 * v);
  }
  if (!terms)
    return;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = vaddq_s32(sums[r * vectors + v], vdupq_n_s32(terms[row + r]));
}

static inline void maskd_finish_row_slowly_neon(maskd_product_neon *p, size_t row, size_t vectors,
                                                const int32x4_t *sums) {
  int32_t all[MASKD_NEON_RESULTS];
  for (size_t v = 0; v < vectors; v += 1)
    vst1q_s32(all + 4 * v, sums[v]);
  const size_t count = p->count < 4 * vectors ? p->count : 4 * vectors;
  maskd_finish_slowly_neon(all, p->column, count, p->epilogue, p->result + row * p->result_stride, &p->range);
}

// The short way: whole rows of two or four vectors.
static inline void maskd_finish_right_neon(bool is_signed, size_t rows, size_t vectors, const maskd_product_neon *p,
                                           size_t row, const int32x4_t *sums) {
  const maskd_scales_neon scales = maskd_scales_at_neon(p->epilogue, p->column, vectors);
  const int16x8_t zero_point = p->results.zero_point;
  const size_t stride = p->result_stride;
  int8_t *result = (int8_t *)p->result + row * stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1, result += stride) {
    const int32x4_t *x = sums + r * vectors;
    const int8x8_t low =
        vqmovn_s16(maskd_eight_shifted_neon(x, scales.multipliers, scales.shifts, zero_point, is_signed));
    if (vectors == MASKD_NEON_VECTORS)
      vst1q_s8(result, vqmovn_high_s16(low, maskd_eight_shifted_neon(x + 2, scales.multipliers + 2, scales.shifts + 2,
                                                                     zero_point, is_signed)));
    else
      vst1_s8(result, low);
  }
}

// From the sums of a tile, row by row, two or four vectors a row, to its results.
static inline void maskd_finish_neon(size_t rows, size_t vectors, maskd_product_neon *p, size_t row,
                                     const int32x4_t *sums) {
  if (p->way == MASKD_WAY_RIGHT)
    maskd_finish_right_neon(false, rows, vectors, p, row, sums);
  else if (p->way == MASKD_WAY_RIGHT_SIGNED)
    maskd_finish_right_neon(true, rows, vectors, p, row, sums);
  else
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      maskd_finish_row_slowly_neon(p, row + r, vectors, sums + r * vectors);
}

#pragma clang attribute pop

#endif
