#if defined(__x86_64__)

#include "../multiply_peak.h"
#include "avx512vnni.h"
#include <immintrin.h>

// vpdpbusd: 64 products an instruction.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

uint64_t maskd_multiply_peak_s8_avx512vnni(size_t repeats) {
  const __m512i left = _mm512_set1_epi8(3), right = _mm512_set1_epi8(5);
  __m512i sums[MASKD_PEAK_SUMS];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1)
    sums[i] = _mm512_setzero_si512();
  for (size_t n = 0; n < repeats; n += 1) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < MASKD_PEAK_SUMS; i += 1) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], left, right);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  }
  return (uint64_t)repeats * MASKD_PEAK_SUMS * 64;
}

#pragma clang attribute pop

#endif
