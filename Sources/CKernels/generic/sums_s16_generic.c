#include "plain_sums.h"

static int64_t wide_product(const int16_t *left, const int16_t *right, size_t count) {
  int64_t sum = 0;
  for (size_t k = 0; k < count; k += 1)
    sum += (int32_t)left[k] * right[k];
  return sum;
}

static int32_t narrow_product(const int16_t *left, const int16_t *right, size_t count) {
  int32_t sum = 0;
  for (size_t k = 0; k < count; k += 1)
    sum += (int32_t)left[k] * right[k];
  return sum;
}

static int64_t product(const int16_t *left, const int16_t *right, size_t depth, size_t block) {
  if (block == 1)
    return wide_product(left, right, depth);
  int64_t sum = 0;
  for (size_t k = 0; k < depth; k += block)
    sum += narrow_product(left + k, right + k, depth - k < block ? depth - k : block);
  return sum;
}

void maskd_sums_s16(size_t rows, size_t row_slots, size_t columns, size_t taps, size_t depth,
                    const int16_t *const *operands, const int16_t *weights, size_t block, int64_t *sums) {
  // Rows inside: the weights of one column are read from the first cache for all of them.
  for (size_t column = 0; column < columns; column += 1) {
    for (size_t row = 0; row < rows; row += 1) {
      int64_t sum = 0;
      for (size_t tap = 0; tap < taps; tap += 1)
        sum += product(operands[tap * row_slots + row], weights + (column * taps + tap) * depth, depth, block);
      sums[row * columns + column] = sum;
    }
  }
}

void maskd_depthwise_sums_s16(size_t channels, size_t taps, const int16_t *const *operands, const int16_t *weights,
                              size_t block, int64_t *sums) {
  enum { WIDTH = 16 };
  for (size_t first = 0; first < channels; first += WIDTH) {
    const size_t count = channels - first < WIDTH ? channels - first : WIDTH;
    int64_t totals[WIDTH] = {0};
    for (size_t start = 0; start < taps; start += block) {
      const size_t end = taps - start < block ? taps : start + block;
      int32_t partial[WIDTH] = {0};
      for (size_t tap = start; tap < end; tap += 1)
        for (size_t c = 0; c < count; c += 1)
          partial[c] += (int32_t)operands[tap][first + c] * weights[tap * channels + first + c];
      for (size_t c = 0; c < count; c += 1)
        totals[c] += partial[c];
    }
    for (size_t c = 0; c < count; c += 1)
      sums[first + c] = totals[c];
  }
}
