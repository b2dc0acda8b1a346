#if defined(__x86_64__)

#include "../partial.h"
#include "avx2.h"
#include "epilogue_avx2.h"

// Four rows by sixteen columns. Activations and weights are int16 in pairs along the depth, so that one pmaddwd makes
// two exact products a column and adds them: int8 products are too small to overflow there.

enum { MR = 4, NR = 16, KR = 2, STEP = 8 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

typedef struct accumulators {
  __m256i low[MR]; // columns 0 ..< 8
  __m256i high[MR];
} accumulators;

// Eight activations as int16, the same in both halves of the register.
static inline __m256i widened(uint64_t activations) {
  return _mm256_cvtepi8_epi16(_mm_set1_epi64x((int64_t)activations));
}

static inline __attribute__((always_inline)) __m256i pair(__m256i activations, int index) {
  switch (index) {
  case 0:
    return _mm256_shuffle_epi32(activations, 0x00);
  case 1:
    return _mm256_shuffle_epi32(activations, 0x55);
  case 2:
    return _mm256_shuffle_epi32(activations, 0xaa);
  default:
    return _mm256_shuffle_epi32(activations, 0xff);
  }
}

// Keeps the additions in this order: where the compiler regroups those of several pairs it runs out of registers.
static inline __attribute__((always_inline)) __m256i held(__m256i sums) {
  __asm__ volatile("" : "+x"(sums));
  return sums;
}

static inline __attribute__((always_inline)) void multiply_pair(size_t rows, int index, const __m256i *activations,
                                                                const int16_t *weights, accumulators *sums) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)weights);
  const __m256i high = _mm256_loadu_si256((const __m256i *)(weights + NR));
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const __m256i both = pair(activations[r], index);
    sums->low[r] = held(_mm256_add_epi32(sums->low[r], _mm256_madd_epi16(both, low)));
    sums->high[r] = held(_mm256_add_epi32(sums->high[r], _mm256_madd_epi16(both, high)));
  }
}

// One tap. Returns where the next tap's weights begin.
static inline __attribute__((always_inline)) const int16_t *
multiply_tap(size_t rows, size_t depth, const int8_t *const *operands, const int16_t *weights, accumulators *sums) {
  size_t k = 0;
  __m256i activations[MR];
  for (; k + STEP <= depth; k += STEP) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = widened(maskd_load_u64(operands[r] + k));
#pragma clang loop unroll(full)
    for (int index = 0; index < STEP / KR; index += 1, weights += NR * KR)
      multiply_pair(rows, index, activations, weights, sums);
  }
  if (k == depth)
    return weights;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = widened(maskd_load_part_of_u64(operands[r] + k, depth - k));
  for (; k < depth; k += KR, weights += NR * KR) {
    multiply_pair(rows, 0, activations, weights, sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = _mm256_srli_si256(activations[r], KR * 2);
  }
  return weights;
}

// What becomes of the sums of sixteen columns.
typedef struct ending {
  maskd_way way;
  __m256i low_bias, high_bias;
  maskd_column_constants low, high;
  maskd_clamp clamp;
} ending;

static inline __attribute__((always_inline)) __m256i eight(const int32_t *values) {
  return _mm256_loadu_si256((const __m256i *)values);
}

static inline __attribute__((always_inline)) ending ending_of(const maskd_epilogue *to, size_t column) {
  ending end = {.way = maskd_way_of(to), .clamp = maskd_clamp_of(to)};
  if (end.way == MASKD_WAY_ANY)
    return end;
  end.low_bias = eight(to->bias + column);
  end.high_bias = eight(to->bias + column + 8);
  end.low = maskd_constants_of(eight(to->multiplier + column), eight(to->shift + column));
  end.high = maskd_constants_of(eight(to->multiplier + column + 8), eight(to->shift + column + 8));
  return end;
}

static __attribute__((noinline)) void finish_any(__m256i low, __m256i high, size_t column, size_t count,
                                                 const maskd_epilogue *to, void *row, size_t index) {
  maskd_finish_16_avx2(low, high, column, count, to, row, index);
}

// Writes `count` results (16 at most) of one row, the quick way; returns whether it was sure of them.
static inline __attribute__((always_inline)) bool finish_nearest(__m256i low, __m256i high, const ending *end,
                                                                 size_t count, int8_t *result) {
  __m256 farthest = _mm256_setzero_ps();
  const __m256i first = maskd_nearest(_mm256_add_epi32(low, end->low_bias), &end->low, true, &farthest);
  const __m256i second = maskd_nearest(_mm256_add_epi32(high, end->high_bias), &end->high, true, &farthest);
  if (maskd_is_unsure(farthest))
    return false;
  const __m256i ordered = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xd8);
  maskd_store_first_avx2(maskd_clamped(ordered, &end->clamp), count, result);
  return true;
}

static inline __attribute__((always_inline)) void multiply_rows(size_t rows, size_t start, size_t columns, size_t taps,
                                                                size_t depth, const int8_t *const *operands,
                                                                const int16_t *weights, const int32_t *row_terms,
                                                                void *result, size_t result_stride,
                                                                const maskd_epilogue *epilogue) {
  for (size_t first = start; first < start + columns; first += NR) {
    accumulators sums;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      sums.low[r] = sums.high[r] = _mm256_set1_epi32(row_terms ? row_terms[r] : 0);
    for (size_t tap = 0; tap < taps; tap += 1)
      weights = multiply_tap(rows, depth, operands + tap * MR, weights, &sums);
    const size_t count = start + columns - first;
    const ending end = ending_of(epilogue, first);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      char *row = (char *)result + r * result_stride;
      if (end.way == MASKD_WAY_ANY ||
          !finish_nearest(sums.low[r], sums.high[r], &end, count, (int8_t *)row + first - start))
        finish_any(sums.low[r], sums.high[r], first, count, epilogue, row, first - start);
    }
  }
}

void maskd_gemm_s8_4x16_avx2(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                             const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                             size_t result_stride, const maskd_epilogue *epilogue) {
  const int16_t *weights = (const int16_t *)packed + first * taps * ((depth + KR - 1) / KR * KR);
  switch (rows) {
  case 1:
    multiply_rows(1, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  case 2:
    multiply_rows(2, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  case 3:
    multiply_rows(3, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  default:
    multiply_rows(4, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
  }
}

#pragma clang attribute pop

#endif
