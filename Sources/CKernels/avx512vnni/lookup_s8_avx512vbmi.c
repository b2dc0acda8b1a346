#if defined(__x86_64__)

#include "avx512vnni.h"
#include <immintrin.h>

// One instruction looks 128 entries up; the highest bit of the index chooses between two of them.

enum { BYTES = 64 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vbmi"))), apply_to = function)

typedef struct entries {
  __m512i quarters[4];
} entries;

static inline __attribute__((always_inline)) __m512i looked_up(__m512i index, const entries *table) {
  const __m512i low = _mm512_permutex2var_epi8(table->quarters[0], index, table->quarters[1]);
  const __m512i high = _mm512_permutex2var_epi8(table->quarters[2], index, table->quarters[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

void maskd_lookup_s8_avx512vbmi(size_t count, const int8_t *values, const int8_t *table, int8_t *result) {
  entries all;
  for (size_t i = 0; i < 4; i += 1)
    all.quarters[i] = _mm512_loadu_si512(table + i * BYTES);
  size_t i = 0;
  for (; i + BYTES <= count; i += BYTES)
    _mm512_storeu_si512(result + i, looked_up(_mm512_loadu_si512(values + i), &all));
  if (i < count) {
    const __mmask64 rest = (UINT64_C(1) << (count - i)) - 1;
    _mm512_mask_storeu_epi8(result + i, rest, looked_up(_mm512_maskz_loadu_epi8(rest, values + i), &all));
  }
}

#pragma clang attribute pop

#endif
