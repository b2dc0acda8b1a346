#include "plain_sums.h"

enum { LANES = 8 };

// Partial sums in lanes are what a compiler may put in a vector register: it must not reorder a single sum.
static float product(const float *left, const float *right, size_t count) {
  float lanes[LANES] = {0};
  size_t k = 0;
  for (; k + LANES <= count; k += LANES)
    for (size_t lane = 0; lane < LANES; lane += 1)
      lanes[lane] += left[k + lane] * right[k + lane];
  float sum = 0;
  for (; k < count; k += 1)
    sum += left[k] * right[k];
  for (size_t lane = 0; lane < LANES; lane += 1)
    sum += lanes[lane];
  return sum;
}

void maskd_sums_f32(size_t rows, size_t row_slots, size_t columns, size_t taps, size_t depth,
                    const float *const *operands, const float *weights, float *sums) {
  for (size_t column = 0; column < columns; column += 1) {
    for (size_t row = 0; row < rows; row += 1) {
      float sum = 0;
      for (size_t tap = 0; tap < taps; tap += 1)
        sum += product(operands[tap * row_slots + row], weights + (column * taps + tap) * depth, depth);
      sums[row * columns + column] = sum;
    }
  }
}
