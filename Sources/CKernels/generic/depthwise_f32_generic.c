#include "clamp_f32.h"
#include "generic.h"

// A fused multiply-add would give other bits where the processor has one.
#pragma STDC FP_CONTRACT OFF

enum { BLOCK = MASKD_COLUMN_PAD };

static const float *at(const float *values, size_t bytes) {
  return (const float *)((const char *)values + bytes);
}

void maskd_depthwise_f32_generic(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                 const float *const *rows, const float *weights, const float *bias, float minimum,
                                 float maximum, float *result) {
  const size_t weight_stride = (channels + BLOCK - 1) / BLOCK * BLOCK;
  for (size_t pixel = 0; pixel < pixels; pixel += 1)
    for (size_t first = 0; first < channels; first += BLOCK) {
      const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
      float sums[BLOCK] = {0};
      const float *weight = weights + first;
      for (size_t y = 0; y < window->height; y += 1)
        for (size_t x = 0; x < window->width; x += 1, weight += weight_stride) {
          const float *operand = at(rows[y], pixel * window->pixel_step + x * window->tap_step) + first;
          for (size_t c = 0; c < count; c += 1)
            sums[c] += operand[c] * weight[c];
        }
      float *values = (float *)((char *)result + pixel * window->result_step) + first;
      for (size_t c = 0; c < count; c += 1)
        values[c] = maskd_clamp_f32(sums[c] + bias[first + c], minimum, maximum);
    }
}
