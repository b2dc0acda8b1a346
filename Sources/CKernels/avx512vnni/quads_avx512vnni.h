#ifndef MASKD_AVX512VNNI_QUADS_H
#define MASKD_AVX512VNNI_QUADS_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

// Sixty-four bytes as four vectors of sixteen lanes, without a shuffle: vector v holds in lane i byte 4i + v.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), always_inline)),  \
                             apply_to = function)

enum { MASKD_QUADS = 4, MASKD_QUAD_BYTES = 64 };

// As templates in ../vector name them.
typedef __m512i maskd_bytes;
typedef int32_t maskd_lanes_s32 __attribute__((vector_size(MASKD_QUAD_BYTES)));
typedef float maskd_lanes_f32 __attribute__((vector_size(MASKD_QUAD_BYTES)));

static inline __m512i maskd_every_byte(int8_t value) {
  return _mm512_set1_epi8(value);
}

static inline __m512i maskd_every_short(int16_t value) {
  return _mm512_set1_epi16(value);
}

static inline __mmask64 maskd_first_bytes(size_t count) {
  return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

// `count` bytes, at most 64 of them; what is missing reads as zero.
static inline __m512i maskd_load_bytes(const int8_t *from, size_t count) {
  return _mm512_maskz_loadu_epi8(maskd_first_bytes(count), from);
}

static inline void maskd_store_bytes(__m512i bytes, size_t count, int8_t *to) {
  _mm512_mask_storeu_epi8(to, maskd_first_bytes(count), bytes);
}

// Bytes read as unsigned, 0 ... 255.
static inline void maskd_to_quads(__m512i bytes, __m512i quads[MASKD_QUADS]) {
  const __m512i low = _mm512_set1_epi32(0xff);
  quads[0] = _mm512_and_si512(bytes, low);
  quads[1] = _mm512_and_si512(_mm512_srli_epi32(bytes, 8), low);
  quads[2] = _mm512_and_si512(_mm512_srli_epi32(bytes, 16), low);
  quads[3] = _mm512_srli_epi32(bytes, 24);
}

// Puts bytes that saturating packs left as 4v + i of each sixteen in their places.
static inline __m512i maskd_in_order(__m512i bytes) {
  const __m128i order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order));
}

// Sixty-four int32 values, `offset` (sixteen bits each) added to them, as saturated bytes in their places.
static inline __m512i maskd_from_quads(const __m512i quads[MASKD_QUADS], __m512i offset) {
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(quads[0], quads[1]), offset);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(quads[2], quads[3]), offset);
  return maskd_in_order(_mm512_packs_epi16(low, high));
}

// What becomes of the bytes of a result.
typedef struct maskd_byte_range {
  __m512i minimum, maximum, flip;
} maskd_byte_range;

static inline maskd_byte_range maskd_byte_range_of(int32_t minimum, int32_t maximum, uint8_t flip) {
  return (maskd_byte_range){_mm512_set1_epi8((char)minimum), _mm512_set1_epi8((char)maximum),
                            _mm512_set1_epi8((char)flip)};
}

static inline __m512i maskd_in_range(__m512i bytes, const maskd_byte_range *range) {
  const __m512i floored = _mm512_max_epi8(bytes, range->minimum);
  return _mm512_xor_si512(_mm512_min_epi8(floored, range->maximum), range->flip);
}

// The int8 value of each byte plus 128, from bytes that are stored with `flip`.
static inline __m512i maskd_unsigned(__m512i bytes, uint8_t flip) {
  return _mm512_xor_si512(bytes, _mm512_set1_epi8((char)(0x80 ^ flip)));
}

#pragma clang attribute pop

#endif
