#if defined(__aarch64__)

#include "column_sums_neon.h"
#include "neon.h"
#include "requantize_neon.h"

static inline __attribute__((always_inline)) maskd_column_sums sums_of(size_t rows, size_t stride, const int8_t *values,
                                                                       size_t count, int8x16_t flip) {
  maskd_column_sums sums = maskd_no_sums();
  while (rows > 0) {
    const size_t next = rows < MASKD_SUMMED_AT_ONCE ? rows : MASKD_SUMMED_AT_ONCE;
    for (size_t row = 0; row < next; row += 1, values += stride)
      maskd_add_row(&sums, maskd_turned(maskd_load_16_neon(values, count), flip));
    maskd_widen_sums(&sums);
    rows -= next;
  }
  return sums;
}

// A whole block's loop need not look at the count.
static inline maskd_column_sums sums_of_block(size_t rows, size_t stride, const int8_t *values, size_t count,
                                              int8x16_t flip) {
  if (count >= MASKD_SIXTEEN)
    return sums_of(rows, stride, values, MASKD_SIXTEEN, flip);
  return sums_of(rows, stride, values, count, flip);
}

void maskd_mean_s8_neon(size_t columns, size_t rows, size_t stride, const int8_t *values, int8_t *result,
                        const maskd_mean_s8_parameters *parameters) {
  const maskd_mean_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const maskd_byte_range range = maskd_byte_range_of(-128, 127, p.result_flip);
  const int8x16_t flip = vdupq_n_s8((int8_t)p.operand_flip);
  const int32x4_t zero_point = vdupq_n_s32(p.zero_point);
  const int32x4_t offset = vdupq_n_s32(p.offset);
  for (size_t next = 0; next < columns; next += MASKD_SIXTEEN) {
    const size_t column = maskd_block_start(next, columns);
    maskd_column_sums sums = sums_of_block(rows, stride, values + column, columns - column, flip);
    for (size_t i = 0; i < 4; i += 1) {
      const int32x4_t less = vsubq_s32(sums.all.quarters[i], offset);
      const int32x4_t scaled = maskd_round_twice_neon(less, vdupq_n_s32(p.multiplier), vdupq_n_s32(p.shift));
      sums.all.quarters[i] = vqaddq_s32(scaled, zero_point);
    }
    const int8x16_t bytes = maskd_narrowed(&sums.all);
    maskd_store_16_neon(maskd_in_range(bytes, &range), columns - column, result + column);
  }
}

#endif
