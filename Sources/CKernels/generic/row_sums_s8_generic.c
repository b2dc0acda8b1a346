#include "generic.h"

void maskd_row_sums_s8_generic(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                               int32_t *sums) {
  for (size_t row = 0; row < rows; row += 1) {
    uint32_t sum = 0;
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t k = 0; k < depth; k += 1)
        sum += (uint32_t)operands[tap * mr + row][k];
    sums[row] = (int32_t)sum;
  }
}
