#ifndef MASKD_VECTOR_GEMM_F32_H
#define MASKD_VECTOR_GEMM_F32_H

#include "kernels.h"
#include "vector_f32.h"

// The float matrix product. One block of columns after the other goes over all rows of the tile, a few rows at a time;
// a packed block is one vector wide, and several are computed side by side so that each activation is loaded for all of
// them at once.

enum { MASKD_TILE_ROWS = 48 };

typedef struct maskd_product_f32 {
  size_t taps, depth, columns;
  const float *const *operands; // of the first row
  const float *weights;         // of the first block
  const float *bias;
  float minimum, maximum;
  float *result;
  size_t result_stride;
} maskd_product_f32;

MASKD_INLINE void maskd_multiply_f32(size_t rows, size_t vectors, const maskd_product_f32 *p) {
  maskd_vector sums[MASKD_ROWS * MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = maskd_load(p->bias + v * MASKD_LANES);
  const size_t block = p->taps * p->depth * MASKD_LANES;
  const float *weights = p->weights;
  for (size_t tap = 0; tap < p->taps; tap += 1) {
    const float *operands[MASKD_ROWS];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      operands[r] = p->operands[tap * MASKD_TILE_ROWS + r];
    for (size_t k = 0; k < p->depth; k += 1, weights += MASKD_LANES) {
      maskd_vector w[MASKD_VECTORS];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v += 1)
        w[v] = maskd_load(weights + v * block);
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r += 1) {
        const maskd_vector activation = operands[r][k];
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v += 1)
          sums[r * vectors + v] = maskd_multiply_add(activation, w[v], sums[r * vectors + v]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    float *result = (float *)((char *)p->result + r * p->result_stride);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1) {
      const maskd_vector values = maskd_clamp_vector(sums[r * vectors + v], p->minimum, p->maximum);
      if (p->columns >= (v + 1) * MASKD_LANES)
        maskd_store(result + v * MASKD_LANES, values);
      else
        maskd_store_part(result + v * MASKD_LANES, values, p->columns - v * MASKD_LANES);
    }
  }
}

#define MASKD_MULTIPLY_F32(ROWS, VECTORS)                                                                              \
  case ROWS:                                                                                                           \
    maskd_multiply_f32(ROWS, VECTORS, p);                                                                              \
    return;

#define MASKD_MULTIPLY_ROWS_F32(VECTORS)                                                                               \
  static void maskd_multiply_rows_f32_##VECTORS(size_t rows, const maskd_product_f32 *p) {                             \
    switch (rows) {                                                                                                    \
      MASKD_MULTIPLY_F32(1, VECTORS)                                                                                   \
      MASKD_MULTIPLY_F32(2, VECTORS)                                                                                   \
      MASKD_MULTIPLY_F32(3, VECTORS)                                                                                   \
      MASKD_MULTIPLY_F32(4, VECTORS)                                                                                   \
      MASKD_MULTIPLY_F32(5, VECTORS)                                                                                   \
      MASKD_MULTIPLY_F32(6, VECTORS)                                                                                   \
      MASKD_MULTIPLY_LAST_F32(VECTORS)                                                                                 \
    }                                                                                                                  \
  }
#if MASKD_ROWS == 8
#define MASKD_MULTIPLY_LAST_F32(VECTORS) MASKD_MULTIPLY_F32(7, VECTORS) MASKD_MULTIPLY_F32(8, VECTORS)
#elif MASKD_ROWS == 6
#define MASKD_MULTIPLY_LAST_F32(VECTORS)
#else
#error "a tile of 6 or 8 rows is wanted"
#endif

MASKD_MULTIPLY_ROWS_F32(1)
MASKD_MULTIPLY_ROWS_F32(2)
#if MASKD_VECTORS == 3
MASKD_MULTIPLY_ROWS_F32(3)
#endif

// All rows of `vectors` blocks of columns.
static void maskd_multiply_blocks_f32(size_t rows, size_t vectors, const maskd_product_f32 *blocks) {
  maskd_product_f32 p = *blocks;
  for (size_t done = 0; done < rows; done += MASKD_ROWS) {
    const size_t count = rows - done < MASKD_ROWS ? rows - done : MASKD_ROWS;
#if MASKD_VECTORS == 3
    if (vectors == 3)
      maskd_multiply_rows_f32_3(count, &p);
    else
#endif
        if (vectors == 2)
      maskd_multiply_rows_f32_2(count, &p);
    else
      maskd_multiply_rows_f32_1(count, &p);
    p.operands += MASKD_ROWS;
    p.result = (float *)((char *)p.result + MASKD_ROWS * p.result_stride);
  }
}

static void maskd_gemm_f32_vector(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                  const float *const *operands, const float *packed, const float *bias, float minimum,
                                  float maximum, float *result, size_t result_stride) {
  maskd_product_f32 p = {taps,         depth,   columns, operands, packed + first * taps * depth,
                         bias + first, minimum, maximum, result,   result_stride};
  for (;;) {
    const size_t blocks = (p.columns + MASKD_LANES - 1) / MASKD_LANES;
    size_t vectors = blocks < MASKD_VECTORS ? blocks : MASKD_VECTORS;
    // Four make two pairs rather than three and one, which has too few sums to hide the latency of adding.
    if (MASKD_VECTORS == 3 && blocks == 4)
      vectors = 2;
    maskd_multiply_blocks_f32(rows, vectors, &p);
    if (p.columns <= vectors * MASKD_LANES)
      return;
    p.columns -= vectors * MASKD_LANES;
    p.weights += vectors * MASKD_LANES * taps * depth;
    p.bias += vectors * MASKD_LANES;
    p.result += vectors * MASKD_LANES;
  }
}

#endif
