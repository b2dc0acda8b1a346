#ifndef MASKD_AVX2_COLUMN_SUMS_H
#define MASKD_AVX2_COLUMN_SUMS_H

#include "quads_avx2.h"

// Sums of thirty-two columns of bytes, read as unsigned. Even and odd bytes are summed apart in sixteen bits, as often
// as these cannot overflow, then in 32 bits as quads: sum v, lane i belongs to column 4i + v.

enum { MASKD_SUMMED_AT_ONCE = 257 };

#pragma clang attribute push(__attribute__((target("avx2"), always_inline)), apply_to = function)

typedef struct maskd_column_sums {
  __m256i even, odd;
  __m256i quads[MASKD_QUADS];
} maskd_column_sums;

static inline void maskd_add_row(maskd_column_sums *sums, __m256i bytes) {
  const __m256i low = _mm256_set1_epi16(0xff);
  sums->even = _mm256_add_epi16(sums->even, _mm256_and_si256(bytes, low));
  sums->odd = _mm256_add_epi16(sums->odd, _mm256_srli_epi16(bytes, 8));
}

static inline void maskd_widen_sums(maskd_column_sums *sums) {
  const __m256i low = _mm256_set1_epi32(0xffff);
  sums->quads[0] = _mm256_add_epi32(sums->quads[0], _mm256_and_si256(sums->even, low));
  sums->quads[1] = _mm256_add_epi32(sums->quads[1], _mm256_and_si256(sums->odd, low));
  sums->quads[2] = _mm256_add_epi32(sums->quads[2], _mm256_srli_epi32(sums->even, 16));
  sums->quads[3] = _mm256_add_epi32(sums->quads[3], _mm256_srli_epi32(sums->odd, 16));
  sums->even = sums->odd = _mm256_setzero_si256();
}

static inline maskd_column_sums maskd_no_sums(void) {
  const __m256i zero = _mm256_setzero_si256();
  return (maskd_column_sums){zero, zero, {zero, zero, zero, zero}};
}

#pragma clang attribute pop

#endif
