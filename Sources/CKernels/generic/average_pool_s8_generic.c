#include "../flip.h"
#include "generic.h"

enum { BLOCK = MASKD_COLUMN_PAD };

// |sum| < 2^30 because taps < 2^23, so nothing here overflows.
static inline int32_t average(int32_t sum, int32_t count, maskd_average_rounding rounding) {
  const int32_t half = count / 2;
  if (sum > 0)
    return (sum + half) / count;
  if (rounding == MASKD_AVERAGE_HALF_AWAY_FROM_ZERO)
    return (sum - half) / count;
  // Floor of (sum + half) / count: division truncates, so a negative dividend is moved down first.
  const int32_t dividend = sum + half;
  return (dividend < 0 ? dividend - (count - 1) : dividend) / count;
}

void maskd_average_pool_s8_generic(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                   const maskd_pool_s8_parameters *p) {
  for (size_t first = 0; first < channels; first += BLOCK) {
    const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
    int32_t sums[BLOCK] = {0};
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t c = 0; c < count; c += 1)
        sums[c] += maskd_flipped(operands[tap][first + c], p->operand_flip);
    for (size_t c = 0; c < count; c += 1) {
      const int32_t value = average(sums[c], (int32_t)taps, p->rounding);
      const int32_t floored = value < p->minimum ? p->minimum : value;
      result[first + c] = maskd_flipped((int8_t)(floored > p->maximum ? p->maximum : floored), p->result_flip);
    }
  }
}
