#include "../flip.h"
#include "generic.h"

enum { BLOCK = MASKD_COLUMN_PAD };

void maskd_max_pool_s8_generic(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                               const maskd_pool_s8_parameters *p) {
  for (size_t first = 0; first < channels; first += BLOCK) {
    const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
    int8_t largest[BLOCK];
    for (size_t c = 0; c < count; c += 1)
      largest[c] = (int8_t)p->minimum;
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t c = 0; c < count; c += 1) {
        const int8_t value = maskd_flipped(operands[tap][first + c], p->operand_flip);
        largest[c] = value > largest[c] ? value : largest[c];
      }
    for (size_t c = 0; c < count; c += 1)
      result[first + c] = maskd_flipped((int8_t)(largest[c] > p->maximum ? p->maximum : largest[c]), p->result_flip);
  }
}
