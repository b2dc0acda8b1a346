#include "../flip.h"
#include "generic.h"
#include "requantize.h"

enum { BLOCK = MASKD_COLUMN_PAD };

void maskd_mean_s8_generic(size_t columns, size_t rows, size_t stride, const int8_t *values, int8_t *result,
                           const maskd_mean_s8_parameters *p) {
  for (size_t first = 0; first < columns; first += BLOCK) {
    const size_t count = columns - first < BLOCK ? columns - first : BLOCK;
    uint32_t sums[BLOCK] = {0};
    for (size_t row = 0; row < rows; row += 1)
      for (size_t c = 0; c < count; c += 1)
        sums[c] += (uint32_t)maskd_flipped(values[row * stride + first + c], p->operand_flip);
    for (size_t c = 0; c < count; c += 1) {
      const int32_t scaled = maskd_round_twice((int32_t)(sums[c] - (uint32_t)p->offset), p->multiplier, p->shift);
      const int64_t value = (int64_t)scaled + p->zero_point;
      const int8_t saturated = (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
      result[first + c] = maskd_flipped(saturated, p->result_flip);
    }
  }
}
