#if defined(__aarch64__)

#include "../neon/requantize_neon.h"
#include "../partial.h"
#include "dotprod.h"

// Eight rows by eight columns. sdot adds four products to an int32; a register of weights holds four columns.

enum { MR = 8, NR = 8, KR = 4, STEP = 16 };

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

typedef struct accumulators {
  int32x4_t low[MR]; // columns 0 ..< 4
  int32x4_t high[MR];
} accumulators;

// Four depth values of every row; `lane` says where they stand in `activations`.
static inline __attribute__((always_inline)) void multiply_lane(size_t rows, int lane, const int8x16_t *activations,
                                                                const int8_t *weights, accumulators *sums) {
  const int8x16_t low = vld1q_s8(weights);
  const int8x16_t high = vld1q_s8(weights + 16);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(vreinterpretq_s32_s8(activations[r])[lane]));
    sums->low[r] = vdotq_s32(sums->low[r], low, x);
    sums->high[r] = vdotq_s32(sums->high[r], high, x);
  }
}

// One tap. Returns where the next tap's weights begin.
static inline __attribute__((always_inline)) const int8_t *
multiply_tap(size_t rows, size_t depth, const int8_t *const *operands, const int8_t *weights, accumulators *sums) {
  size_t k = 0;
  int8x16_t activations[MR];
  for (; k + STEP <= depth; k += STEP) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = vld1q_s8(operands[r] + k);
#pragma clang loop unroll(full)
    for (int lane = 0; lane < STEP / KR; lane += 1, weights += NR * KR)
      multiply_lane(rows, lane, activations, weights, sums);
  }
  if (k == depth)
    return weights;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const maskd_sixteen_bytes part = maskd_load_part_of_sixteen(operands[r] + k, depth - k);
    activations[r] = vcombine_s8(vcreate_s8(part.low), vcreate_s8(part.high));
  }
  for (; k < depth; k += KR, weights += NR * KR) {
    multiply_lane(rows, 0, activations, weights, sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = vextq_s8(activations[r], activations[r], KR);
  }
  return weights;
}

static inline __attribute__((always_inline)) void multiply_rows(size_t rows, size_t start, size_t columns, size_t taps,
                                                                size_t depth, const int8_t *const *operands,
                                                                const int8_t *weights, const int32_t *row_terms,
                                                                void *result, size_t result_stride,
                                                                const maskd_epilogue *epilogue) {
  for (size_t first = start; first < start + columns; first += NR) {
    accumulators sums;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      sums.low[r] = sums.high[r] = vdupq_n_s32(row_terms ? row_terms[r] : 0);
    for (size_t tap = 0; tap < taps; tap += 1)
      weights = multiply_tap(rows, depth, operands + tap * MR, weights, &sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      maskd_finish_8_neon(sums.low[r], sums.high[r], first, start + columns - first, epilogue,
                          (char *)result + r * result_stride, first - start);
  }
}

void maskd_gemm_s8_8x8_dotprod(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                               const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                               void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *weights = (const int8_t *)packed + first * taps * ((depth + KR - 1) / KR * KR);
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
  case 4:
    multiply_rows(4, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  case 5:
    multiply_rows(5, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  case 6:
    multiply_rows(6, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  case 7:
    multiply_rows(7, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
    break;
  default:
    multiply_rows(8, first, columns, taps, depth, operands, weights, row_terms, result, result_stride, epilogue);
  }
}

#pragma clang attribute pop

#endif
