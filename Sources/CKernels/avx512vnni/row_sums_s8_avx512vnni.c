#if defined(__x86_64__)

#include "avx512vnni.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

void maskd_row_sums_s8_avx512vnni(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                                  int32_t *sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  const uint32_t offsets = 128 * (uint32_t)(taps * depth);
  const __mmask64 last = (UINT64_C(1) << depth % 64) - 1;
  for (size_t row = 0; row < rows; row += 1) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t tap = 0; tap < taps; tap += 1) {
      const int8_t *values = operands[tap * mr + row];
      size_t k = 0;
      for (; k + 64 <= depth; k += 64)
        sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(values + k), ones);
      sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_loadu_epi8(last, values + k), ones);
    }
    sums[row] = (int32_t)((uint32_t)_mm512_reduce_add_epi32(sum) - offsets);
  }
}

#pragma clang attribute pop

#endif
