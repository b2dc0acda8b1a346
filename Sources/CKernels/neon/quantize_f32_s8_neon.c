#if defined(__aarch64__)

#include "../generic/elementwise_f32.h"
#include "neon.h"
#include <arm_neon.h>

// fcvtas rounds a tie away from zero, and the narrowing that follows saturates: nothing has to be clamped.

enum { STEP = 16 };

static inline __attribute__((always_inline)) int32x4_t quantized_4(const float *values, const maskd_quantization *to) {
  const float32x4_t scaled = vmulq_n_f32(vld1q_f32(values), to->inverse_scale);
  return vaddq_s32(vcvtaq_s32_f32(scaled), vdupq_n_s32(to->zero_point));
}

static inline __attribute__((always_inline)) int16x8_t quantized_8(const float *values, const maskd_quantization *to) {
  return vqmovn_high_s32(vqmovn_s32(quantized_4(values, to)), quantized_4(values + 4, to));
}

void maskd_quantize_f32_s8_neon(size_t count, const float *values, const maskd_quantization *to, int8_t *result) {
  const maskd_quantization parameters = *to; // a copy, which no store through `result` can change
  const int8x16_t flip = vdupq_n_s8((int8_t)to->flip);
  size_t i = 0;
  for (; i + STEP <= count; i += STEP) {
    const int16x8_t low = quantized_8(values + i, &parameters), high = quantized_8(values + i + 8, &parameters);
    vst1q_s8(result + i, veorq_s8(vqmovn_high_s16(vqmovn_s16(low), high), flip));
  }
  for (; i < count; i += 1)
    result[i] = maskd_quantized(values[i], &parameters);
}

#endif
