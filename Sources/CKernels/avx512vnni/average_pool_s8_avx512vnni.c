#if defined(__x86_64__)

#include "avx512vnni.h"
#include "column_sums_avx512vnni.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

typedef struct division {
  __m512d inverse;
  __m256i offset; // taps * 128: what makes the sums of unsigned bytes those of the values
  __m256i half;   // taps / 2
  maskd_average_rounding rounding;
} division;

static inline maskd_column_sums sums_of(size_t taps, const int8_t *const *operands, size_t channel, __mmask64 there,
                                        uint8_t flip) {
  maskd_column_sums sums = maskd_no_sums();
  for (size_t tap = 0; tap < taps;) {
    const size_t end = taps - tap < MASKD_SUMMED_AT_ONCE ? taps : tap + MASKD_SUMMED_AT_ONCE;
    for (; tap < end; tap += 1)
      maskd_add_row(&sums, maskd_unsigned(_mm512_maskz_loadu_epi8(there, operands[tap] + channel), flip));
    maskd_widen_sums(&sums);
  }
  return sums;
}

// Dividends are whole numbers below 2^31; half of one more keeps what the inverse loses from reaching the next quotient
// down, and is too little to reach the next one up.
static inline __attribute__((always_inline)) __m256i quotient(__m256i dividend, const division *by) {
  const __m512d middle = _mm512_add_pd(_mm512_cvtepi32_pd(dividend), _mm512_set1_pd(0.5));
  return _mm512_cvttpd_epi32(_mm512_mul_pd(middle, by->inverse));
}

static inline __attribute__((always_inline)) __m256i averaged_8(__m256i unsigned_sums, const division *by) {
  const __m256i sums = _mm256_sub_epi32(unsigned_sums, by->offset);
  if (by->rounding == MASKD_AVERAGE_HALF_UP)
    // Rounding unsigned averages, and taking the 128 away again, is rounding up.
    return _mm256_sub_epi32(quotient(_mm256_add_epi32(unsigned_sums, by->half), by), _mm256_set1_epi32(128));
  const __m256i magnitude = quotient(_mm256_add_epi32(_mm256_abs_epi32(sums), by->half), by);
  return _mm256_sign_epi32(magnitude, sums);
}

static inline __m512i averaged_16(__m512i sums, const division *by) {
  const __m256i low = averaged_8(_mm512_castsi512_si256(sums), by);
  const __m256i high = averaged_8(_mm512_extracti64x4_epi64(sums, 1), by);
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

void maskd_average_pool_s8_avx512vnni(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                      const maskd_pool_s8_parameters *parameters) {
  const maskd_pool_s8_parameters p = *parameters;
  const maskd_byte_range range = maskd_byte_range_of(p.minimum, p.maximum, p.result_flip);
  const division by = {
      .inverse = _mm512_set1_pd(1.0 / (double)taps),
      .offset = _mm256_set1_epi32((int32_t)taps * 128),
      .half = _mm256_set1_epi32((int32_t)taps / 2),
      .rounding = p.rounding,
  };
  for (size_t channel = 0; channel < channels; channel += MASKD_QUAD_BYTES) {
    const __mmask64 there = maskd_first_bytes(channels - channel);
    maskd_column_sums sums = sums_of(taps, operands, channel, there, p.operand_flip);
    for (size_t v = 0; v < MASKD_QUADS; v += 1)
      sums.quads[v] = averaged_16(sums.quads[v], &by);
    const __m512i bytes = maskd_from_quads(sums.quads, _mm512_setzero_si512());
    _mm512_mask_storeu_epi8(result + channel, there, maskd_in_range(bytes, &range));
  }
}

#pragma clang attribute pop

#endif
