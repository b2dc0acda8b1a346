#include "kernels.h"
#include <string.h>

// Four places of the array are read at once: one stream of loads does not keep the memory busy. Four sums in each: one
// multiplication waits for the last.
enum { STREAMS = 4, LANES = 4, BLOCK = LANES * 8 };

// The rotation takes the upper bits, which a product passes to nobody, to where they matter.
static inline uint64_t mix(uint64_t sum, uint64_t word) {
  const uint64_t mixed = sum ^ word;
  return (mixed << 29 | mixed >> 35) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t maskd_checksum(const void *bytes, size_t count) {
  const unsigned char *from = bytes;
  const size_t stream_bytes = count / (STREAMS * BLOCK) * BLOCK;
  uint64_t sums[STREAMS * LANES];
  for (size_t i = 0; i < STREAMS * LANES; i += 1)
    sums[i] = i + 1;
  for (size_t position = 0; position < stream_bytes; position += BLOCK)
#pragma clang loop unroll(full)
    for (size_t i = 0; i < STREAMS * LANES; i += 1) {
      uint64_t word;
      memcpy(&word, from + i / LANES * stream_bytes + position + i % LANES * 8, sizeof word);
      sums[i] = mix(sums[i], word);
    }
  uint64_t sum = count;
  for (size_t i = 0; i < STREAMS * LANES; i += 1)
    sum = mix(sum, sums[i]);
  for (size_t position = STREAMS * stream_bytes; position < count; position += 1)
    sum = mix(sum, from[position]);
  sum = mix(sum, sum >> 32);
  return sum ^ sum >> 29;
}
