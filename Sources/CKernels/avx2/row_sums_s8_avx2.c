#if defined(__x86_64__)

#include "avx2.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// psadbw adds unsigned bytes, so 128 is added to each value and taken from the sum again.
static inline uint32_t sum_of(const int8_t *values, size_t count) {
  const __m256i flip = _mm256_set1_epi8(-128);
  __m256i sums = _mm256_setzero_si256();
  size_t k = 0;
  for (; k + 32 <= count; k += 32) {
    const __m256i flipped = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(values + k)), flip);
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(flipped, _mm256_setzero_si256()));
  }
  const __m128i halves = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  uint32_t sum = (uint32_t)_mm_cvtsi128_si64(halves) + (uint32_t)_mm_extract_epi64(halves, 1) - 128 * (uint32_t)k;
  for (; k < count; k += 1)
    sum += (uint32_t)values[k];
  return sum;
}

void maskd_row_sums_s8_avx2(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                            int32_t *sums) {
  for (size_t row = 0; row < rows; row += 1) {
    uint32_t sum = 0;
    for (size_t tap = 0; tap < taps; tap += 1)
      sum += sum_of(operands[tap * mr + row], depth);
    sums[row] = (int32_t)sum;
  }
}

#pragma clang attribute pop

#endif
