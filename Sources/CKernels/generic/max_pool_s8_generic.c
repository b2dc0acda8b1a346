#include "generic.h"

enum { BLOCK = MASKD_COLUMN_PAD };

void maskd_max_pool_s8_generic(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                               int32_t minimum, int32_t maximum) {
  for (size_t first = 0; first < channels; first += BLOCK) {
    const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
    int8_t largest[BLOCK];
    for (size_t c = 0; c < count; c += 1)
      largest[c] = (int8_t)minimum;
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t c = 0; c < count; c += 1) {
        const int8_t value = operands[tap][first + c];
        largest[c] = value > largest[c] ? value : largest[c];
      }
    for (size_t c = 0; c < count; c += 1)
      result[first + c] = (int8_t)(largest[c] > maximum ? maximum : largest[c]);
  }
}
