#include "clamp_f32.h"
#include "generic.h"

// A fused multiply-add would give other bits where the processor has one.
#pragma STDC FP_CONTRACT OFF

enum { BLOCK = MASKD_COLUMN_PAD };

void maskd_depthwise_f32_generic(size_t pixels, size_t channels, size_t taps, const float *const *operands,
                                 const float *weights, const float *bias, float minimum, float maximum, float *result,
                                 size_t result_stride) {
  const size_t weight_stride = (channels + BLOCK - 1) / BLOCK * BLOCK;
  for (size_t pixel = 0; pixel < pixels; pixel += 1)
    for (size_t first = 0; first < channels; first += BLOCK) {
      const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
      float sums[BLOCK] = {0};
      for (size_t tap = 0; tap < taps; tap += 1) {
        const float *operand = operands[pixel * taps + tap] + first;
        const float *weight = weights + tap * weight_stride + first;
        for (size_t c = 0; c < count; c += 1)
          sums[c] += operand[c] * weight[c];
      }
      float *values = (float *)((char *)result + pixel * result_stride) + first;
      for (size_t c = 0; c < count; c += 1)
        values[c] = maskd_clamp_f32(sums[c] + bias[first + c], minimum, maximum);
    }
}
