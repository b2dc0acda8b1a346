#if defined(__x86_64__)

#include "avx512vnni.h"
#include <immintrin.h>

// A shuffle looks sixteen entries up and gives 0 where the index has its highest bit set. So the index is lowered by
// sixteen from step to step, and each step turns the entry of the sixteen before into that of the next sixteen:
// step[k] = entries[k] ^ entries[k - 1]. From 128 on the index has its highest bit set at first and the steps before it
// takes part are missing, hence the steps' own part step[k - 8].

enum { STEPS = 16, BYTES = 64 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

static inline void make_steps(const int8_t *table, __m512i steps[STEPS]) {
  __m128i narrow[STEPS];
  for (size_t k = 0; k < STEPS; k += 1) {
    narrow[k] = _mm_loadu_si128((const __m128i *)(table + 16 * k));
    if (k > 0)
      narrow[k] = _mm_xor_si128(narrow[k], _mm_loadu_si128((const __m128i *)(table + 16 * (k - 1))));
    if (k >= STEPS / 2)
      narrow[k] = _mm_xor_si128(narrow[k], narrow[k - STEPS / 2]);
    steps[k] = _mm512_broadcast_i32x4(narrow[k]);
  }
}

static inline __attribute__((always_inline)) __m512i looked_up(__m512i index, const __m512i steps[STEPS]) {
  const __m512i sixteen = _mm512_set1_epi8(16);
  __m512i entry = _mm512_shuffle_epi8(steps[0], index);
#pragma clang loop unroll(full)
  for (size_t k = 1; k < STEPS; k += 1) {
    // What has become negative for good must not come round again.
    index = k <= STEPS / 2 ? _mm512_sub_epi8(index, sixteen) : _mm512_subs_epi8(index, sixteen);
    entry = _mm512_xor_si512(entry, _mm512_shuffle_epi8(steps[k], index));
  }
  return entry;
}

void maskd_lookup_s8_avx512vnni(size_t count, const int8_t *values, const int8_t *table, int8_t *result) {
  __m512i steps[STEPS];
  make_steps(table, steps);
  size_t i = 0;
  for (; i + BYTES <= count; i += BYTES)
    _mm512_storeu_si512(result + i, looked_up(_mm512_loadu_si512(values + i), steps));
  if (i < count) {
    const __mmask64 rest = (UINT64_C(1) << (count - i)) - 1;
    _mm512_mask_storeu_epi8(result + i, rest, looked_up(_mm512_maskz_loadu_epi8(rest, values + i), steps));
  }
}

#pragma clang attribute pop

#endif
