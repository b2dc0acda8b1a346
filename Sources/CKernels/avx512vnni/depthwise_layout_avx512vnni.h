#ifndef MASKD_AVX512VNNI_DEPTHWISE_LAYOUT_H
#define MASKD_AVX512VNNI_DEPTHWISE_LAYOUT_H

#include "epilogue_avx512vnni.h"

// How the depthwise kernel wants its weights: for what, is said there.
//
// Unpacking keeps each quarter of a register to itself: vector v, quarter q, lane i is channel 16q + 4v + i of the
// block, which is what saturating packs undo. Weights lie in that order: block, column, group of rows, vector, and
// behind the columns the groups of the single row.
// The last block may be of 32 channels, which then stand in a register twice, or of 16, four times: as many parts of
// the row of results are computed side by side. If other channels are left, or the window is one of five rows and
// columns, it begins so early that it is whole, where there are as many channels.

enum {
  CHANNELS = 64,
  QUARTERS = 4,
  GROUP = 4,
  GROUP_BYTES = MASKD_VECTORS * 64, // weights
};

// Groups of rows.
static inline size_t groups_of(size_t height) {
  return height / GROUP + (height % GROUP > 1);
}

// Groups of columns in the row that is left alone.
static inline size_t row_groups_of(size_t height, size_t width) {
  return height % GROUP == 1 ? width / GROUP + (width % GROUP != 0) : 0;
}

// The first column that a group of the single row reads: the last group begins early so that it is whole, where there
// are enough columns. What was in the group before has weights of zero.
static inline size_t first_column(size_t group, size_t width) {
  const size_t column = group * GROUP;
  return width >= GROUP && column + GROUP > width ? width - GROUP : column;
}

// How often a block of that many channels stands in a register.
static inline size_t parts_of(size_t count) {
  return count == 32 ? 2 : count == 16 ? 4 : 1;
}

static inline size_t blocks_of(size_t channels) {
  return channels / CHANNELS + (channels % CHANNELS != 0);
}

// The first channel of a block.
static inline size_t first_channel(size_t block, size_t height, size_t width, size_t channels) {
  const size_t first = block * CHANNELS;
  if (first + CHANNELS <= channels || channels < CHANNELS)
    return first;
  const bool is_parted = parts_of(channels - first) > 1 && !(height == 5 && width == 5);
  return is_parted ? first : channels - CHANNELS;
}

#endif
