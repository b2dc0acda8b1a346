#ifndef MASKD_NEON_OPERANDS_H
#define MASKD_NEON_OPERANDS_H

#include "../partial.h"
#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

// The rows of a matrix product as its tiles read them: copied once for all columns, the taps of a row one behind the
// other, sixteen values of each row of a tile beside each other. So a tile reads them through one pointer, two
// registers at a time, and never past its operands. What the last sixteen of a row hold beyond its end meets weights of
// zero.

enum {
  MASKD_SIXTEEN = 16,
  MASKD_LARGEST_MR = 28,
  MASKD_TALLEST_TILE = 6,
  MASKD_GATHERED_BYTES = 512, // of a row at a time
};

// Places so many sixteens of the rows of `tiles` tiles, which are `rows` high and follow one another: those of the
// first at `to`, of the next `tile_bytes` on.
typedef void (*maskd_place_neon)(size_t rows, size_t tiles, const int8_t *const *from, size_t sixteens, int8_t *to,
                                 size_t tile_bytes);

typedef struct maskd_operands_neon {
  size_t rows, taps, depth, mr, together; // together: rows that are packed side by side, missing ones too
  const int8_t *const *pointers;          // taps * mr
  maskd_place_neon place;
} maskd_operands_neon;

static inline __attribute__((always_inline)) size_t maskd_sixteens_neon(size_t bytes) {
  return (bytes + MASKD_SIXTEEN - 1) / MASKD_SIXTEEN;
}

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
static inline void maskd_gather_part_neon(const maskd_operands_neon *o, const int8_t *const *row, size_t first,
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
}

// The same for a whole row of taps as those of a picture's few channels: 8 to 32 values, in two parts that overlap.
static inline __attribute__((always_inline)) void
maskd_gather_short_taps_neon(const maskd_operands_neon *o, size_t taps, const int8_t *const *row, int8_t *to) {
  const size_t depth = o->depth, mr = o->mr;
  if (depth <= MASKD_SIXTEEN)
    for (size_t tap = 0; tap < taps; tap += 1) {
      const int8_t *from = row[tap * mr];
      vst1_s8(to + tap * depth, vld1_s8(from));
      vst1_s8(to + tap * depth + depth - 8, vld1_s8(from + depth - 8));
    }
  else
    for (size_t tap = 0; tap < taps; tap += 1) {
      const int8_t *from = row[tap * mr];
      vst1q_s8(to + tap * depth, vld1q_s8(from));
      vst1q_s8(to + tap * depth + depth - MASKD_SIXTEEN, vld1q_s8(from + depth - MASKD_SIXTEEN));
    }
}

// Whether sixteen values may be read where the last of a row is: behind a row of one tap the next one begins.
static inline bool maskd_reads_on_neon(const maskd_operands_neon *o, size_t row) {
  return o->taps == 1 && o->depth >= MASKD_SIXTEEN && row + 1 < o->rows &&
         o->pointers[row + 1] == o->pointers[row] + o->depth;
}

// What a sixteen of `rows` rows takes where they are packed: i8mm packs them in pairs.
static inline size_t maskd_packed_sixteen_neon(const maskd_operands_neon *o, size_t rows) {
  return (rows + o->together - 1) / o->together * o->together * MASKD_SIXTEEN;
}

typedef int8_t maskd_gathered_neon[MASKD_GATHERED_BYTES + MASKD_SIXTEEN];

// A tile of rows of short taps, of which there are mostly three.
static inline void maskd_pack_short_taps_neon(const maskd_operands_neon *o, size_t row, size_t rows, int8_t *to) {
  maskd_gathered_neon gathered[MASKD_TALLEST_TILE];
  const int8_t *from[MASKD_TALLEST_TILE];
  const size_t bytes = o->taps * o->depth;
  for (size_t r = 0; r < rows; r += 1) {
    from[r] = gathered[r];
    if (o->taps == 3)
      maskd_gather_short_taps_neon(o, 3, o->pointers + row + r, gathered[r]);
    else
      maskd_gather_short_taps_neon(o, o->taps, o->pointers + row + r, gathered[r]);
    vst1q_s8(gathered[r] + bytes, vdupq_n_s8(0));
  }
  o->place(rows, 1, from, maskd_sixteens_neon(bytes), to, 0);
}

// A tile whose rows have to be put together first.
static inline void maskd_pack_gathered_neon(const maskd_operands_neon *o, size_t row, size_t rows, size_t first,
                                            size_t count, int8_t *to) {
  maskd_gathered_neon gathered[MASKD_TALLEST_TILE];
  const int8_t *from[MASKD_TALLEST_TILE];
  for (size_t end = first + count; first < end; first += MASKD_GATHERED_BYTES) {
    const size_t bytes = end - first < MASKD_GATHERED_BYTES ? end - first : MASKD_GATHERED_BYTES;
    for (size_t r = 0; r < rows; r += 1) {
      const int8_t *const *pointers = o->pointers + row + r;
      from[r] = gathered[r];
      if (maskd_reads_on_neon(o, row + r)) {
        from[r] = *pointers + first;
        continue;
      }
      maskd_gather_part_neon(o, pointers, first, bytes, gathered[r]);
      vst1q_s8(gathered[r] + bytes, vdupq_n_s8(0));
    }
    o->place(rows, 1, from, maskd_sixteens_neon(bytes), to, 0);
    to += maskd_packed_sixteen_neon(o, rows) * (MASKD_GATHERED_BYTES / MASKD_SIXTEEN);
  }
}

// The first tiles of rows of one tap that are neighbours in memory: their last sixteen may be read into the rows
// behind. Returns how many it has placed.
static inline size_t maskd_pack_neighbours_neon(const maskd_operands_neon *o, size_t row, size_t rows, size_t tiles,
                                                int8_t *to, size_t tile_bytes) {
  const size_t depth = o->depth, sixteens = maskd_sixteens_neon(depth);
  const size_t behind = (sixteens * MASKD_SIXTEEN - 1) / depth; // so many rows are read into
  const int8_t *const *pointers = o->pointers + row;
  size_t neighbours = 1;
  while (neighbours < rows * tiles && pointers[neighbours] == pointers[neighbours - 1] + depth)
    neighbours += 1;
  const size_t whole = neighbours > behind ? (neighbours - behind) / rows : 0;
  if (whole > 0)
    o->place(rows, whole, pointers, sixteens, to, tile_bytes);
  return whole;
}

// Places `count` values of the rows of some tiles, from the one numbered `first` on.
static inline __attribute__((noinline)) void maskd_pack_tiles_neon(const maskd_operands_neon *o, size_t row,
                                                                   size_t rows, size_t tiles, size_t first,
                                                                   size_t count, int8_t *to, size_t tile_bytes) {
  const size_t bytes = o->taps * o->depth;
  const bool is_whole = count == bytes;
  if (is_whole && o->depth % MASKD_SIXTEEN == 0) {
    const size_t sixteens = o->depth / MASKD_SIXTEEN;
    for (size_t tap = 0; tap < o->taps; tap += 1, to += sixteens * maskd_packed_sixteen_neon(o, rows))
      o->place(rows, tiles, o->pointers + tap * o->mr + row, sixteens, to, tile_bytes);
    return;
  }
  const bool has_short_taps =
      is_whole && o->taps > 1 && o->depth >= 8 && o->depth <= 2 * MASKD_SIXTEEN && bytes <= MASKD_GATHERED_BYTES;
  size_t tile = is_whole && o->taps == 1 ? maskd_pack_neighbours_neon(o, row, rows, tiles, to, tile_bytes) : 0;
  for (; tile < tiles; tile += 1)
    if (has_short_taps)
      maskd_pack_short_taps_neon(o, row + tile * rows, rows, to + tile * tile_bytes);
    else
      maskd_pack_gathered_neon(o, row + tile * rows, rows, first, count, to + tile * tile_bytes);
}

// Sixteen values of the first row, sixteen of the second, and so on.
static inline __attribute__((always_inline)) void maskd_place_rows_neon(size_t rows, size_t tiles,
                                                                        const int8_t *const *from, size_t sixteens,
                                                                        int8_t *to, size_t tile_bytes) {
  for (; tiles > 0; tiles -= 1, from += rows, to += tile_bytes) {
    const int8_t *next[MASKD_TALLEST_TILE];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r += 1)
      next[r] = from[r];
    int8_t *there = to;
#pragma clang loop unroll(disable)
    for (size_t left = sixteens; left > 0; left -= 1, there += rows * MASKD_SIXTEEN)
#pragma clang loop unroll(full)
      for (size_t r = 0; r < rows; r += 1) {
        vst1q_s8(there + r * MASKD_SIXTEEN, vld1q_s8(next[r]));
        next[r] += MASKD_SIXTEEN;
      }
  }
}

#endif
