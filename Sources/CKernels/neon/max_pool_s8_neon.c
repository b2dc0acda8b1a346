#if defined(__aarch64__)

#include "neon.h"
#include "sixteen_neon.h"

void maskd_max_pool_s8_neon(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                            const maskd_pool_s8_parameters *parameters) {
  const maskd_pool_s8_parameters p = *parameters; // a copy, which no store through `result` can change
  const maskd_byte_range range = maskd_byte_range_of(p.minimum, p.maximum, p.result_flip);
  const int8x16_t flip = vdupq_n_s8((int8_t)p.operand_flip);
  for (size_t next = 0; next < channels; next += MASKD_SIXTEEN) {
    const size_t channel = maskd_block_start(next, channels);
    int8x16_t largest = range.minimum;
    for (size_t tap = 0; tap < taps; tap += 1) {
      const int8x16_t bytes = maskd_load_16_neon(operands[tap] + channel, channels - channel);
      largest = vmaxq_s8(largest, maskd_turned(bytes, flip));
    }
    maskd_store_16_neon(maskd_in_range(largest, &range), channels - channel, result + channel);
  }
}

#endif
