#include "generic.h"
#include "requantize.h"

enum { MR = 4, NR = 8 };

void maskd_gemm_s8_4x8_generic(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                               const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                               void *result, size_t result_stride, const maskd_epilogue *epilogue) {
  const int8_t *block = (const int8_t *)packed + first * taps * depth;
  for (size_t done = 0; done < columns; done += NR) {
    const size_t count = columns - done < NR ? columns - done : NR;
    for (size_t row = 0; row < rows; row += 1) {
      uint32_t sums[NR];
      for (size_t c = 0; c < NR; c += 1)
        sums[c] = row_terms ? (uint32_t)row_terms[row] : 0;
      const int8_t *weights = block;
      for (size_t tap = 0; tap < taps; tap += 1) {
        const int8_t *operand = operands[tap * MR + row];
        for (size_t k = 0; k < depth; k += 1, weights += NR)
          for (size_t c = 0; c < NR; c += 1)
            sums[c] += (uint32_t)(operand[k] * weights[c]);
      }
      for (size_t c = 0; c < count; c += 1)
        maskd_finish(sums[c], first + done + c, epilogue, (char *)result + row * result_stride, done + c);
    }
    block += NR * taps * depth;
  }
}
