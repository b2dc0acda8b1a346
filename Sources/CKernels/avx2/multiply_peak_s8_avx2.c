#if defined(__x86_64__)

#include "../multiply_peak.h"
#include "avx2.h"
#include <immintrin.h>

// vpmaddwd on bytes that were widened before: 16 products an instruction, and vpaddd to add them up.

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

uint64_t maskd_multiply_peak_s8_avx2(size_t repeats) {
  const __m256i left = _mm256_set1_epi16(3), right = _mm256_set1_epi16(5);
  __m256i sums[MASKD_PEAK_SUMS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1)
    sums[i] = _mm256_setzero_si256();
  for (size_t n = 0; n < repeats; n += 1) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1) {
      __m256i factor = left;
      __asm__ volatile("" : "+x"(factor));
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(factor, right));
      __asm__ volatile("" : "+x"(sums[i]));
    }
  }
  return (uint64_t)repeats * MASKD_PEAK_SUMS * 16;
}

#pragma clang attribute pop

#endif
