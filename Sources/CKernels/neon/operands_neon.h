#ifndef MASKD_NEON_OPERANDS_H
#define MASKD_NEON_OPERANDS_H

#include "../partial.h"
#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

// The rows of a matrix product as its tiles read them: in pieces of whole sixteens. Where a tap's depth is not a
// multiple of sixteen, the taps of each row are copied one behind the other into memory of our own, up to
// MASKD_PIECE_BYTES at a time, and zeros behind them. That pads a whole row once instead of each tap, and a tile never
// reads past its operands.

enum { MASKD_SIXTEEN = 16, MASKD_PIECE_BYTES = 512, MASKD_LARGEST_MR = 24 };

typedef struct maskd_gathered_neon {
  const int8_t *rows[MASKD_LARGEST_MR];
  int8_t bytes[MASKD_LARGEST_MR][MASKD_PIECE_BYTES + MASKD_SIXTEEN];
} maskd_gathered_neon;

typedef struct maskd_operands_neon {
  size_t taps, depth, mr;
  const int8_t *const *pointers; // taps * mr
  maskd_gathered_neon *gathered;
  bool gathers;
  size_t pieces;
} maskd_operands_neon;

static inline __attribute__((always_inline)) void maskd_copy_neon(int8_t *to, const int8_t *from, size_t count) {
  if (count >= 16) {
    for (size_t i = 0; i + 16 < count; i += 16)
      vst1q_s8(to + i, vld1q_s8(from + i));
    vst1q_s8(to + count - 16, vld1q_s8(from + count - 16));
  } else if (count >= 8) {
    vst1_s8(to, vld1_s8(from));
    vst1_s8(to + count - 8, vld1_s8(from + count - 8));
  } else if (count >= 4) {
    memcpy(to, from, 4);
    memcpy(to + count - 4, from + count - 4, 4);
  } else {
    for (size_t i = 0; i < count; i += 1)
      to[i] = from[i];
  }
}

// Copies `count` values of a row from the one numbered `first` on. Neighbouring taps that are neighbours in memory are
// copied at once.
static inline void maskd_gather_row_neon(const maskd_operands_neon *o, const int8_t *const *row, size_t first,
                                         size_t count, int8_t *to) {
  size_t tap = first == 0 ? 0 : first / o->depth;
  size_t offset = first - tap * o->depth;
  while (count > 0) {
    const int8_t *from = row[tap * o->mr] + offset;
    size_t run = o->depth - offset;
    for (tap += 1; run < count && row[tap * o->mr] == from + run; tap += 1)
      run += o->depth;
    run = run < count ? run : count;
    maskd_copy_neon(to, from, run);
    offset = 0, to += run, count -= run;
  }
  vst1q_s8(to, vdupq_n_s8(0));
}

static inline __attribute__((always_inline)) size_t maskd_piece_bytes_neon(const maskd_operands_neon *o, size_t piece) {
  if (!o->gathers)
    return o->depth;
  const size_t left = o->taps * o->depth - piece * MASKD_PIECE_BYTES;
  return left < MASKD_PIECE_BYTES ? left : MASKD_PIECE_BYTES;
}

static inline __attribute__((noinline)) void maskd_gather_neon(const maskd_operands_neon *o, size_t piece, size_t row,
                                                               size_t rows) {
  for (size_t r = row; r < row + rows; r += 1) {
    maskd_gather_row_neon(o, o->pointers + r, piece * MASKD_PIECE_BYTES, maskd_piece_bytes_neon(o, piece),
                          o->gathered->bytes[r]);
    o->gathered->rows[r] = o->gathered->bytes[r];
  }
}

// Rows of one piece are gathered once for all columns; those of several, by each tile.
static inline void maskd_operands_begin_neon(maskd_operands_neon *o, size_t rows) {
  o->gathers = o->depth % MASKD_SIXTEEN != 0;
  o->pieces = o->gathers ? (o->taps * o->depth + MASKD_PIECE_BYTES - 1) / MASKD_PIECE_BYTES : o->taps;
  if (o->gathers && o->pieces == 1)
    maskd_gather_neon(o, 0, 0, rows);
}

// Pointers to `rows` rows of a piece, from `row` on; sixteen values may be read where any is.
static inline __attribute__((always_inline)) const int8_t *const *
maskd_piece_neon(const maskd_operands_neon *o, size_t piece, size_t row, size_t rows) {
  if (!o->gathers)
    return o->pointers + piece * o->mr + row;
  if (o->pieces > 1)
    maskd_gather_neon(o, piece, row, rows);
  return o->gathered->rows + row;
}

#endif
