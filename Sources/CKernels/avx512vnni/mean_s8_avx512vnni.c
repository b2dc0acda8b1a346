#if defined(__x86_64__)

#include "avx512vnni.h"
#include "column_sums_avx512vnni.h"
#include "requantize_avx512vnni.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

static inline maskd_column_sums sums_of(size_t rows, size_t stride, const int8_t *values, __mmask64 there,
                                        uint8_t flip) {
  maskd_column_sums sums = maskd_no_sums();
  while (rows > 0) {
    const size_t next = rows < MASKD_SUMMED_AT_ONCE ? rows : MASKD_SUMMED_AT_ONCE;
    for (size_t row = 0; row < next; row += 1, values += stride)
      maskd_add_row(&sums, maskd_unsigned(_mm512_maskz_loadu_epi8(there, values), flip));
    maskd_widen_sums(&sums);
    rows -= next;
  }
  return sums;
}

void maskd_mean_s8_avx512vnni(size_t columns, size_t rows, size_t stride, const int8_t *values, int8_t *result,
                              const maskd_mean_s8_parameters *parameters) {
  const maskd_mean_s8_parameters p = *parameters;
  const maskd_byte_range range = maskd_byte_range_of(-128, 127, p.result_flip);
  // Sums wrap around, as those of signed values do.
  const __m512i offset = _mm512_set1_epi32((int32_t)((uint32_t)p.offset + 128 * (uint32_t)rows));
  for (size_t column = 0; column < columns; column += MASKD_QUAD_BYTES) {
    const __mmask64 there = maskd_first_bytes(columns - column);
    maskd_column_sums sums = sums_of(rows, stride, values + column, there, p.operand_flip);
    for (size_t v = 0; v < MASKD_QUADS; v += 1)
      sums.quads[v] = maskd_round_twice_avx512(_mm512_sub_epi32(sums.quads[v], offset), _mm512_set1_epi32(p.multiplier),
                                               _mm512_set1_epi32(p.shift));
    const __m512i bytes = maskd_from_quads(sums.quads, _mm512_set1_epi16((short)p.zero_point));
    _mm512_mask_storeu_epi8(result + column, there, maskd_in_range(bytes, &range));
  }
}

#pragma clang attribute pop

#endif
