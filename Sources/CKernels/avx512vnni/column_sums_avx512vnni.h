#ifndef MASKD_AVX512VNNI_COLUMN_SUMS_H
#define MASKD_AVX512VNNI_COLUMN_SUMS_H

#include "quads_avx512vnni.h"

// Sums of sixty-four columns of bytes, read as unsigned. Even and odd bytes are summed apart in sixteen bits, as often
// as these cannot overflow, then in 32 bits as quads: sum v, lane i belongs to column 4i + v.

enum { MASKD_SUMMED_AT_ONCE = 257 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline)),  \
                             apply_to = function)

typedef struct maskd_column_sums {
  __m512i even, odd;
  __m512i quads[MASKD_QUADS];
} maskd_column_sums;

static inline void maskd_add_row(maskd_column_sums *sums, __m512i bytes) {
  const __m512i low = _mm512_set1_epi16(0xff);
  sums->even = _mm512_add_epi16(sums->even, _mm512_and_si512(bytes, low));
  sums->odd = _mm512_add_epi16(sums->odd, _mm512_srli_epi16(bytes, 8));
}

static inline void maskd_widen_sums(maskd_column_sums *sums) {
  const __m512i low = _mm512_set1_epi32(0xffff);
  sums->quads[0] = _mm512_add_epi32(sums->quads[0], _mm512_and_si512(sums->even, low));
  sums->quads[1] = _mm512_add_epi32(sums->quads[1], _mm512_and_si512(sums->odd, low));
  sums->quads[2] = _mm512_add_epi32(sums->quads[2], _mm512_srli_epi32(sums->even, 16));
  sums->quads[3] = _mm512_add_epi32(sums->quads[3], _mm512_srli_epi32(sums->odd, 16));
  sums->even = sums->odd = _mm512_setzero_si512();
}

static inline maskd_column_sums maskd_no_sums(void) {
  const __m512i zero = _mm512_setzero_si512();
  return (maskd_column_sums){zero, zero, {zero, zero, zero, zero}};
}

#pragma clang attribute pop

#endif
