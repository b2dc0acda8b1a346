#ifndef MASKD_PARTIAL_H
#define MASKD_PARTIAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Loads and stores of the last few bytes of an array, which touch no byte beyond it. What is missing reads as zero.

static inline uint32_t maskd_load_u32(const int8_t *from) {
  uint32_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

static inline uint64_t maskd_load_u64(const int8_t *from) {
  uint64_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

// 1 <= count <= 3. Bytes that are read twice land on themselves.
static inline uint32_t maskd_load_part_of_u32(const int8_t *from, size_t count) {
  const uint8_t *bytes = (const uint8_t *)from;
  const size_t middle = count / 2, last = count - 1;
  return bytes[0] | (uint32_t)bytes[middle] << (8 * middle) | (uint32_t)bytes[last] << (8 * last);
}

// 1 <= count <= 7.
static inline uint64_t maskd_load_part_of_u64(const int8_t *from, size_t count) {
  if (count < 4)
    return maskd_load_part_of_u32(from, count);
  return maskd_load_u32(from) | (uint64_t)maskd_load_u32(from + count - 4) << (8 * (count - 4));
}

// Two words that hold 16 bytes; 1 <= count <= 15.
typedef struct maskd_sixteen_bytes {
  uint64_t low, high;
} maskd_sixteen_bytes;

static inline maskd_sixteen_bytes maskd_load_part_of_sixteen(const int8_t *from, size_t count) {
  if (count < 8)
    return (maskd_sixteen_bytes){maskd_load_part_of_u64(from, count), 0};
  return (maskd_sixteen_bytes){maskd_load_u64(from), count == 8 ? 0 : maskd_load_part_of_u64(from + 8, count - 8)};
}

#endif
