#if defined(__x86_64__)

#include "../partial.h"
#include "avx512vnni.h"
#include "epilogue_avx512vnni.h"

// Up to 24 rows. One block of columns after the other (64, or what is left) goes over all of them, a few rows at a
// time, so that the block's weights stay in the first cache and its constants are made once. vpdpbusd adds four
// products of unsigned activations and signed weights to an int32; a vector of weights holds sixteen columns.

enum { MR = 24, NR = 16, KR = 4 };
// Of 32 registers 24 hold sums, the rest weights and an activation.
enum { ROWS_OF_WIDE = 6, ROWS_OF_NARROW = 8, SUMS = ROWS_OF_WIDE * MASKD_VECTORS };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// One call of the kernel, and which block of it is computed now.
typedef struct product {
  size_t taps, depth, columns;
  const int8_t *const *operands;
  const int32_t *row_terms;
  const maskd_epilogue *epilogue;
  size_t block_bytes;    // of the packed weights of sixteen columns
  const int8_t *weights; // of the block
  size_t column;         // its first
  char *result;          // where that column of row 0 goes
  size_t result_stride;
} product;

static inline __attribute__((always_inline)) void multiply_group(size_t rows, size_t vectors,
                                                                 const __m512i *activations, const int8_t *weights,
                                                                 size_t block_bytes, __m512i *sums) {
  __m512i w[MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    w[v] = _mm512_loadu_si512(weights + v * block_bytes);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = _mm512_dpbusd_epi32(sums[r * vectors + v], activations[r], w[v]);
}

// One tap. Returns where the next tap's weights begin.
static inline __attribute__((always_inline)) const int8_t *multiply_tap(size_t rows, size_t vectors, const product *p,
                                                                        const int8_t *const *operands,
                                                                        const int8_t *weights, __m512i *sums) {
  __m512i activations[ROWS_OF_NARROW];
  size_t k = 0;
  for (; k + KR <= p->depth; k += KR, weights += NR * KR) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = _mm512_set1_epi32((int)maskd_load_u32(operands[r] + k));
    multiply_group(rows, vectors, activations, weights, p->block_bytes, sums);
  }
  if (k == p->depth)
    return weights;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = _mm512_set1_epi32((int)maskd_load_part_of_u32(operands[r] + k, p->depth - k));
  multiply_group(rows, vectors, activations, weights, p->block_bytes, sums);
  return weights + NR * KR;
}

// Leaves the sums of `rows` rows from `row` on, bias included: row by row, a vector for each sixteen columns.
static inline __attribute__((always_inline)) void multiply(size_t rows, size_t vectors, const product *p, size_t row,
                                                           __m512i *result) {
  __m512i sums[SUMS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const __m512i term = _mm512_set1_epi32(p->row_terms ? p->row_terms[row + r] : 0);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = _mm512_add_epi32(term, _mm512_loadu_si512(p->epilogue->bias + p->column + v * NR));
  }
  const int8_t *weights = p->weights;
  for (size_t tap = 0; tap < p->taps; tap += 1)
    weights = multiply_tap(rows, vectors, p, p->operands + tap * MR + row, weights, sums);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows * vectors; i += 1)
    result[i] = sums[i];
}

typedef void (*multiply_function)(const product *p, size_t row, __m512i *result);

#define MULTIPLY(ROWS, VECTORS)                                                                                        \
  static void multiply_##ROWS##_##VECTORS(const product *p, size_t row, __m512i *result) {                             \
    multiply(ROWS, VECTORS, p, row, result);                                                                           \
  }
#define MULTIPLY_ROWS(VECTORS)                                                                                         \
  MULTIPLY(1, VECTORS)                                                                                                 \
  MULTIPLY(2, VECTORS)                                                                                                 \
  MULTIPLY(3, VECTORS)                                                                                                 \
  MULTIPLY(4, VECTORS)                                                                                                 \
  MULTIPLY(5, VECTORS)                                                                                                 \
  MULTIPLY(6, VECTORS)
MULTIPLY_ROWS(1)
MULTIPLY_ROWS(2)
MULTIPLY_ROWS(3)
MULTIPLY_ROWS(4)
MULTIPLY(7, 1)
MULTIPLY(7, 2)
MULTIPLY(7, 3)
MULTIPLY(8, 1)
MULTIPLY(8, 2)
MULTIPLY(8, 3)

static const multiply_function multiply_functions[MASKD_VECTORS][ROWS_OF_NARROW] = {
    {multiply_1_1, multiply_2_1, multiply_3_1, multiply_4_1, multiply_5_1, multiply_6_1, multiply_7_1, multiply_8_1},
    {multiply_1_2, multiply_2_2, multiply_3_2, multiply_4_2, multiply_5_2, multiply_6_2, multiply_7_2, multiply_8_2},
    {multiply_1_3, multiply_2_3, multiply_3_3, multiply_4_3, multiply_5_3, multiply_6_3, multiply_7_3, multiply_8_3},
    {multiply_1_4, multiply_2_4, multiply_3_4, multiply_4_4, multiply_5_4, multiply_6_4, NULL, NULL},
};

// Column 16v + 4q + i of a block stands in byte 16q + 4v + i after packing.
static inline __m512i in_order(__m512i bytes) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, maskd_swapped_back(bytes));
}

static inline __attribute__((always_inline)) void finish_floored(bool is_signed, size_t vectors, const product *p,
                                                                 const maskd_column_constants *constants,
                                                                 const maskd_row_constants *shared, size_t row,
                                                                 size_t rows, const __m512i *sums) {
  const __mmask64 written = maskd_first(p->columns < vectors * NR ? p->columns : vectors * NR);
  for (size_t r = 0; r < rows; r += 1) {
    __m512i values[MASKD_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < MASKD_VECTORS; v += 1)
      values[v] = v < vectors ? maskd_floored(sums[r * vectors + v], &constants[v], is_signed) : values[0];
    _mm512_mask_storeu_epi8(p->result + (row + r) * p->result_stride, written, in_order(maskd_packed(values, shared)));
  }
}

static void finish_any(size_t vectors, const product *p, size_t row, size_t rows, const __m512i *sums) {
  for (size_t r = 0; r < rows; r += 1)
    for (size_t v = 0; v < vectors; v += 1) {
      int8_t *to = (int8_t *)p->result + (row + r) * p->result_stride + v * NR;
      maskd_requantize_16_avx512(sums[r * vectors + v], p->column + v * NR, p->columns - v * NR, p->epilogue, to);
    }
}

static void finish_float(size_t vectors, const product *p, size_t row, size_t rows, const __m512i *sums) {
  __m512 range[2] = {_mm512_set1_ps(INFINITY), _mm512_set1_ps(-INFINITY)};
  for (size_t r = 0; r < rows; r += 1)
    for (size_t v = 0; v < vectors; v += 1) {
      float *to = (float *)(p->result + (row + r) * p->result_stride) + v * NR;
      maskd_float_16(sums[r * vectors + v], p->column + v * NR, (__mmask16)maskd_first(p->columns - v * NR),
                     p->epilogue, to, range);
    }
  maskd_take_range(p->epilogue, range);
}

static void finish(maskd_way way, size_t vectors, const product *p, const maskd_column_constants *constants,
                   const maskd_row_constants *shared, size_t row, size_t rows, const __m512i *sums) {
  const bool is_signed = way == MASKD_WAY_FLOOR_SIGNED;
  if (way == MASKD_WAY_FLOAT)
    finish_float(vectors, p, row, rows, sums);
  else if (way == MASKD_WAY_ANY)
    finish_any(vectors, p, row, rows, sums);
  else if (vectors == MASKD_VECTORS && !is_signed)
    finish_floored(false, MASKD_VECTORS, p, constants, shared, row, rows, sums);
  else if (vectors == 3 && !is_signed)
    finish_floored(false, 3, p, constants, shared, row, rows, sums);
  else if (vectors == 2 && !is_signed)
    finish_floored(false, 2, p, constants, shared, row, rows, sums);
  else if (vectors == 1 && !is_signed)
    finish_floored(false, 1, p, constants, shared, row, rows, sums);
  else if (vectors == MASKD_VECTORS)
    finish_floored(true, MASKD_VECTORS, p, constants, shared, row, rows, sums);
  else if (vectors == 3)
    finish_floored(true, 3, p, constants, shared, row, rows, sums);
  else if (vectors == 2)
    finish_floored(true, 2, p, constants, shared, row, rows, sums);
  else
    finish_floored(true, 1, p, constants, shared, row, rows, sums);
}

// Six blocks of sixteen columns make two of 48 rather than one of 64 and one of 32, which has fewer sums at a time.
static inline size_t vectors_of(size_t columns) {
  const size_t blocks = (columns + NR - 1) / NR;
  if (blocks <= MASKD_VECTORS)
    return blocks;
  return blocks % MASKD_VECTORS == 0 || blocks > 2 * MASKD_VECTORS + 1 ? MASKD_VECTORS : 3;
}

void maskd_gemm_s8_24x16_avx512vnni(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                    const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                    void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const size_t block_bytes = taps * ((depth + KR - 1) / KR) * NR * KR;
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  const maskd_way way = maskd_way_of(epilogue);
  const maskd_row_constants shared = maskd_row_constants_of(epilogue);
  product p = {taps,      depth,    columns,      operands,
               row_terms, epilogue, block_bytes,  (const int8_t *)packed + first / NR * block_bytes,
               first,     result,   result_stride};
  __m512i sums[SUMS];
  for (size_t done = 0; done < columns;) {
    const size_t vectors = vectors_of(columns - done);
    maskd_column_constants constants[MASKD_VECTORS];
    if (way == MASKD_WAY_FLOOR || way == MASKD_WAY_FLOOR_SIGNED)
      for (size_t v = 0; v < vectors; v += 1)
        constants[v] = maskd_constants_of(_mm512_loadu_si512(epilogue->multiplier + p.column + v * NR),
                                          _mm512_loadu_si512(epilogue->shift + p.column + v * NR));
    p.columns = columns - done;
    const size_t most = vectors == MASKD_VECTORS ? ROWS_OF_WIDE : ROWS_OF_NARROW;
    for (size_t row = 0, tiles = (rows + most - 1) / most; tiles > 0; tiles -= 1) {
      const size_t count = (rows - row + tiles - 1) / tiles;
      multiply_functions[vectors - 1][count - 1](&p, row, sums);
      finish(way, vectors, &p, constants, &shared, row, count, sums);
      row += count;
    }
    done += vectors * NR;
    p.column = first + done;
    p.weights += vectors * block_bytes;
    p.result += vectors * NR * element_bytes;
  }
}

#pragma clang attribute pop

#endif
