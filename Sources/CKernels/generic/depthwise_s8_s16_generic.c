#include "generic.h"
#include "requantize.h"

enum { BLOCK = MASKD_COLUMN_PAD };

void maskd_depthwise_s8_s16_generic(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                    const int16_t *weights, int8_t *result, size_t result_stride,
                                    const maskd_epilogue *epilogue) {
  const size_t weight_stride = (channels + BLOCK - 1) / BLOCK * BLOCK;
  for (size_t pixel = 0; pixel < pixels; pixel += 1)
    for (size_t first = 0; first < channels; first += BLOCK) {
      const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
      uint32_t sums[BLOCK] = {0};
      for (size_t tap = 0; tap < taps; tap += 1) {
        const int8_t *operand = operands[pixel * taps + tap] + first;
        const int16_t *weight = weights + tap * weight_stride + first;
        for (size_t c = 0; c < count; c += 1)
          sums[c] += (uint32_t)(operand[c] * weight[c]);
      }
      for (size_t c = 0; c < count; c += 1)
        maskd_finish(sums[c], first + c, epilogue, result + pixel * result_stride, first + c);
    }
}
