#if defined(__aarch64__)

#include "../partial.h"
#include "neon.h"
#include "requantize_neon.h"

// Eight channels of four pixels at a time, so that a tap's weights are loaded once for all four.

enum { PIXELS = 4, CHANNELS = 8 };

// `count` (at most 8) activations as int16.
static inline __attribute__((always_inline)) int16x8_t widened(const int8_t *from, size_t count) {
  if (count >= CHANNELS)
    return vmovl_s8(vld1_s8(from));
  return vmovl_s8(vcreate_s8(maskd_load_part_of_u64(from, count)));
}

static inline __attribute__((always_inline)) void convolve_channels(size_t pixels, size_t weight_stride, size_t taps,
                                                                    const int8_t *const *operands,
                                                                    const int16_t *weights, size_t channel,
                                                                    size_t count, int8_t *result, size_t result_stride,
                                                                    const maskd_epilogue *epilogue) {
  int32x4_t low[PIXELS], high[PIXELS];
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1)
    low[p] = vld1q_s32(epilogue->bias + channel), high[p] = vld1q_s32(epilogue->bias + channel + 4);
  for (size_t tap = 0; tap < taps; tap += 1) {
    const int16x8_t weight = vld1q_s16(weights + tap * weight_stride + channel);
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels; p += 1) {
      const int16x8_t x = widened(operands[p * taps + tap] + channel, count);
      low[p] = vmlal_s16(low[p], vget_low_s16(x), vget_low_s16(weight));
      high[p] = vmlal_high_s16(high[p], x, weight);
    }
  }
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1) {
    int8_t *to = result + p * result_stride + channel;
    maskd_requantize_4_neon(low[p], channel, count, epilogue, to);
    if (count > 4)
      maskd_requantize_4_neon(high[p], channel + 4, count - 4, epilogue, to + 4);
  }
}

static inline __attribute__((always_inline)) void convolve_pixels(size_t pixels, size_t channels, size_t taps,
                                                                  const int8_t *const *operands, const int16_t *weights,
                                                                  int8_t *result, size_t result_stride,
                                                                  const maskd_epilogue *epilogue) {
  const size_t weight_stride = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  size_t channel = 0;
  for (; channel + CHANNELS <= channels; channel += CHANNELS)
    convolve_channels(pixels, weight_stride, taps, operands, weights, channel, CHANNELS, result, result_stride,
                      epilogue);
  if (channel < channels)
    convolve_channels(pixels, weight_stride, taps, operands, weights, channel, channels - channel, result,
                      result_stride, epilogue);
}

void maskd_depthwise_s8_s16_neon(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                 const int16_t *weights, int8_t *result, size_t result_stride,
                                 const maskd_epilogue *epilogue) {
  for (; pixels >= PIXELS; pixels -= PIXELS, operands += PIXELS * taps, result += PIXELS * result_stride)
    convolve_pixels(PIXELS, channels, taps, operands, weights, result, result_stride, epilogue);
  for (; pixels > 0; pixels -= 1, operands += taps, result += result_stride)
    convolve_pixels(1, channels, taps, operands, weights, result, result_stride, epilogue);
}

#endif
