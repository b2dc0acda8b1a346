#if defined(__aarch64__)

#include "../generic/elementwise_f32.h"
#include "neon.h"
#include <arm_neon.h>

// fcvtas rounds a tie away from zero, and the narrowing that follows saturates: nothing has to be clamped.

enum { STEP = 16, STEPS = 2 };

static inline __attribute__((always_inline)) int16x8_t quantized_8(const float *values, float inverse_scale,
                                                                   int16x8_t zero_point) {
  const int32x4_t low = vcvtaq_s32_f32(vmulq_n_f32(vld1q_f32(values), inverse_scale));
  const int32x4_t high = vcvtaq_s32_f32(vmulq_n_f32(vld1q_f32(values + 4), inverse_scale));
  return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), zero_point);
}

static inline __attribute__((always_inline)) void quantize_step(const float *values, float inverse_scale,
                                                                int16x8_t zero_point, int8x16_t flip, int8_t *result) {
  const int16x8_t low = quantized_8(values, inverse_scale, zero_point);
  const int16x8_t high = quantized_8(values + 8, inverse_scale, zero_point);
  vst1q_s8(result, veorq_s8(vqmovn_high_s16(vqmovn_s16(low), high), flip));
}

void maskd_quantize_f32_s8_neon(size_t count, const float *values, const maskd_quantization *to, int8_t *result) {
  const maskd_quantization parameters = *to; // a copy, which no store through `result` can change
  const int8x16_t flip = vdupq_n_s8((int8_t)to->flip);
  const int16x8_t zero_point = vdupq_n_s16((int16_t)to->zero_point);
  for (; count >= STEPS * STEP; count -= STEPS * STEP, values += STEPS * STEP, result += STEPS * STEP)
#pragma clang loop unroll(full)
    for (size_t step = 0; step < STEPS; step += 1)
      quantize_step(values + step * STEP, parameters.inverse_scale, zero_point, flip, result + step * STEP);
  if (count >= STEP) {
    quantize_step(values, parameters.inverse_scale, zero_point, flip, result);
    count -= STEP, values += STEP, result += STEP;
  }
#pragma clang loop vectorize(disable) unroll(disable)
  for (size_t i = 0; i < count; i += 1)
    result[i] = maskd_quantized(values[i], &parameters);
}

#endif
