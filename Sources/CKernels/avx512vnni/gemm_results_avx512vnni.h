#ifndef MASKD_AVX512VNNI_GEMM_RESULTS_H
#define MASKD_AVX512VNNI_GEMM_RESULTS_H

#include "epilogue_avx512vnni.h"

// What becomes of the sums of a tile of the matrix product: `rows` times `vectors` vectors of sixteen columns.

enum { MR = 64, NR = 16, KR = 4 };
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
  maskd_fixed_constants constants[MASKD_VECTORS];
  maskd_fixed_clamp clamp;
  __m512 factor[MASKD_VECTORS], addend[MASKD_VECTORS], float_minimum, float_maximum; // for float results
  char *result;                                                                      // where that column of row 0 goes
  size_t result_stride;
  size_t *unsure; // how many, and which rows were not sure in float32
} product;

// How many rows share a register of bytes.
static inline __attribute__((always_inline)) size_t rows_together(size_t vectors) {
  return vectors < 3 ? MASKD_VECTORS / vectors : 1;
}

// Column 16v + 4q + i of a block stands in byte 16q + 4v + i after packing.
static inline __m512i in_order(__m512i bytes) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

// Stores the results of `rows` rows, which share a register where they have one vector or two.
static inline __attribute__((always_inline)) void store_rows(size_t vectors, const product *p, char *to, size_t rows,
                                                             __m512i bytes) {
  if (vectors == 1) {
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

// The same where the last vector has columns to spare.
static inline __attribute__((always_inline)) void store_part_of_rows(size_t vectors, const product *p, char *to,
                                                                     size_t rows, __m512i bytes) {
  const __mmask64 written = maskd_first(p->columns);
  for (size_t r = 0; r < rows; r += 1, to += p->result_stride) {
    _mm512_mask_storeu_epi8(to, written, bytes);
    bytes = vectors == 1 ? _mm512_alignr_epi64(bytes, bytes, 2) : _mm512_shuffle_i64x2(bytes, bytes, 0x0e);
  }
}

// Through memory, for ways that are seldom gone.
static __attribute__((noinline)) void requantize_rows(size_t vectors, const product *p, size_t row, size_t rows,
                                                      const __m512i *sums) {
  for (size_t r = 0; r < rows; r += 1)
    for (size_t v = 0; v < vectors; v += 1) {
      int8_t *to = (int8_t *)p->result + (row + r) * p->result_stride + v * NR;
      maskd_requantize_16_avx512(sums[r * vectors + v], p->column + v * NR, p->columns - v * NR, p->epilogue, to);
    }
}

static inline __attribute__((always_inline)) void finish_any(size_t vectors, const product *p, size_t row, size_t rows,
                                                             const __m512i *sums) {
  __m512i kept[SUMS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows * vectors; i += 1)
    kept[i] = sums[i];
  requantize_rows(vectors, p, row, rows, kept);
}

// Float results. `range` (least, greatest) takes them in: the least only where they may be below zero.
static inline __attribute__((always_inline)) void finish_float(maskd_way way, size_t vectors, const product *p,
                                                               size_t row, size_t rows, const __m512i *sums,
                                                               __m512 range[2]) {
  const __mmask16 last = (__mmask16)maskd_first(p->columns - (vectors - 1) * NR);
  char *to = p->result + row * p->result_stride;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1, to += p->result_stride)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1) {
      const __mmask16 there = v + 1 < vectors ? UINT16_MAX : last;
      const __m512 scaled = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r * vectors + v]), p->factor[v], p->addend[v]);
      const __m512 value = _mm512_min_ps(_mm512_max_ps(scaled, p->float_minimum), p->float_maximum);
      _mm512_mask_storeu_ps(to + v * sizeof value, there, value);
      if (way != MASKD_WAY_FLOAT_FROM_ZERO)
        range[0] = _mm512_mask_min_ps(range[0], there, range[0], value);
      range[1] = _mm512_mask_max_ps(range[1], there, range[1], value);
    }
}

// Notes rows of which some result is not sure, as they share registers.
static inline __attribute__((always_inline)) void note_unsure(size_t rows, size_t together, const product *p,
                                                              size_t row, const __m512i *fixed) {
  __mmask16 sure[MOST_ROWS], all_sure = UINT16_MAX;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += together) {
    sure[r] = maskd_fixed_sure(fixed + r / together * MASKD_VECTORS);
    all_sure = _kand_mask16(all_sure, sure[r]);
  }
  if (__builtin_expect(all_sure == UINT16_MAX, true))
    return;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += together)
    if (sure[r] != UINT16_MAX) {
      p->unsure[0] += 1;
      p->unsure[p->unsure[0]] = row + r;
    }
}

// Stores the results of a tile from bytes as they were packed.
static inline __attribute__((always_inline)) void store_tile(size_t vectors, const product *p, size_t row, size_t rows,
                                                             const __m512i *bytes) {
  const size_t together = rows_together(vectors);
  char *to = p->result + row * p->result_stride;
  if (vectors < 3 && p->columns >= vectors * NR && p->result_stride == vectors * NR) {
    // Rows stand side by side, as they do in a register.
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += together, to += together * vectors * NR) {
      const size_t present = rows - r < together ? rows - r : together;
      _mm512_mask_storeu_epi8(to, maskd_first(present * vectors * NR), in_order(bytes[r / together]));
    }
  } else if (p->columns < vectors * NR) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += together, to += together * p->result_stride)
      store_part_of_rows(vectors, p, to, rows - r < together ? rows - r : together, in_order(bytes[r / together]));
  } else {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += together, to += together * p->result_stride)
      store_rows(vectors, p, to, rows - r < together ? rows - r : together, in_order(bytes[r / together]));
  }
}

// In float32, rounded as is proven, or to the nearest with a check.
static inline __attribute__((always_inline)) void finish_nearest(maskd_way way, size_t vectors, const product *p,
                                                                 size_t row, size_t rows, const __m512i *sums) {
  const size_t together = rows_together(vectors);
  __m512i bytes[MOST_ROWS], scaled[MOST_ROWS * MASKD_VECTORS];
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += together) {
    const size_t present = (rows - r < together ? rows - r : together) * vectors;
    __m512i *four = scaled + r / together * MASKD_VECTORS;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < MASKD_VECTORS; i += 1) {
      const maskd_fixed_constants *c = &p->constants[i % vectors];
      if (i >= present)
        four[i] = four[0];
      else if (way == MASKD_WAY_PROVEN)
        four[i] = maskd_proven(sums[r * vectors + i], c);
      else
        four[i] = maskd_fixed(sums[r * vectors + i], c, way == MASKD_WAY_NEAREST_SIGNED);
    }
  }
  if (way != MASKD_WAY_PROVEN)
    note_unsure(rows, together, p, row, scaled);
#pragma clang loop unroll(full)
  for (size_t i = 0; i * together < rows; i += 1)
    bytes[i] = way == MASKD_WAY_PROVEN ? maskd_proven_packed(scaled + i * MASKD_VECTORS, &p->clamp)
                                       : maskd_fixed_packed(scaled + i * MASKD_VECTORS, &p->clamp);
  store_tile(vectors, p, row, rows, bytes);
}

#pragma clang attribute pop

#endif
