#include "../multiply_peak.h"
#include "generic.h"

// One product at a time, or as many as the compiler makes of it for the processors that the build is for.

uint64_t maskd_multiply_peak_s8_generic(size_t repeats) {
  enum { LANES = 16 };
  int8_t left[LANES], right[LANES];
  int32_t sums[LANES] = {0};
  for (size_t i = 0; i < LANES; i += 1) {
    left[i] = 3;
    right[i] = 5;
  }
  for (size_t n = 0; n < repeats; n += 1) {
    __asm__ volatile("" : : "r"(left), "r"(right), "r"(sums) : "memory");
    for (size_t i = 0; i < LANES; i += 1)
      sums[i] += left[i] * right[i];
  }
  __asm__ volatile("" : : "r"(sums) : "memory");
  return (uint64_t)repeats * LANES;
}
