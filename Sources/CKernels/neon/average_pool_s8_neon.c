#if defined(__aarch64__)

#include "../generic/generic.h"
#include "column_sums_neon.h"
#include "neon.h"

// A quotient in float32 is exact as long as dividends are below 2^22, and thus as long as windows are not larger than
// this.
enum { LARGEST_WINDOW = 16384 };

typedef struct division {
  float32x4_t inverse;
  int32x4_t half; // taps / 2
  int32x4_t offset;
  maskd_average_rounding rounding;
} division;

static inline __attribute__((always_inline)) maskd_column_sums sums_of(size_t taps, const int8_t *const *operands,
                                                                       size_t channel, size_t count, int8x16_t flip) {
  maskd_column_sums sums = maskd_no_sums();
  for (size_t tap = 0; tap < taps;) {
    const size_t end = taps - tap < MASKD_SUMMED_AT_ONCE ? taps : tap + MASKD_SUMMED_AT_ONCE;
    for (; tap < end; tap += 1)
      maskd_add_row(&sums, maskd_turned(maskd_load_16_neon(operands[tap] + channel, count), flip));
    maskd_widen_sums(&sums);
  }
  return sums;
}

// A whole block's loop need not look at the count.
static inline maskd_column_sums sums_of_block(size_t taps, const int8_t *const *operands, size_t channel, size_t count,
                                              int8x16_t flip) {
  if (count >= MASKD_SIXTEEN)
    return sums_of(taps, operands, channel, MASKD_SIXTEEN, flip);
  return sums_of(taps, operands, channel, count, flip);
}

// Half of one more keeps what the inverse loses from reaching the next quotient down, and is too little to reach the
// next one up.
static inline int32x4_t quotient(int32x4_t dividend, const division *by) {
  const float32x4_t middle = vaddq_f32(vcvtq_f32_s32(dividend), vdupq_n_f32(0.5f));
  return vcvtq_s32_f32(vmulq_f32(middle, by->inverse));
}

static inline int32x4_t averaged(int32x4_t sums, const division *by) {
  if (by->rounding == MASKD_AVERAGE_HALF_UP) {
    // Averages of values plus 128 are never negative: rounding them is rounding up.
    const int32x4_t dividend = vaddq_s32(vaddq_s32(sums, by->offset), by->half);
    return vsubq_s32(quotient(dividend, by), vdupq_n_s32(128));
  }
  const int32x4_t magnitude = quotient(vaddq_s32(vabsq_s32(sums), by->half), by);
  return vbslq_s32(vcltzq_s32(sums), vnegq_s32(magnitude), magnitude);
}

void maskd_average_pool_s8_neon(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                const maskd_pool_s8_parameters *parameters) {
  if (taps > LARGEST_WINDOW) {
    maskd_average_pool_s8_generic(channels, taps, operands, result, parameters);
    return;
  }
  const maskd_pool_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const maskd_byte_range range = maskd_byte_range_of(p.minimum, p.maximum, p.result_flip);
  const int8x16_t flip = vdupq_n_s8((int8_t)p.operand_flip);
  const division by = {
      .inverse = vdupq_n_f32(1.0f / (float)taps),
      .half = vdupq_n_s32((int32_t)taps / 2),
      .offset = vdupq_n_s32((int32_t)taps * 128),
      .rounding = p.rounding,
  };
  for (size_t next = 0; next < channels; next += MASKD_SIXTEEN) {
    const size_t channel = maskd_block_start(next, channels);
    maskd_column_sums sums = sums_of_block(taps, operands, channel, channels - channel, flip);
    for (size_t i = 0; i < 4; i += 1)
      sums.all.quarters[i] = averaged(sums.all.quarters[i], &by);
    const int8x16_t bytes = maskd_narrowed(&sums.all);
    maskd_store_16_neon(maskd_in_range(bytes, &range), channels - channel, result + channel);
  }
}

#endif
