#include "clamp_f32.h"
#include "generic.h"

// A fused multiply-add would give other bits where the processor has one.
#pragma STDC FP_CONTRACT OFF

enum { MR = 4, NR = 8 };

void maskd_gemm_f32_4x8_generic(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                const float *const *operands, const float *packed, const float *bias, float minimum,
                                float maximum, float *result, size_t result_stride) {
  const float *block = packed + first * taps * depth;
  for (size_t done = 0; done < columns; done += NR) {
    const size_t count = columns - done < NR ? columns - done : NR;
    for (size_t row = 0; row < rows; row += 1) {
      float sums[NR] = {0};
      const float *weights = block;
      for (size_t tap = 0; tap < taps; tap += 1) {
        const float *operand = operands[tap * MR + row];
        for (size_t k = 0; k < depth; k += 1, weights += NR)
          for (size_t c = 0; c < NR; c += 1)
            sums[c] += operand[k] * weights[c];
      }
      float *values = (float *)((char *)result + row * result_stride) + done;
      for (size_t c = 0; c < count; c += 1)
        values[c] = maskd_clamp_f32(sums[c] + bias[first + done + c], minimum, maximum);
    }
    block += NR * taps * depth;
  }
}
