#if defined(__x86_64__)

#include "avx2.h"
#include "column_sums_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

typedef struct division {
  __m256d inverse;
  __m128i offset; // taps * 128: what makes the sums of unsigned bytes those of the values
  __m128i half;   // taps / 2
  maskd_average_rounding rounding;
} division;

static inline __attribute__((always_inline)) maskd_column_sums sums_of(size_t taps, const int8_t *const *operands,
                                                                       size_t channel, size_t count, uint8_t flip) {
  maskd_column_sums sums = maskd_no_sums();
  for (size_t tap = 0; tap < taps;) {
    const size_t end = taps - tap < MASKD_SUMMED_AT_ONCE ? taps : tap + MASKD_SUMMED_AT_ONCE;
    for (; tap < end; tap += 1)
      maskd_add_row(&sums, maskd_unsigned(maskd_load_bytes(operands[tap] + channel, count), flip));
    maskd_widen_sums(&sums);
  }
  return sums;
}

// A whole block's loop need not look at the count.
static inline maskd_column_sums sums_of_block(size_t taps, const int8_t *const *operands, size_t channel, size_t count,
                                              uint8_t flip) {
  if (count >= MASKD_QUAD_BYTES)
    return sums_of(taps, operands, channel, MASKD_QUAD_BYTES, flip);
  return sums_of(taps, operands, channel, count, flip);
}

// Dividends are whole numbers below 2^31; half of one more keeps what the inverse loses from reaching the next quotient
// down, and is too little to reach the next one up.
static inline __attribute__((always_inline)) __m128i quotient(__m128i dividend, const division *by) {
  const __m256d middle = _mm256_add_pd(_mm256_cvtepi32_pd(dividend), _mm256_set1_pd(0.5));
  return _mm256_cvttpd_epi32(_mm256_mul_pd(middle, by->inverse));
}

static inline __attribute__((always_inline)) __m128i averaged_4(__m128i unsigned_sums, const division *by) {
  const __m128i sums = _mm_sub_epi32(unsigned_sums, by->offset);
  if (by->rounding == MASKD_AVERAGE_HALF_UP)
    // Rounding unsigned averages, and taking the 128 away again, is rounding up.
    return _mm_sub_epi32(quotient(_mm_add_epi32(unsigned_sums, by->half), by), _mm_set1_epi32(128));
  const __m128i magnitude = quotient(_mm_add_epi32(_mm_abs_epi32(sums), by->half), by);
  return _mm_sign_epi32(magnitude, sums);
}

static inline __m256i averaged_8(__m256i sums, const division *by) {
  return _mm256_setr_m128i(averaged_4(_mm256_castsi256_si128(sums), by),
                           averaged_4(_mm256_extracti128_si256(sums, 1), by));
}

void maskd_average_pool_s8_avx2(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                const maskd_pool_s8_parameters *parameters) {
  const maskd_pool_s8_parameters p = *parameters;
  const maskd_byte_range range = maskd_byte_range_of(p.minimum, p.maximum, p.result_flip);
  const division by = {
      .inverse = _mm256_set1_pd(1.0 / (double)taps),
      .offset = _mm_set1_epi32((int32_t)taps * 128),
      .half = _mm_set1_epi32((int32_t)taps / 2),
      .rounding = p.rounding,
  };
  for (size_t next = 0; next < channels; next += MASKD_QUAD_BYTES) {
    const size_t channel = maskd_block_start(next, channels);
    maskd_column_sums sums = sums_of_block(taps, operands, channel, channels - channel, p.operand_flip);
    for (size_t v = 0; v < MASKD_QUADS; v += 1)
      sums.quads[v] = averaged_8(sums.quads[v], &by);
    const __m256i bytes = maskd_from_quads(sums.quads, _mm256_setzero_si256());
    maskd_store_bytes(maskd_in_range(bytes, &range), channels - channel, result + channel);
  }
}

#pragma clang attribute pop

#endif
