#ifndef MASKD_FLIP_H
#define MASKD_FLIP_H

#include <stdint.h>

// Between a value and the byte that stands for it in memory, whose highest bit is turned where `flip` is 0x80.
static inline int8_t maskd_flipped(int8_t value, uint8_t flip) {
  return (int8_t)((uint8_t)value ^ flip);
}

#endif
