#if defined(__x86_64__)

#include "avx2.h"
#include "column_sums_avx2.h"
#include "requantize_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static inline __attribute__((always_inline)) maskd_column_sums sums_of(size_t rows, size_t stride, const int8_t *values,
                                                                       size_t count, uint8_t flip) {
  maskd_column_sums sums = maskd_no_sums();
  while (rows > 0) {
    const size_t next = rows < MASKD_SUMMED_AT_ONCE ? rows : MASKD_SUMMED_AT_ONCE;
    for (size_t row = 0; row < next; row += 1, values += stride)
      maskd_add_row(&sums, maskd_unsigned(maskd_load_bytes(values, count), flip));
    maskd_widen_sums(&sums);
    rows -= next;
  }
  return sums;
}

// A whole block's loop need not look at the count.
static inline maskd_column_sums sums_of_block(size_t rows, size_t stride, const int8_t *values, size_t count,
                                              uint8_t flip) {
  if (count >= MASKD_QUAD_BYTES)
    return sums_of(rows, stride, values, MASKD_QUAD_BYTES, flip);
  return sums_of(rows, stride, values, count, flip);
}

void maskd_mean_s8_avx2(size_t columns, size_t rows, size_t stride, const int8_t *values, int8_t *result,
                        const maskd_mean_s8_parameters *parameters) {
  const maskd_mean_s8_parameters p = *parameters;
  const maskd_byte_range range = maskd_byte_range_of(-128, 127, p.result_flip);
  // Sums wrap around, as those of signed values do.
  const __m256i offset = _mm256_set1_epi32((int32_t)((uint32_t)p.offset + 128 * (uint32_t)rows));
  for (size_t next = 0; next < columns; next += MASKD_QUAD_BYTES) {
    const size_t column = maskd_block_start(next, columns);
    maskd_column_sums sums = sums_of_block(rows, stride, values + column, columns - column, p.operand_flip);
    for (size_t v = 0; v < MASKD_QUADS; v += 1)
      sums.quads[v] = maskd_round_twice_avx2(_mm256_sub_epi32(sums.quads[v], offset), _mm256_set1_epi32(p.multiplier),
                                             _mm256_set1_epi32(p.shift));
    const __m256i bytes = maskd_from_quads(sums.quads, _mm256_set1_epi16((short)p.zero_point));
    maskd_store_bytes(maskd_in_range(bytes, &range), columns - column, result + column);
  }
}

#pragma clang attribute pop

#endif
