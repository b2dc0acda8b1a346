#if defined(__x86_64__)

#include "avx2.h"
#include "quads_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

void maskd_max_pool_s8_avx2(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                            const maskd_pool_s8_parameters *parameters) {
  const maskd_pool_s8_parameters p = *parameters;
  const maskd_byte_range range = maskd_byte_range_of(p.minimum, p.maximum, p.result_flip);
  const __m256i flip = _mm256_set1_epi8((char)p.operand_flip);
  for (size_t next = 0; next < channels; next += MASKD_QUAD_BYTES) {
    const size_t channel = maskd_block_start(next, channels);
    __m256i largest = range.minimum;
    for (size_t tap = 0; tap < taps; tap += 1) {
      const __m256i bytes = maskd_load_bytes(operands[tap] + channel, channels - channel);
      largest = _mm256_max_epi8(largest, _mm256_xor_si256(bytes, flip));
    }
    maskd_store_bytes(maskd_in_range(largest, &range), channels - channel, result + channel);
  }
}

#pragma clang attribute pop

#endif
