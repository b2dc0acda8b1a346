#if defined(__x86_64__)

#include "avx512vnni.h"
#include "quads_avx512vnni.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

void maskd_max_pool_s8_avx512vnni(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                  const maskd_pool_s8_parameters *parameters) {
  const maskd_pool_s8_parameters p = *parameters;
  const maskd_byte_range range = maskd_byte_range_of(p.minimum, p.maximum, p.result_flip);
  const __m512i flip = _mm512_set1_epi8((char)p.operand_flip);
  for (size_t channel = 0; channel < channels; channel += MASKD_QUAD_BYTES) {
    const __mmask64 there = maskd_first_bytes(channels - channel);
    __m512i largest = range.minimum;
    for (size_t tap = 0; tap < taps; tap += 1) {
      const __m512i bytes = _mm512_maskz_loadu_epi8(there, operands[tap] + channel);
      largest = _mm512_max_epi8(largest, _mm512_xor_si512(bytes, flip));
    }
    _mm512_mask_storeu_epi8(result + channel, there, maskd_in_range(largest, &range));
  }
}

#pragma clang attribute pop

#endif
