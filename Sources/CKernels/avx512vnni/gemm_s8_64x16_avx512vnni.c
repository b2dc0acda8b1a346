#if defined(__x86_64__)

#include "avx512vnni.h"
#include "gemm_results_avx512vnni.h"

// Up to 64 rows. One block of columns after the other (64, or what is left) goes over all of them, a few rows at a
// time, so that the block's weights stay in the first cache and its constants are made once. vpdpbusd adds four
// products of unsigned activations and signed weights to an int32; a vector of weights holds sixteen columns.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

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

// The last one to three values of a row.
static inline __attribute__((always_inline)) __m512i broadcast_part(const int8_t *from, __mmask16 present) {
  return _mm512_broadcastd_epi32(_mm_maskz_loadu_epi8(present, from));
}

// Products of one group of values of each row.
static inline __attribute__((always_inline)) void multiply_group(size_t rows, size_t vectors, const product *p,
                                                                 const int8_t *const *activations, size_t k,
                                                                 const int8_t *from, bool is_far, size_t ahead,
                                                                 __m512i *sums) {
  __m512i weights[MASKD_VECTORS];
  load_weights(vectors, p, from, weights);
  if (is_far)
    _mm_prefetch((const char *)from + ahead, _MM_HINT_T1);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const __m512i activation = broadcast(activations[r] + k);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = add_products(sums[r * vectors + v], activation, weights[v]);
  }
}

// One tap. Returns where the next tap's weights begin; asks for what is `ahead` of its own, if that is far.
// `copies` groups of values are added to copies of the sums, one behind the other, where there are too few sums to keep
// the multipliers busy.
static inline __attribute__((always_inline)) const int8_t *multiply_tap(size_t rows, size_t vectors, size_t copies,
                                                                        const product *p, const int8_t *const *operands,
                                                                        const int8_t *from, bool is_far, size_t ahead,
                                                                        __m512i *sums) {
  const int8_t *activations[MOST_ROWS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = operands[r];
  const size_t whole = p->depth / KR * KR, rest = p->depth % KR;
  size_t k = 0;
  if (copies > 1)
    for (; k + copies * KR <= whole; k += copies * KR)
#pragma clang loop unroll(full)
      for (size_t i = 0; i < copies; i += 1, from += NR * KR)
        multiply_group(rows, vectors, p, activations, k + i * KR, from, is_far, ahead, sums + i * rows * vectors);
  for (; k < whole; k += KR, from += NR * KR)
    multiply_group(rows, vectors, p, activations, k, from, is_far, ahead, sums);
  if (rest == 0)
    return from;
  const __mmask16 present = (__mmask16)((1 << rest) - 1);
  __m512i weights[MASKD_VECTORS];
  load_weights(vectors, p, from, weights);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const __m512i activation = broadcast_part(activations[r] + whole, present);
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = add_products(sums[r * vectors + v], activation, weights[v]);
  }
  return from + NR * KR;
}

static inline __attribute__((always_inline)) void add_row_terms(const int32_t *terms, size_t vectors, size_t rows,
                                                                __m512i *sums) {
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1)
      sums[r * vectors + v] = _mm512_add_epi32(sums[r * vectors + v], _mm512_set1_epi32(terms[r]));
}

// `tiles` times `rows` rows, from `row` on, of a block of columns. The copy of what they share stays in registers:
// nothing that is stored can change it.
static inline __attribute__((always_inline)) void multiply(maskd_way way, size_t rows, size_t vectors, bool is_far,
                                                           const product *shared, size_t row, size_t tiles) {
  const product p = *shared;
  const size_t count = rows * vectors, copies = count > 4 ? 1 : count > 2 ? 2 : 4;
  __m512 range[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
  for (; tiles > 0; tiles -= 1, row += rows) {
    __m512i sums[SUMS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < copies * count; i += 1)
      sums[i] = i < count ? shared->bias[i % vectors] : _mm512_setzero_si512();
    const int8_t *weights = p.weights;
    const size_t ahead = (vectors + tiles % vectors) * p.block_bytes;
    for (size_t tap = 0; tap < p.taps; tap += 1)
      weights = multiply_tap(rows, vectors, copies, &p, p.operands + tap * MR + row, weights, is_far, ahead, sums);
#pragma clang loop unroll(full)
    for (size_t i = count; i < copies * count; i += 1)
      sums[i % count] = _mm512_add_epi32(sums[i % count], sums[i]);
    if (p.row_terms)
      add_row_terms(p.row_terms + row, vectors, rows, sums);
    if (maskd_is_float(way))
      finish_float(way, vectors, &p, row, rows, sums, range);
    else if (way == MASKD_WAY_ANY)
      finish_any(vectors, shared, row, rows, sums);
    else
      finish_nearest(way, vectors, &p, row, rows, sums);
  }
  if (maskd_is_float(way))
    maskd_take_range(p.epilogue, range);
}

typedef void (*multiply_function)(const product *p, size_t row, size_t tiles);

#define MULTIPLY(WAY, ROWS, VECTORS)                                                                                   \
  static void multiply_##WAY##_##ROWS##_##VECTORS(const product *p, size_t row, size_t tiles) {                        \
    multiply(MASKD_WAY_##WAY, ROWS, VECTORS, false, p, row, tiles);                                                    \
  }
#define MULTIPLY_UP_TO_4(WAY, VECTORS)                                                                                 \
  MULTIPLY(WAY, 1, VECTORS)                                                                                            \
  MULTIPLY(WAY, 2, VECTORS)                                                                                            \
  MULTIPLY(WAY, 3, VECTORS)                                                                                            \
  MULTIPLY(WAY, 4, VECTORS)
#define MULTIPLY_UP_TO_6(WAY, VECTORS)                                                                                 \
  MULTIPLY_UP_TO_4(WAY, VECTORS)                                                                                       \
  MULTIPLY(WAY, 5, VECTORS)                                                                                            \
  MULTIPLY(WAY, 6, VECTORS)
#define MULTIPLY_UP_TO_12(WAY, VECTORS)                                                                                \
  MULTIPLY_UP_TO_6(WAY, VECTORS)                                                                                       \
  MULTIPLY(WAY, 7, VECTORS)                                                                                            \
  MULTIPLY(WAY, 8, VECTORS)                                                                                            \
  MULTIPLY(WAY, 9, VECTORS)                                                                                            \
  MULTIPLY(WAY, 10, VECTORS)                                                                                           \
  MULTIPLY(WAY, 11, VECTORS)                                                                                           \
  MULTIPLY(WAY, 12, VECTORS)
#define MULTIPLY_ALL(WAY)                                                                                              \
  MULTIPLY_UP_TO_12(WAY, 1)                                                                                            \
  MULTIPLY_UP_TO_12(WAY, 2)                                                                                            \
  MULTIPLY_UP_TO_4(WAY, 3)                                                                                             \
  MULTIPLY_UP_TO_6(WAY, 4)
MULTIPLY_ALL(NEAREST)
MULTIPLY_ALL(NEAREST_SIGNED)
MULTIPLY_ALL(PROVEN)
MULTIPLY_ALL(ANY)
MULTIPLY_ALL(FLOAT)
MULTIPLY_ALL(FLOAT_FROM_ZERO)

#define NAMES_UP_TO_4(WAY, VECTORS)                                                                                    \
  multiply_##WAY##_1_##VECTORS, multiply_##WAY##_2_##VECTORS, multiply_##WAY##_3_##VECTORS, multiply_##WAY##_4_##VECTORS
#define NAMES_UP_TO_6(WAY, VECTORS)                                                                                    \
  NAMES_UP_TO_4(WAY, VECTORS), multiply_##WAY##_5_##VECTORS, multiply_##WAY##_6_##VECTORS
#define NAMES_UP_TO_12(WAY, VECTORS)                                                                                   \
  NAMES_UP_TO_6(WAY, VECTORS), multiply_##WAY##_7_##VECTORS, multiply_##WAY##_8_##VECTORS,                             \
      multiply_##WAY##_9_##VECTORS, multiply_##WAY##_10_##VECTORS, multiply_##WAY##_11_##VECTORS,                      \
      multiply_##WAY##_12_##VECTORS
#define NAMES(WAY)                                                                                                     \
  { {NAMES_UP_TO_12(WAY, 1)}, {NAMES_UP_TO_12(WAY, 2)}, {NAMES_UP_TO_4(WAY, 3)}, {NAMES_UP_TO_6(WAY, 4)}, }

static const multiply_function multiply_functions[MASKD_WAYS][MASKD_VECTORS][MOST_ROWS] = {
    [MASKD_WAY_NEAREST] = NAMES(NEAREST), [MASKD_WAY_NEAREST_SIGNED] = NAMES(NEAREST_SIGNED),
    [MASKD_WAY_PROVEN] = NAMES(PROVEN),   [MASKD_WAY_ANY] = NAMES(ANY),
    [MASKD_WAY_FLOAT] = NAMES(FLOAT),     [MASKD_WAY_FLOAT_FROM_ZERO] = NAMES(FLOAT_FROM_ZERO),
};

// The same for whole blocks whose weights are far.
#define MULTIPLY_FAR(WAY, ROWS)                                                                                        \
  static void multiply_far_##WAY##_##ROWS(const product *p, size_t row, size_t tiles) {                                \
    multiply(MASKD_WAY_##WAY, ROWS, MASKD_VECTORS, true, p, row, tiles);                                               \
  }
#define MULTIPLY_ALL_FAR(WAY)                                                                                          \
  MULTIPLY_FAR(WAY, 1)                                                                                                 \
  MULTIPLY_FAR(WAY, 2)                                                                                                 \
  MULTIPLY_FAR(WAY, 3)                                                                                                 \
  MULTIPLY_FAR(WAY, 4)                                                                                                 \
  MULTIPLY_FAR(WAY, 5)                                                                                                 \
  MULTIPLY_FAR(WAY, 6)
MULTIPLY_ALL_FAR(NEAREST)
MULTIPLY_ALL_FAR(NEAREST_SIGNED)
MULTIPLY_ALL_FAR(PROVEN)
MULTIPLY_ALL_FAR(FLOAT)
MULTIPLY_ALL_FAR(FLOAT_FROM_ZERO)

#define NAMES_FAR(WAY)                                                                                                 \
  {                                                                                                                    \
    multiply_far_##WAY##_1, multiply_far_##WAY##_2, multiply_far_##WAY##_3, multiply_far_##WAY##_4,                    \
        multiply_far_##WAY##_5, multiply_far_##WAY##_6                                                                 \
  }

static const multiply_function multiply_far_functions[MASKD_WAYS][6] = {
    [MASKD_WAY_NEAREST] = NAMES_FAR(NEAREST),
    [MASKD_WAY_NEAREST_SIGNED] = NAMES_FAR(NEAREST_SIGNED),
    [MASKD_WAY_PROVEN] = NAMES_FAR(PROVEN),
    [MASKD_WAY_FLOAT] = NAMES_FAR(FLOAT),
    [MASKD_WAY_FLOAT_FROM_ZERO] = NAMES_FAR(FLOAT_FROM_ZERO),
};

// Rows that are computed together: a rounding with a check of twelve sums overlaps best with the products of the next.
// Where it has none, or where weights come from the second cache, twenty-four sums read weights half as often.
static const size_t few_rows[MASKD_VECTORS] = {12, 6, 4, 3}, many_rows[MASKD_VECTORS] = {12, 12, 4, 6};
enum { LARGE_BLOCK = 24 << 10 };
// From so many bytes of weights in a call on they are not in the second cache any more, where they were in the last
// run. Each tile asks for one vector of the block behind its own: the processor's own fetching ahead ends with a page.
enum { FAR = 64 << 10 };

static inline size_t vectors_of(size_t columns) {
  const size_t blocks = (columns + NR - 1) / NR;
  return blocks < MASKD_VECTORS ? blocks : MASKD_VECTORS;
}

// What is not sure in float32 is computed once more and rounded in integers.
static void round_unsure_again(const product *p, size_t vectors, size_t rows) {
  const size_t together = rows_together(vectors);
  for (size_t i = 1; i <= p->unsure[0]; i += 1) {
    const size_t row = p->unsure[i], count = rows - row < together ? rows - row : together;
    multiply_functions[MASKD_WAY_ANY][vectors - 1][count - 1](p, row, 1);
  }
  p->unsure[0] = 0;
}

// Bias and constants of a block whose rounding is proven; false if it is not.
static bool load_proven(product *p, size_t vectors) {
  if (!p->epilogue->proven_scale || p->row_terms)
    return false;
  bool are_proven = true;
  for (size_t v = 0; v < vectors; v += 1) {
    const __mmask16 columns = (__mmask16)maskd_first(p->columns - v * NR);
    const __mmask16 proven = maskd_load_proven(p->column + v * NR, p->epilogue, &p->bias[v], &p->constants[v]);
    are_proven &= (columns & ~proven) == 0;
  }
  return are_proven;
}

static void load_constants(product *p, size_t vectors, maskd_way way) {
  for (size_t v = 0; v < vectors; v += 1) {
    const size_t column = p->column + v * NR;
    p->bias[v] = _mm512_loadu_si512(p->epilogue->bias + column);
    if (maskd_is_float(way)) {
      p->factor[v] = _mm512_loadu_ps(p->epilogue->factor + column);
      p->addend[v] = _mm512_loadu_ps(p->epilogue->addend + column);
    } else if (way != MASKD_WAY_ANY) {
      p->constants[v] = maskd_fixed_constants_of(column, p->epilogue);
    }
  }
}

// Goes over all rows with one block of columns.
static void multiply_block(product *p, size_t vectors, size_t rows, maskd_way way, bool is_far) {
  if (way == MASKD_WAY_NEAREST && load_proven(p, vectors))
    way = MASKD_WAY_PROVEN;
  else
    load_constants(p, vectors, way);
  const multiply_function *functions = multiply_functions[way][vectors - 1];
  if (is_far && vectors == MASKD_VECTORS && multiply_far_functions[way][0])
    functions = multiply_far_functions[way];
  const bool are_many = way == MASKD_WAY_PROVEN || vectors * p->block_bytes > LARGE_BLOCK;
  const size_t most = (are_many ? many_rows : few_rows)[vectors - 1];
  const size_t tiles = (rows + most - 1) / most, count = rows / tiles, larger = rows % tiles;
  if (larger > 0)
    functions[count](p, 0, larger);
  functions[count - 1](p, larger * (count + 1), tiles - larger);
  round_unsure_again(p, vectors, rows);
}

void maskd_gemm_s8_64x16_avx512vnni(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                    const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                    void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const size_t block_bytes = taps * ((depth + KR - 1) / KR) * NR * KR;
  const size_t element_bytes = epilogue->rounding == MASKD_TO_FLOAT ? sizeof(float) : 1;
  const maskd_way way = maskd_way_of(epilogue);
  size_t unsure[1 + MR];
  unsure[0] = 0;
  // Not all at once, which would clear what each block fills in first.
  product p;
  p.taps = taps;
  p.depth = depth;
  p.columns = columns;
  p.operands = operands;
  p.row_terms = row_terms;
  p.epilogue = epilogue;
  p.block_bytes = block_bytes;
  p.weights = (const int8_t *)packed + first / NR * block_bytes;
  p.column = first;
  p.result = result;
  p.result_stride = result_stride;
  p.unsure = unsure;
  p.clamp = maskd_fixed_clamp_of(epilogue);
  p.float_minimum = _mm512_set1_ps(epilogue->float_minimum);
  p.float_maximum = _mm512_set1_ps(epilogue->float_maximum);
  const bool is_far = columns / NR * block_bytes >= FAR;
  for (;;) {
    const size_t vectors = vectors_of(p.columns);
    multiply_block(&p, vectors, rows, way, is_far);
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
