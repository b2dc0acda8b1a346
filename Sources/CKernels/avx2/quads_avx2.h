#ifndef MASKD_AVX2_QUADS_H
#define MASKD_AVX2_QUADS_H

#include "kernels.h"
#include <immintrin.h>
#include <string.h>

// Thirty-two bytes as four vectors of eight lanes, without a shuffle: vector v holds in lane i byte 4i + v.

#pragma clang attribute push(__attribute__((target("avx2"), always_inline)), apply_to = function)

enum { MASKD_QUADS = 4, MASKD_QUAD_BYTES = 32 };

// As templates in ../vector name them.
typedef __m256i maskd_bytes;
typedef int32_t maskd_lanes_s32 __attribute__((vector_size(MASKD_QUAD_BYTES)));
typedef float maskd_lanes_f32 __attribute__((vector_size(MASKD_QUAD_BYTES)));

static inline __m256i maskd_every_byte(int8_t value) {
  return _mm256_set1_epi8(value);
}

static inline __m256i maskd_every_short(int16_t value) {
  return _mm256_set1_epi16(value);
}

// `count` bytes, at most 32 of them; what is missing reads as zero.
static inline __m256i maskd_load_bytes(const int8_t *from, size_t count) {
  if (count >= MASKD_QUAD_BYTES)
    return _mm256_loadu_si256((const __m256i *)from);
  int8_t all[MASKD_QUAD_BYTES] = {0};
  memcpy(all, from, count);
  return _mm256_loadu_si256((const __m256i *)all);
}

static inline void maskd_store_bytes(__m256i bytes, size_t count, int8_t *to) {
  if (count >= MASKD_QUAD_BYTES) {
    _mm256_storeu_si256((__m256i *)to, bytes);
    return;
  }
  int8_t all[MASKD_QUAD_BYTES];
  _mm256_storeu_si256((__m256i *)all, bytes);
  memcpy(to, all, count);
}

// Bytes read as unsigned, 0 ... 255.
static inline void maskd_to_quads(__m256i bytes, __m256i quads[MASKD_QUADS]) {
  const __m256i low = _mm256_set1_epi32(0xff);
  quads[0] = _mm256_and_si256(bytes, low);
  quads[1] = _mm256_and_si256(_mm256_srli_epi32(bytes, 8), low);
  quads[2] = _mm256_and_si256(_mm256_srli_epi32(bytes, 16), low);
  quads[3] = _mm256_srli_epi32(bytes, 24);
}

// Thirty-two int32 values, `offset` (sixteen bits each) added to them, as saturated bytes in their places. Saturating
// packs leave them as 4v + i of each sixteen.
static inline __m256i maskd_from_quads(const __m256i quads[MASKD_QUADS], __m256i offset) {
  const __m128i order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(quads[0], quads[1]), offset);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(quads[2], quads[3]), offset);
  return _mm256_shuffle_epi8(_mm256_packs_epi16(low, high), _mm256_broadcastsi128_si256(order));
}

// What becomes of the bytes of a result.
typedef struct maskd_byte_range {
  __m256i minimum, maximum, flip;
} maskd_byte_range;

static inline maskd_byte_range maskd_byte_range_of(int32_t minimum, int32_t maximum, uint8_t flip) {
  return (maskd_byte_range){_mm256_set1_epi8((char)minimum), _mm256_set1_epi8((char)maximum),
                            _mm256_set1_epi8((char)flip)};
}

static inline __m256i maskd_in_range(__m256i bytes, const maskd_byte_range *range) {
  const __m256i floored = _mm256_max_epi8(bytes, range->minimum);
  return _mm256_xor_si256(_mm256_min_epi8(floored, range->maximum), range->flip);
}

// The int8 value of each byte plus 128, from bytes that are stored with `flip`.
static inline __m256i maskd_unsigned(__m256i bytes, uint8_t flip) {
  return _mm256_xor_si256(bytes, _mm256_set1_epi8((char)(0x80 ^ flip)));
}

// The blocks of a row of channels: the last one is moved back so that it is whole, where there are enough channels.
static inline size_t maskd_block_start(size_t channel, size_t channels) {
  return channels >= MASKD_QUAD_BYTES && channel + MASKD_QUAD_BYTES > channels ? channels - MASKD_QUAD_BYTES : channel;
}

#pragma clang attribute pop

#endif
