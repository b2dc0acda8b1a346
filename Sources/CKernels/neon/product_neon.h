#ifndef MASKD_NEON_PRODUCT_H
#define MASKD_NEON_PRODUCT_H

#include "../pairs.h"
#include "epilogue_neon.h"
#include "operands_neon.h"

// What the matrix products of the ARM64 families share: one block of columns after the other goes over all rows of a
// call, a few rows at a time, so that the block's weights stay in the first cache. A family brings the tiles.

// As many rows are packed at a time as the first cache has room for, a tile at least. Rows deeper than a piece are
// rare: tiles of one row take them, and pack piece by piece.
enum {
  MASKD_PACKED_BYTES = 28800,
  MASKD_PIECE_BYTES = 9216,
  MASKD_PACKED_CAPACITY = MASKD_PIECE_BYTES * MASKD_TALLEST_TILE,
};

// One call of a kernel, and the block of columns that is computed now.
typedef struct maskd_product_neon {
  maskd_operands_neon operands;
  int8_t *packed;    // the rows, tile by tile
  size_t bytes;      // of a row
  size_t tile_bytes; // from a packed tile to the next
  bool packs_by_tile;
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

// Computes `count` tiles, one below the other, from `row` on, which are packed from `packed` on: the block, and then
// the next ones up to `blocks`.
typedef void (*maskd_tile_neon)(maskd_product_neon *p, size_t row, size_t count, int8_t *packed, size_t blocks);

// A family's tiles: `narrow` for one block of nr columns, `wide` for `blocks` at once; by their number of rows, less 1.
typedef struct maskd_tiles_neon {
  size_t mr, nr, kr, blocks, rows, together;
  const maskd_tile_neon *narrow, *wide;
  maskd_place_neon place;
  bool has_pairs; // as the family's shape says
} maskd_tiles_neon;

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)

// Tiles are as high as they can be, but for the last.
static inline size_t maskd_height_neon(const maskd_tiles_neon *tiles, const maskd_product_neon *p) {
  return p->packs_by_tile ? 1 : tiles->rows;
}

static inline void maskd_pack_neon(const maskd_tiles_neon *tiles, const maskd_product_neon *p) {
  const size_t height = tiles->rows, whole = p->operands.rows / height, rest = p->operands.rows % height;
  if (whole > 0)
    maskd_pack_tiles_neon(&p->operands, 0, height, whole, 0, p->bytes, p->packed, p->tile_bytes);
  if (rest > 0)
    maskd_pack_tiles_neon(&p->operands, whole * height, rest, 1, 0, p->bytes, p->packed + whole * p->tile_bytes, 0);
}

static inline size_t maskd_element_bytes_neon(const maskd_product_neon *p) {
  return p->results.way == MASKD_WAY_FLOAT ? sizeof(float) : 1;
}

static inline void maskd_multiply_blocks_neon(const maskd_tiles_neon *tiles, const maskd_tile_neon *tile,
                                              maskd_product_neon *p, size_t blocks) {
  const size_t height = maskd_height_neon(tiles, p), whole = p->operands.rows / height,
               rest = p->operands.rows % height;
  if (whole > 0)
    tile[height - 1](p, 0, whole, p->packed, blocks);
  if (rest > 0)
    tile[rest - 1](p, whole * height, 1, p->packed + whole * p->tile_bytes, blocks);
}

// Goes on to the block that begins so many columns further on.
static inline void maskd_move_on_neon(maskd_product_neon *p, size_t columns, size_t nr) {
  p->column += columns;
  p->weights += columns / nr * p->block_bytes;
  p->result += columns * maskd_element_bytes_neon(p);
}

// The last block where only its first `count` columns are wanted: it is computed into memory of our own, and they are
// copied from there. What the padding of the factors makes of the others must not count in the range.
static inline void maskd_multiply_last_neon(const maskd_tiles_neon *tiles, const maskd_tile_neon *tile,
                                            maskd_product_neon *p, size_t width, size_t count) {
  float memory[MASKD_LARGEST_MR * MASKD_NEON_RESULTS];
  const size_t element_bytes = maskd_element_bytes_neon(p);
  char *const result = p->result;
  const size_t stride = p->result_stride;
  const maskd_range_neon before = p->range;
  p->result = (char *)memory;
  p->result_stride = width * element_bytes;
  maskd_multiply_blocks_neon(tiles, tile, p, 1);
  p->range = before;
  for (size_t r = 0; r < p->operands.rows; r += 1) {
    const char *from = (const char *)memory + r * width * element_bytes;
    for (size_t i = 0; i < count * element_bytes; i += 1)
      result[r * stride + i] = from[i];
    for (size_t c = 0; element_bytes > 1 && c < count; c += 1)
      maskd_widen_range_neon(&p->range, vdupq_n_f32(((const float *)(const void *)from)[c]));
  }
}

// All columns of the rows that are packed.
static inline void maskd_multiply_neon(const maskd_tiles_neon *tiles, maskd_product_neon *p, size_t columns) {
  const size_t wide = tiles->blocks * tiles->nr, whole = columns / wide, rest = columns % wide;
  if (whole > 0)
    maskd_multiply_blocks_neon(tiles, tiles->wide, p, whole);
  if (rest == 0)
    return;
  maskd_move_on_neon(p, whole * wide, tiles->nr);
  if (rest == tiles->nr)
    maskd_multiply_blocks_neon(tiles, tiles->narrow, p, 1);
  else if (rest < tiles->nr)
    maskd_multiply_last_neon(tiles, tiles->narrow, p, tiles->nr, rest);
  else
    maskd_multiply_last_neon(tiles, tiles->wide, p, wide, rest);
}

// The whole of a kernel. `packed` begins with the first block.
static inline void maskd_gemm_neon(const maskd_tiles_neon *tiles, size_t rows, size_t first, size_t columns,
                                   size_t taps, size_t depth, const int8_t *const *operands, const void *packed,
                                   const int32_t *row_terms, void *result, size_t result_stride,
                                   const maskd_epilogue *epilogue) {
  _Alignas(16) int8_t memory[MASKD_PACKED_CAPACITY];
  const size_t row_bytes = maskd_sixteens_neon(taps * depth) * MASKD_SIXTEEN;
  const size_t steps = (taps * depth + tiles->kr - 1) / tiles->kr;
  const size_t block_bytes = tiles->has_pairs ? maskd_pairs_block_bytes(steps) : steps * tiles->kr * tiles->nr;
  const bool packs_by_tile = row_bytes > MASKD_PIECE_BYTES;
  const size_t fitting = packs_by_tile ? rows : MASKD_PACKED_BYTES / (row_bytes * tiles->rows) * tiles->rows;
  const size_t most = fitting > 0 ? fitting : tiles->rows;
  maskd_product_neon p = {
      .operands = {.taps = taps, .depth = depth, .mr = tiles->mr, .together = tiles->together, .place = tiles->place},
      .packed = memory,
      .bytes = taps * depth,
      .tile_bytes = packs_by_tile ? 0 : row_bytes * tiles->rows,
      .packs_by_tile = packs_by_tile,
      .epilogue = epilogue,
      .results = maskd_results_of_neon(epilogue),
      .range = maskd_empty_range_neon(),
      .block_bytes = block_bytes,
  };
  for (size_t row = 0; row < rows; row += p.operands.rows) {
    p.operands.rows = rows - row < most ? rows - row : most;
    p.operands.pointers = operands + row;
    p.row_terms = row_terms ? row_terms + row : NULL;
    p.weights = (const int8_t *)packed + first / tiles->nr * block_bytes;
    p.column = first;
    p.result = (char *)result + row * result_stride;
    p.result_stride = result_stride;
    if (!packs_by_tile)
      maskd_pack_neon(tiles, &p);
    maskd_multiply_neon(tiles, &p, columns);
  }
  maskd_take_range_neon(epilogue, &p.range);
}

// A tile reads a copy of what the block's tiles have in common, which no result can be written over as far as the
// compiler knows: so it stays in registers. `shared` is what it was copied from.

// How many values of its row a tile of one row multiplies next, from the one numbered `first` on: mostly all. Packs
// them if need be.
static inline size_t maskd_next_piece_neon(const maskd_product_neon *p, const maskd_product_neon *shared, size_t row,
                                           size_t first, int8_t *packed) {
  if (!p->packs_by_tile)
    return p->bytes;
  const size_t left = p->bytes - first, count = left < MASKD_PIECE_BYTES ? left : MASKD_PIECE_BYTES;
  maskd_pack_tiles_neon(&shared->operands, row, 1, 1, first, count, packed, 0);
  return count;
}

// The same address, but the compiler can't tell: it loads again, two registers at a time, and does not move them one
// by one.
static inline const void *maskd_anew_neon(const void *values) {
  __asm__ volatile("" : "+r"(values));
  return values;
}

// What a weight zero point contributes to the sums of a tile: row by row, `vectors` a row.
static inline void maskd_add_terms_neon(size_t rows, size_t vectors, const maskd_product_neon *p, size_t row,
                                        int32x4_t *sums) {
  const int32_t *terms = p->row_terms;
  if (!terms)
    return;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = vaddq_s32(sums[r * vectors + v], vdupq_n_s32(terms[row + r]));
}

// What those sums begin with.
static inline void maskd_begin_neon(size_t rows, size_t vectors, const maskd_product_neon *p, size_t row,
                                    int32x4_t *sums) {
  const int32_t *bias = p->epilogue->bias + p->column;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    bias = vectors > 1 ? maskd_anew_neon(bias) : bias;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = vld1q_s32(bias + 4 * v);
  }
  maskd_add_terms_neon(rows, vectors, p, row, sums);
}

static inline void maskd_finish_slow_rows_neon(size_t rows, size_t vectors, const maskd_product_neon *p, size_t row,
                                               const int32x4_t *sums) {
  int32_t all[MASKD_TALLEST_TILE * MASKD_NEON_RESULTS];
  maskd_range_neon none;
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows * vectors; i += 1)
    vst1q_s32(all + 4 * i, sums[i]);
#pragma clang loop unroll(disable)
  for (size_t r = 0; r < rows; r += 1)
    maskd_finish_slowly_neon(all + 4 * vectors * r, p->column, 4 * vectors, p->epilogue,
                             p->result + (row + r) * p->result_stride, &none);
}

// Two or four vectors a row.
static inline void maskd_finish_right_neon(maskd_way_neon way, size_t rows, size_t vectors, const maskd_product_neon *p,
                                           size_t row, const int32x4_t *sums) {
  const maskd_scales_neon scales = maskd_scales_at_neon(p->epilogue, p->column, vectors);
  const size_t stride = p->result_stride;
  int8_t *result = (int8_t *)p->result + row * stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1, result += stride) {
    const int32x4_t *x = sums + r * vectors;
    if (vectors == MASKD_NEON_VECTORS) {
      vst1q_s8(result, maskd_sixteen_results_neon(x, &scales, &p->results, way));
    } else {
      const int16x8_t eight = maskd_eight_shifted_neon(x, scales.multipliers, scales.shifts, way != MASKD_WAY_RIGHT);
      vst1_s8(result, vget_low_s8(maskd_narrowed_neon(eight, eight, way, &p->results)));
    }
  }
}

// Addends are loaded for each row: the multiply-add writes over them.
static inline void maskd_finish_float_neon(size_t rows, size_t vectors, const maskd_product_neon *p,
                                           maskd_product_neon *shared, size_t row, const int32x4_t *sums) {
  const float *addends = p->epilogue->addend + p->column;
  float32x4_t factors[MASKD_NEON_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    factors[v] = vld1q_f32(p->epilogue->factor + p->column + 4 * v);
  const size_t stride = p->result_stride;
  maskd_range_neon range = shared->range;
  char *result = p->result + row * stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1, result += stride) {
    float32x4_t values[MASKD_NEON_VECTORS];
    addends = maskd_anew_neon(addends);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      values[v] = vld1q_f32(addends + 4 * v);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1) {
      values[v] = maskd_float_within_neon(maskd_scaled_neon(sums[r * vectors + v], factors[v], values[v]), &p->results);
      maskd_widen_range_neon(&range, values[v]);
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      vst1q_f32((float *)(void *)result + 4 * v, values[v]);
  }
  shared->range = range;
}

// From the sums of a tile, row by row, two or four vectors a row, to its results.
static inline void maskd_finish_neon(size_t rows, size_t vectors, const maskd_product_neon *p,
                                     maskd_product_neon *shared, size_t row, const int32x4_t *sums) {
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
    maskd_finish_float_neon(rows, vectors, p, shared, row, sums);
    break;
  case MASKD_WAY_ANY:
    maskd_finish_slow_rows_neon(rows, vectors, p, row, sums);
    break;
  }
}

#pragma clang attribute pop

#endif
