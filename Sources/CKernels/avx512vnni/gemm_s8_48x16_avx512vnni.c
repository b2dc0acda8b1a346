#if defined(__x86_64__)

#include "../partial.h"
#include "avx512vnni.h"
#include "epilogue_avx512vnni.h"

// Up to 48 rows. One block of columns after the other (64, or what is left) goes over all of them, a few rows at a
// time, so that the block's weights stay in the first cache and its constants are made once. vpdpbusd adds four
// products of unsigned activations and signed weights to an int32; a vector of weights holds sixteen columns.

enum { MR = 48, NR = 16, KR = 4 };
// Of 32 registers 24 hold sums, the rest weights and an activation.
enum { MOST_ROWS = 12, SUMS = 24 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

// One call of the kernel, and which block of it is computed now.
typedef struct product {
  size_t taps, depth, columns;
  const int8_t *const *operands;
  const int32_t *row_terms; // may be null
  const maskd_epilogue *epilogue;
  size_t block_bytes;    // of the packed weights of sixteen columns
  const int8_t *weights; // of the block
  size_t column;         // its first
  __m512i bias[MASKD_VECTORS];
  maskd_column_constants constants[MASKD_VECTORS];
  maskd_clamp clamp;
  char *result; // where that column of row 0 goes
  size_t result_stride;
} product;

// The inner loop keeps 24 sums, four vectors of weights and one activation: 29 of 32 registers. It is written in this
// order with instructions that the compiler may not move, for it gathers activations first and then runs out.

static inline __attribute__((always_inline)) __m512i broadcast(const int8_t *four) {
  struct __attribute__((packed, may_alias)) unaligned {
    int32_t value;
  };
  __m512i result;
  __asm__ volatile("vpbroadcastd %1, %0" : "=v"(result) : "m"(*(const struct unaligned *)(const void *)four));
  return result;
}

static inline __attribute__((always_inline)) __m512i add_products(__m512i sums, __m512i activation, __m512i weights) {
  __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(activation), "v"(weights));
  return sums;
}

static inline __attribute__((always_inline)) void load_weights(size_t vectors, const product *p, const int8_t *from,
                                                               __m512i *weights) {
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    weights[v] = _mm512_loadu_si512(from + v * p->block_bytes);
}

// One tap. Returns where the next tap's weights begin.
static inline __attribute__((always_inline)) const int8_t *multiply_tap(size_t rows, size_t vectors, const product *p,
                                                                        const int8_t *const *operands,
                                                                        const int8_t *from, __m512i *sums) {
  __m512i weights[MASKD_VECTORS];
  size_t k = 0;
  for (; k + KR <= p->depth; k += KR, from += NR * KR) {
    load_weights(vectors, p, from, weights);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      const __m512i activation = broadcast(operands[r] + k);
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v += 1)
        sums[r * vectors + v] = add_products(sums[r * vectors + v], activation, weights[v]);
    }
  }
  if (k == p->depth)
    return from;
  load_weights(vectors, p, from, weights);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const __m512i activation = _mm512_set1_epi32((int)maskd_load_part_of_u32(operands[r] + k, p->depth - k));
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = add_products(sums[r * vectors + v], activation, weights[v]);
  }
  return from + NR * KR;
}

// Column 16v + 4q + i of a block stands in byte 16q + 4v + i after packing.
static inline __m512i in_order(__m512i bytes) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

// Stores the results of `rows` rows, which share a register where they have one vector or two.
static inline __attribute__((always_inline)) void store_rows(size_t vectors, const product *p, size_t row, size_t rows,
                                                             __m512i bytes) {
  char *to = p->result + row * p->result_stride;
  if (p->columns < vectors * NR) {
    const __mmask64 written = maskd_first(p->columns);
    for (size_t r = 0; r < rows; r += 1, to += p->result_stride) {
      _mm512_mask_storeu_epi8(to, written, bytes);
      bytes = vectors == 1 ? _mm512_alignr_epi64(bytes, bytes, 2) : _mm512_shuffle_i64x2(bytes, bytes, 0x0e);
    }
  } else if (vectors == 1) {
    _mm_storeu_si128((void *)to, _mm512_castsi512_si128(bytes));
    if (rows > 1)
      _mm_storeu_si128((void *)(to + p->result_stride), _mm512_extracti32x4_epi32(bytes, 1));
    if (rows > 2)
      _mm_storeu_si128((void *)(to + 2 * p->result_stride), _mm512_extracti32x4_epi32(bytes, 2));
    if (rows > 3)
      _mm_storeu_si128((void *)(to + 3 * p->result_stride), _mm512_extracti32x4_epi32(bytes, 3));
  } else if (vectors == 2) {
    _mm256_storeu_si256((void *)to, _mm512_castsi512_si256(bytes));
    if (rows > 1)
      _mm256_storeu_si256((void *)(to + p->result_stride), _mm512_extracti64x4_epi64(bytes, 1));
  } else if (vectors == 3) {
    _mm512_mask_storeu_epi8(to, UINT64_MAX >> 16, bytes);
  } else {
    _mm512_storeu_si512(to, bytes);
  }
}

static void requantize_rows(size_t vectors, const product *p, size_t row, size_t rows, const __m512i *sums) {
  for (size_t r = 0; r < rows; r += 1)
    for (size_t v = 0; v < vectors; v += 1) {
      int8_t *to = (int8_t *)p->result + (row + r) * p->result_stride + v * NR;
      maskd_requantize_16_avx512(sums[r * vectors + v], p->column + v * NR, p->columns - v * NR, p->epilogue, to);
    }
}

// What is not sure in float32 is done again in integers: by value, so that nobody's sums must leave their registers.
static __attribute__((noinline)) void requantize_unsure(size_t vectors, const product *p, size_t row, size_t rows,
                                                        __m512i sums_0, __m512i sums_1, __m512i sums_2,
                                                        __m512i sums_3) {
  const __m512i sums[MASKD_VECTORS] = {sums_0, sums_1, sums_2, sums_3};
  requantize_rows(vectors, p, row, rows, sums);
}

static void scale_rows(size_t vectors, const product *p, size_t row, size_t rows, const __m512i *sums) {
  __m512 range[2] = {_mm512_set1_ps(INFINITY), _mm512_set1_ps(-INFINITY)};
  for (size_t r = 0; r < rows; r += 1)
    for (size_t v = 0; v < vectors; v += 1) {
      float *to = (float *)(p->result + (row + r) * p->result_stride) + v * NR;
      maskd_float_16(sums[r * vectors + v], p->column + v * NR, (__mmask16)maskd_first(p->columns - v * NR),
                     p->epilogue, to, range);
    }
  maskd_take_range(p->epilogue, range);
}

static inline __attribute__((always_inline)) void finish_nearest(bool is_signed, size_t vectors, const product *p,
                                                                 size_t row, size_t rows, const __m512i *sums) {
  const size_t together = vectors < 3 ? MASKD_VECTORS / vectors : 1;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += together) {
    const size_t count = rows - r < together ? rows - r : together;
    __m512i x[MASKD_VECTORS], values[MASKD_VECTORS];
    __m512 farthest = _mm512_setzero_ps();
#pragma clang loop unroll(full)
    for (size_t i = 0; i < MASKD_VECTORS; i += 1) {
      x[i] = i < vectors * count ? sums[r * vectors + i] : sums[r * vectors];
      values[i] =
          i < vectors * count ? maskd_nearest(x[i], &p->constants[i % vectors], is_signed, &farthest) : values[0];
    }
    if (__builtin_expect(maskd_is_unsure(farthest), false))
      requantize_unsure(vectors, p, row + r, count, x[0], x[1], x[2], x[3]);
    else
      store_rows(vectors, p, row + r, count, in_order(maskd_packed(values, is_signed, &p->clamp)));
  }
}

static void add_row_terms(const int32_t *terms, size_t vectors, size_t rows, __m512i *sums) {
  for (size_t r = 0; r < rows; r += 1)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = _mm512_add_epi32(sums[r * vectors + v], _mm512_set1_epi32(terms[r]));
}

static __attribute__((noinline)) void finish_any(size_t vectors, const product *p, size_t row, size_t rows,
                                                 __m512i *sums) {
  if (p->row_terms)
    add_row_terms(p->row_terms + row, vectors, rows, sums);
  if (p->epilogue->rounding == MASKD_TO_FLOAT)
    scale_rows(vectors, p, row, rows, sums);
  else
    requantize_rows(vectors, p, row, rows, sums);
}

// A few rows, from `row` on, of a block of columns.
static inline __attribute__((always_inline)) void multiply(maskd_way way, size_t rows, size_t vectors, const product *p,
                                                           size_t row) {
  __m512i sums[SUMS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = p->bias[v];
  const int8_t *weights = p->weights;
  for (size_t tap = 0; tap < p->taps; tap += 1)
    weights = multiply_tap(rows, vectors, p, p->operands + tap * MR + row, weights, sums);
  if (way == MASKD_WAY_ANY) {
    __m512i kept[SUMS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows * vectors; i += 1)
      kept[i] = sums[i];
    finish_any(vectors, p, row, rows, kept);
  } else {
    finish_nearest(way == MASKD_WAY_NEAREST_SIGNED, vectors, p, row, rows, sums);
  }
}

typedef void (*multiply_function)(const product *p, size_t row);

#define MULTIPLY(WAY, ROWS, VECTORS)                                                                                   \
  static void multiply_##WAY##_##ROWS##_##VECTORS(const product *p, size_t row) {                                      \
    multiply(MASKD_WAY_##WAY, ROWS, VECTORS, p, row);                                                                  \
  }
#define MULTIPLY_UP_TO_6(WAY, VECTORS)                                                                                 \
  MULTIPLY(WAY, 1, VECTORS)                                                                                            \
  MULTIPLY(WAY, 2, VECTORS)                                                                                            \
  MULTIPLY(WAY, 3, VECTORS)                                                                                            \
  MULTIPLY(WAY, 4, VECTORS)                                                                                            \
  MULTIPLY(WAY, 5, VECTORS)                                                                                            \
  MULTIPLY(WAY, 6, VECTORS)
#define MULTIPLY_UP_TO_8(WAY, VECTORS)                                                                                 \
  MULTIPLY_UP_TO_6(WAY, VECTORS)                                                                                       \
  MULTIPLY(WAY, 7, VECTORS)                                                                                            \
  MULTIPLY(WAY, 8, VECTORS)
#define MULTIPLY_UP_TO_12(WAY, VECTORS)                                                                                \
  MULTIPLY_UP_TO_8(WAY, VECTORS)                                                                                       \
  MULTIPLY(WAY, 9, VECTORS)                                                                                            \
  MULTIPLY(WAY, 10, VECTORS)                                                                                           \
  MULTIPLY(WAY, 11, VECTORS)                                                                                           \
  MULTIPLY(WAY, 12, VECTORS)
#define MULTIPLY_ALL(WAY)                                                                                              \
  MULTIPLY_UP_TO_12(WAY, 1)                                                                                            \
  MULTIPLY_UP_TO_12(WAY, 2)                                                                                            \
  MULTIPLY_UP_TO_8(WAY, 3)                                                                                             \
  MULTIPLY_UP_TO_6(WAY, 4)
MULTIPLY_ALL(NEAREST)
MULTIPLY_ALL(NEAREST_SIGNED)
MULTIPLY_ALL(ANY)

#define NAMES_UP_TO_6(WAY, VECTORS)                                                                                    \
  multiply_##WAY##_1_##VECTORS, multiply_##WAY##_2_##VECTORS, multiply_##WAY##_3_##VECTORS,                            \
      multiply_##WAY##_4_##VECTORS, multiply_##WAY##_5_##VECTORS, multiply_##WAY##_6_##VECTORS
#define NAMES_UP_TO_8(WAY, VECTORS)                                                                                    \
  NAMES_UP_TO_6(WAY, VECTORS), multiply_##WAY##_7_##VECTORS, multiply_##WAY##_8_##VECTORS
#define NAMES_UP_TO_12(WAY, VECTORS)                                                                                   \
  NAMES_UP_TO_8(WAY, VECTORS), multiply_##WAY##_9_##VECTORS, multiply_##WAY##_10_##VECTORS,                            \
      multiply_##WAY##_11_##VECTORS, multiply_##WAY##_12_##VECTORS
#define NAMES(WAY)                                                                                                     \
  { {NAMES_UP_TO_12(WAY, 1)}, {NAMES_UP_TO_12(WAY, 2)}, {NAMES_UP_TO_8(WAY, 3)}, {NAMES_UP_TO_6(WAY, 4)}, }

static const size_t most_rows[MASKD_VECTORS] = {12, 12, 8, 6};
static const multiply_function multiply_functions[3][MASKD_VECTORS][MOST_ROWS] = {
    [MASKD_WAY_NEAREST] = NAMES(NEAREST),
    [MASKD_WAY_NEAREST_SIGNED] = NAMES(NEAREST_SIGNED),
    [MASKD_WAY_ANY] = NAMES(ANY),
};

static inline size_t vectors_of(size_t columns) {
  const size_t blocks = (columns + NR - 1) / NR;
  return blocks < MASKD_VECTORS ? blocks : MASKD_VECTORS;
}

// Goes over all rows with one block of columns.
static void multiply_block(product *p, size_t vectors, size_t rows, maskd_way way) {
  for (size_t v = 0; v < vectors; v += 1) {
    const size_t column = p->column + v * NR;
    p->bias[v] = _mm512_loadu_si512(p->epilogue->bias + column);
    if (way != MASKD_WAY_ANY)
      p->constants[v] = maskd_constants_of(_mm512_loadu_si512(p->epilogue->multiplier + column),
                                           _mm512_loadu_si512(p->epilogue->shift + column), way, p->epilogue);
  }
  const size_t most = most_rows[vectors - 1];
  for (size_t row = 0, tiles = (rows + most - 1) / most; tiles > 0; tiles -= 1) {
    const size_t count = (rows - row + tiles - 1) / tiles;
    multiply_functions[way][vectors - 1][count - 1](p, row);
    row += count;
  }
}

void maskd_gemm_s8_48x16_avx512vnni(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                    const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                    void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const size_t block_bytes = taps * ((depth + KR - 1) / KR) * NR * KR;
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  maskd_way way = maskd_way_of(epilogue);
  if (way == MASKD_WAY_FLOAT || row_terms)
    way = MASKD_WAY_ANY;
  product p = {.taps = taps,
               .depth = depth,
               .columns = columns,
               .operands = operands,
               .row_terms = row_terms,
               .epilogue = epilogue,
               .block_bytes = block_bytes,
               .weights = (const int8_t *)packed + first / NR * block_bytes,
               .column = first,
               .result = result,
               .result_stride = result_stride,
               .clamp = maskd_clamp_of(epilogue)};
  for (;;) {
    const size_t vectors = vectors_of(p.columns);
    multiply_block(&p, vectors, rows, way);
    if (p.columns <= vectors * NR)
      return;
    p.columns -= vectors * NR;
    p.column += vectors * NR;
    p.weights += vectors * block_bytes;
    p.result += vectors * NR * element_bytes;
  }
}

#pragma clang attribute pop

#endif
