#if defined(__x86_64__)

#include "../partial.h"
#include "avx512vnni.h"
#include "requantize_avx512vnni.h"

// Eight rows by thirty-two columns. vpdpbusd multiplies four unsigned by four signed bytes and adds them to an int32
// without saturation; flipping the sign bit of an activation adds the 128 that makes it unsigned.

enum { MR = 8, NR = 32, KR = 4 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

typedef struct accumulators {
  __m512i low[MR]; // columns 0 ..< 16
  __m512i high[MR];
} accumulators;

// Four activations in every place. The compiler would flip them before it spreads them, which costs a shuffle where a
// broadcast from memory costs none: it is kept from seeing that they are all the same.
static inline __attribute__((always_inline)) __m512i spread(uint32_t activations) {
  __m512i all = _mm512_set1_epi32((int32_t)activations);
  __asm__("" : "+v"(all));
  return all;
}

static inline __attribute__((always_inline)) void multiply_group(size_t rows, const uint32_t *activations,
                                                                 const int8_t *weights, accumulators *sums) {
  const __m512i flip = _mm512_set1_epi8(-128);
  const __m512i low = _mm512_loadu_si512(weights);
  const __m512i high = _mm512_loadu_si512(weights + 64);
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1) {
    const __m512i x = _mm512_xor_si512(spread(activations[r]), flip);
    sums->low[r] = _mm512_dpbusd_epi32(sums->low[r], x, low);
    sums->high[r] = _mm512_dpbusd_epi32(sums->high[r], x, high);
  }
}

// One tap. Returns where the next tap's weights begin.
static inline __attribute__((always_inline)) const int8_t *
multiply_tap(size_t rows, size_t depth, const int8_t *const *operands, const int8_t *weights, accumulators *sums) {
  size_t k = 0;
  uint32_t activations[MR];
  for (; k + KR <= depth; k += KR, weights += NR * KR) {
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      activations[r] = maskd_load_u32(operands[r] + k);
    multiply_group(rows, activations, weights, sums);
  }
  if (k == depth)
    return weights;
#pragma clang loop unroll(full)
  for (size_t r = 0; r < rows; r += 1)
    activations[r] = maskd_load_part_of_u32(operands[r] + k, depth - k);
  multiply_group(rows, activations, weights, sums);
  return weights + NR * KR;
}

static inline __attribute__((always_inline)) void multiply_rows(size_t rows, size_t columns, size_t taps, size_t depth,
                                                                const int8_t *const *operands, const int8_t *weights,
                                                                const int32_t *row_terms, int8_t *result,
                                                                size_t result_stride,
                                                                const maskd_requantization *requantization) {
  for (size_t first = 0; first < columns; first += NR) {
    const size_t count = columns - first;
    accumulators sums;
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      sums.low[r] = sums.high[r] = _mm512_set1_epi32(row_terms ? row_terms[r] : 0);
    for (size_t tap = 0; tap < taps; tap += 1)
      weights = multiply_tap(rows, depth, operands + tap * MR, weights, &sums);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1) {
      int8_t *to = result + r * result_stride + first;
      maskd_requantize_16_avx512(sums.low[r], first, count, requantization, to);
      if (count > 16)
        maskd_requantize_16_avx512(sums.high[r], first + 16, count - 16, requantization, to + 16);
    }
  }
}

void maskd_gemm_s8_8x32_avx512vnni(size_t rows, size_t columns, size_t taps, size_t depth,
                                   const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                   int8_t *result, size_t result_stride, const maskd_requantization *requantization) {
  switch (rows) {
  case 1:
    multiply_rows(1, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  case 2:
    multiply_rows(2, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  case 3:
    multiply_rows(3, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  case 4:
    multiply_rows(4, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  case 5:
    multiply_rows(5, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  case 6:
    multiply_rows(6, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  case 7:
    multiply_rows(7, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
    break;
  default:
    multiply_rows(8, columns, taps, depth, operands, packed, row_terms, result, result_stride, requantization);
  }
}

#pragma clang attribute pop

#endif
