#if defined(__aarch64__)

#include "elementwise_neon.h"
#include "neon.h"

// TFLite gives both operands 20 more bits before it scales them.
enum { LEFT_SHIFT = 20, STEP = 8 };

static inline __attribute__((always_inline)) maskd_eight_neon shifted(maskd_eight_neon x) {
  return (maskd_eight_neon){vshlq_n_s32(x.low, LEFT_SHIFT), vshlq_n_s32(x.high, LEFT_SHIFT)};
}

static inline __attribute__((always_inline)) void add_8(size_t index, size_t count, const int8_t *left,
                                                        size_t left_step, const int8_t *right, size_t right_step,
                                                        int8_t *result, const maskd_add_s8_parameters *p) {
  const maskd_eight_neon x = shifted(maskd_load_8_neon(left, left_step, index, count, p->left_zero_point));
  const maskd_eight_neon y = shifted(maskd_load_8_neon(right, right_step, index, count, p->right_zero_point));
  const maskd_eight_neon l = maskd_rescale_8_neon(x, p->left_multiplier, p->left_shift);
  const maskd_eight_neon r = maskd_rescale_8_neon(y, p->right_multiplier, p->right_shift);
  const maskd_eight_neon sum = p->subtract ? (maskd_eight_neon){vsubq_s32(l.low, r.low), vsubq_s32(l.high, r.high)}
                                           : (maskd_eight_neon){vaddq_s32(l.low, r.low), vaddq_s32(l.high, r.high)};
  const maskd_eight_neon scaled = maskd_rescale_8_neon(sum, p->multiplier, p->shift);
  const int16x8_t clamped = vcombine_s16(maskd_clamp_4_neon(scaled.low, p->zero_point, p->minimum, p->maximum),
                                         maskd_clamp_4_neon(scaled.high, p->zero_point, p->minimum, p->maximum));
  maskd_store_8_neon(vmovn_s16(clamped), count, result + index);
}

void maskd_add_s8_neon(size_t count, const int8_t *left, size_t left_step, const int8_t *right, size_t right_step,
                       int8_t *result, const maskd_add_s8_parameters *parameters) {
  const maskd_add_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  size_t i = 0;
  for (; i + STEP <= count; i += STEP)
    add_8(i, STEP, left, left_step, right, right_step, result, &p);
  if (i < count)
    add_8(i, count - i, left, left_step, right, right_step, result, &p);
}

#endif
