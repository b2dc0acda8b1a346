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
  size_t block_bytes;    // of the packed weights of one block
  const int8_t *weights; // of the block
  size_t column;         // its first
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

static inline size_t maskd_element_bytes_neon(const maskd_product_neon *p) {
  return p->results.way == MASKD_WAY_FLOAT ? sizeof(float) : 1;
}

// Rows are dealt out evenly: `higher` tiles have one more than the rest.
static inline void maskd_multiply_block_neon(const maskd_tiles_neon *tiles, const maskd_tile_neon *tile,
                                             maskd_product_neon *p, size_t rows) {
  const size_t count = (rows + tiles->rows - 1) / tiles->rows;
  const size_t height = rows / count, higher = rows % count;
  if (higher > 0)
    tile[height](p, 0, higher);
  tile[height - 1](p, higher * (height + 1), count - higher);
}

// The last block where only its first `count` columns are wanted: it is computed into memory of our own, and they are
// copied from there. What the padding of the factors makes of the others must not count in the range.
static inline void maskd_multiply_last_neon(const maskd_tiles_neon *tiles, const maskd_tile_neon *tile,
                                            maskd_product_neon *p, size_t rows, size_t width, size_t count) {
  float memory[MASKD_LARGEST_MR * MASKD_NEON_RESULTS];
  const size_t element_bytes = maskd_element_bytes_neon(p);
  char *const result = p->result;
  const size_t stride = p->result_stride;
  const maskd_range_neon before = p->range;
  p->result = (char *)memory;
  p->result_stride = width * element_bytes;
  maskd_multiply_block_neon(tiles, tile, p, rows);
  p->range = before;
  for (size_t r = 0; r < rows; r += 1) {
    const char *from = (const char *)memory + r * width * element_bytes;
    for (size_t i = 0; i < count * element_bytes; i += 1)
      result[r * stride + i] = from[i];
    for (size_t c = 0; element_bytes > 1 && c < count; c += 1)
      maskd_widen_range_neon(&p->range, vdupq_n_f32(((const float *)(const void *)from)[c]));
  }
}

static inline void maskd_multiply_neon(const maskd_tiles_neon *tiles, maskd_product_neon *p, size_t rows,
                                       size_t columns) {
  const size_t element_bytes = maskd_element_bytes_neon(p);
  while (columns > 0) {
    const bool is_wide = columns > tiles->nr;
    const size_t width = is_wide ? tiles->blocks * tiles->nr : tiles->nr;
    const maskd_tile_neon *tile = is_wide ? tiles->wide : tiles->narrow;
    if (columns < width) {
      maskd_multiply_last_neon(tiles, tile, p, rows, width, columns);
      return;
    }
    maskd_multiply_block_neon(tiles, tile, p, rows);
    columns -= width;
    p->column += width;
    p->weights += width / tiles->nr * p->block_bytes;
    p->result += width * element_bytes;
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
static inline const void *maskd_anew_neon(const void *values) {
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

static inline void maskd_finish_slow_rows_neon(size_t rows, size_t vectors, maskd_product_neon *p, size_t row,
                                               const int32x4_t *sums) {
  int32_t all[MASKD_NEON_RESULTS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      vst1q_s32(all + 4 * v, sums[r * vectors + v]);
    maskd_finish_slowly_neon(all, p->column, 4 * vectors, p->epilogue, p->result + (row + r) * p->result_stride,
                             &p->range);
  }
}

// Two or four vectors a row.
static inline void maskd_finish_right_neon(maskd_way_neon way, size_t rows, size_t vectors, const maskd_product_neon *p,
                                           size_t row, const int32x4_t *sums) {
  const maskd_scales_neon scales = maskd_scales_at_neon(p->epilogue, p->column, vectors);
  const maskd_results_neon results = p->results;
  const size_t stride = p->result_stride;
  int8_t *result = (int8_t *)p->result + row * stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1, result += stride) {
    const int32x4_t *x = sums + r * vectors;
    if (vectors == MASKD_NEON_VECTORS) {
      vst1q_s8(result, maskd_sixteen_results_neon(x, &scales, &results, way));
    } else {
      const int16x8_t eight = maskd_eight_shifted_neon(x, scales.multipliers, scales.shifts, way != MASKD_WAY_RIGHT);
      vst1_s8(result, vget_low_s8(maskd_narrowed_neon(eight, eight, way, &results)));
    }
  }
}

// Addends are loaded for each row: the multiply-add writes over them.
static inline void maskd_finish_float_neon(size_t rows, size_t vectors, maskd_product_neon *p, size_t row,
                                           const int32x4_t *sums) {
  const float *addends = p->epilogue->addend + p->column;
  float32x4_t factors[MASKD_NEON_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    factors[v] = vld1q_f32(p->epilogue->factor + p->column + 4 * v);
  const maskd_results_neon results = p->results;
  const size_t stride = p->result_stride;
  maskd_range_neon range = p->range;
  char *result = p->result + row * stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1, result += stride) {
    addends = maskd_anew_neon(addends);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1) {
      const float32x4_t scaled = maskd_scaled_neon(sums[r * vectors + v], factors[v], vld1q_f32(addends + 4 * v));
      const float32x4_t value = maskd_float_within_neon(scaled, &results);
      maskd_widen_range_neon(&range, value);
      vst1q_f32((float *)result + 4 * v, value);
    }
  }
  p->range = range;
}

// From the sums of a tile, row by row, two or four vectors a row, to its results.
static inline void maskd_finish_neon(size_t rows, size_t vectors, maskd_product_neon *p, size_t row,
                                     const int32x4_t *sums) {
  switch (p->results.way) {
  case MASKD_WAY_RIGHT:
    maskd_finish_right_neon(MASKD_WAY_RIGHT, rows, vectors, p, row, sums);
    break;
  case MASKD_WAY_RIGHT_SIGNED:
    maskd_finish_right_neon(MASKD_WAY_RIGHT_SIGNED, rows, vectors, p, row, sums);
    break;
  case MASKD_WAY_RIGHT_WITHIN:
    maskd_finish_right_neon(MASKD_WAY_RIGHT_WITHIN, rows, vectors, p, row, sums);
    break;
  case MASKD_WAY_FLOAT:
    maskd_finish_float_neon(rows, vectors, p, row, sums);
    break;
  case MASKD_WAY_ANY:
    maskd_finish_slow_rows_neon(rows, vectors, p, row, sums);
    break;
  }
}

#pragma clang attribute pop

#endif
