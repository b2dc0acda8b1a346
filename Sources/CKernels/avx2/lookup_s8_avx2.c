#if defined(__x86_64__)

#include "avx2.h"
#include <immintrin.h>

// A shuffle looks sixteen entries up and gives 0 where the index has its highest bit set. So the index is lowered by
// sixteen from step to step, and each step turns the entry of the sixteen before into that of the next sixteen:
// step[k] = entries[k] ^ entries[k - 1]. From 128 on the index has its highest bit set at first and the steps before it
// takes part are missing, hence the steps' own part step[k - 8].

enum { STEPS = 16, VECTORS = 2, BYTES = 32 };

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static inline void make_steps(const int8_t *table, __m256i steps[STEPS]) {
  __m128i narrow[STEPS];
  for (size_t k = 0; k < STEPS; k += 1) {
    narrow[k] = _mm_loadu_si128((const __m128i *)(table + 16 * k));
    if (k > 0)
      narrow[k] = _mm_xor_si128(narrow[k], _mm_loadu_si128((const __m128i *)(table + 16 * (k - 1))));
    if (k >= STEPS / 2)
      narrow[k] = _mm_xor_si128(narrow[k], narrow[k - STEPS / 2]);
    steps[k] = _mm256_broadcastsi128_si256(narrow[k]);
  }
}

static inline __attribute__((always_inline)) void look_up(const int8_t *values, const __m256i steps[STEPS],
                                                          size_t vectors, int8_t *result) {
  const __m256i sixteen = _mm256_set1_epi8(16);
  __m256i index[VECTORS], entry[VECTORS];
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1) {
    index[v] = _mm256_loadu_si256((const __m256i *)(values + v * BYTES));
    entry[v] = _mm256_shuffle_epi8(steps[0], index[v]);
  }
#pragma clang loop unroll(full)
  for (size_t k = 1; k < STEPS; k += 1)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v += 1) {
      // What has become negative for good must not come round again.
      index[v] = k <= STEPS / 2 ? _mm256_sub_epi8(index[v], sixteen) : _mm256_subs_epi8(index[v], sixteen);
      entry[v] = _mm256_xor_si256(entry[v], _mm256_shuffle_epi8(steps[k], index[v]));
    }
#pragma clang loop unroll(full)
  for (size_t v = 0; v < vectors; v += 1)
    _mm256_storeu_si256((__m256i *)(result + v * BYTES), entry[v]);
}

void maskd_lookup_s8_avx2(size_t count, const int8_t *values, const int8_t *table, int8_t *result) {
  __m256i steps[STEPS];
  make_steps(table, steps);
  size_t i = 0;
  for (; i + VECTORS * BYTES <= count; i += VECTORS * BYTES)
    look_up(values + i, steps, VECTORS, result + i);
  for (; i + BYTES <= count; i += BYTES)
    look_up(values + i, steps, 1, result + i);
  for (; i < count; i += 1)
    result[i] = table[(uint8_t)values[i]];
}

#pragma clang attribute pop

#endif
