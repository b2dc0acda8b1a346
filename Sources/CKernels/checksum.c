#include "kernels.h"
#include <string.h>

// Four places of the array are read at once: one stream of loads does not keep the memory busy. Two sums in each: one
// multiplication waits for the last.
enum { STREAMS = 4, LANES = 2, PAIR = 16, BLOCK = LANES * PAIR };

__extension__ typedef unsigned __int128 product;

// Both halves of the product: its upper bits depend on all bits of the factors, its lower ones on few. One
// multiplication takes two words in.
static inline uint64_t mix(uint64_t sum, uint64_t left, uint64_t right) {
  const product both = (product)(left ^ UINT64_C(0x9e3779b97f4a7c15)) * (right ^ sum);
  return (uint64_t)both ^ (uint64_t)(both >> 64);
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
      uint64_t words[2];
      memcpy(words, from + i / LANES * stream_bytes + position + i % LANES * PAIR, sizeof words);
      sums[i] = mix(sums[i], words[0], words[1]);
    }
  uint64_t sum = count;
  for (size_t i = 0; i < STREAMS * LANES; i += 1)
    sum = mix(sum, i + 1, sums[i]);
  for (size_t position = STREAMS * stream_bytes; position < count; position += 1)
    sum = mix(sum, position, from[position]);
  return mix(sum, count, 0);
}
