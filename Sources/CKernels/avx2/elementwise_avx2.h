#ifndef MASKD_AVX2_ELEMENTWISE_H
#define MASKD_AVX2_ELEMENTWISE_H

#include "../partial.h"
#include "kernels.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"), always_inline)), apply_to = function)

// `count` (at most 8) values less their zero point; with a step of 0 the first value in every place.
static inline __m256i maskd_load_8_avx2(const int8_t *from, size_t step, size_t index, size_t count,
                                        int32_t zero_point) {
  const __m256i offset = _mm256_set1_epi32(zero_point);
  if (step == 0)
    return _mm256_sub_epi32(_mm256_set1_epi32(*from), offset);
  const uint64_t bytes = count >= 8 ? maskd_load_u64(from + index) : maskd_load_part_of_u64(from + index, count);
  return _mm256_sub_epi32(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128((int64_t)bytes)), offset);
}

// Moves scaled values to the zero point, clamps them and writes `count` (at most 8) of them.
static inline void maskd_store_8_avx2(__m256i scaled, int32_t zero_point, int32_t minimum, int32_t maximum,
                                      size_t count, int8_t *result) {
  const __m256i value = _mm256_add_epi32(scaled, _mm256_set1_epi32(zero_point));
  const __m256i floored = _mm256_max_epi32(value, _mm256_set1_epi32(minimum));
  const __m256i clamped = _mm256_min_epi32(floored, _mm256_set1_epi32(maximum));
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(clamped), _mm256_extracti128_si256(clamped, 1));
  const int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(words, words));
  memcpy(result, &bytes, count >= 8 ? 8 : count);
}

#pragma clang attribute pop

#endif
