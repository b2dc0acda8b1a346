#if defined(__aarch64__)

#include "../partial.h"
#include "neon.h"
#include "requantize_neon.h"

// Four rows by sixteen columns. Both operands are widened to int16 and multiplied straight into int32 (smlal by lane):
// two products of -128 by -128 would not fit the int16 sums of smlal's 8-bit twin.

enum { MR = 4, NR = 16, QUADS = NR / 4, STEP = 8 };

typedef struct accumulators {
  int32x4_t quads[MR][QUADS];
} accumulators;

// One depth value of every row; `lane` says where it stands in `activations`.
static inline __attribute__((always_inline)) void multiply_lane(size_t rows, int lane, const int16x8_t *activations,
                                                                const int8_t *weights, accumulators *sums) {
  const int8x16_t packed = vld1q_s8(weights);
  const int16x8_t low = vmovl_s8(vget_low_s8(packed));
  const int16x8_t high = vmovl_high_s8(packed);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const int16_t x = activations[r][lane];
    sums->quads[r][0] = vmlal_n_s16(sums->quads[r][0], vget_low_s16(low), x);
    sums->quads[r][1] = vmlal_high_n_s16(sums->quads[r][1], low, x);
    sums->quads[r][2] = vmlal_n_s16(sums->quads[r][2], vget_low_s16(high), x);
    sums->quads[r][3] = vmlal_high_n_s16(sums->quads[r][3], high, x);
  }
}

// One tap. Returns where the next tap's weights begin.
static inline __attribute__((always_inline)) const int8_t *
multiply_tap(size_t rows, size_t depth, const int8_t *const *operands, const int8_t *weights, accumulators *sums) {
  size_t k = 0;
  int16x8_t activations[MR];
  for (; k + STEP <= depth; k += STEP) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = vmovl_s8(vld1_s8(operands[r] + k));
#pragma clang loop unroll(full)
    for (int lane = 0; lane < STEP; lane += 1, weights += NR)
      multiply_lane(rows, lane, activations, weights, sums);
  }
  if (k == depth)
    return weights;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = vmovl_s8(vcreate_s8(maskd_load_part_of_u64(operands[r] + k, depth - k)));
  for (; k < depth; k += 1, weights += NR) {
    multiply_lane(rows, 0, activations, weights, sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = vextq_s16(activations[r], activations[r], 1);
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
      for (size_t q = 0; q < QUADS; q += 1)
        sums.quads[r][q] = vdupq_n_s32(row_terms ? row_terms[r] : 0);
    for (size_t tap = 0; tap < taps; tap += 1)
      weights = multiply_tap(rows, depth, operands + tap * MR, weights, &sums);
    const size_t count = start + columns - first;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      char *row = (char *)result + r * result_stride;
      const int32x4_t *quads = sums.quads[r];
      maskd_finish_8_neon(quads[0], quads[1], first, count, epilogue, row, first - start);
      if (count > 8)
        maskd_finish_8_neon(quads[2], quads[3], first + 8, count - 8, epilogue, row, first - start + 8);
    }
  }
}

void maskd_gemm_s8_4x16_neon(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                             const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                             size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *weights = (const int8_t *)packed + first * taps * depth;
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

#endif
