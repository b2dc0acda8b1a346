#include "kernels.h"
#include "pairs.h"
#include <string.h>

static size_t packed_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth) {
  if (shape->is_dense) {
    if (__builtin_mul_overflow(taps, depth, &depth))
      return SIZE_MAX;
    taps = 1;
  }
  const size_t blocks = columns / shape->nr + (columns % shape->nr != 0);
  const size_t groups = depth / shape->kr + (depth % shape->kr != 0);
  size_t bytes = shape->nr * shape->kr * shape->weight_bytes;
  if (__builtin_mul_overflow(bytes, groups, &bytes) || __builtin_mul_overflow(bytes, taps, &bytes) ||
      (shape->has_pairs && __builtin_add_overflow(bytes, maskd_pairs_header_bytes(groups), &bytes)) ||
      __builtin_mul_overflow(bytes, blocks, &bytes) || __builtin_add_overflow(bytes, shape->header_bytes, &bytes))
    return SIZE_MAX;
  return bytes;
}

size_t maskd_packed_gemm_s8_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth) {
  return packed_bytes(shape, columns, taps, depth);
}

size_t maskd_packed_gemm_f32_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth) {
  return packed_bytes(shape, columns, taps, depth);
}

typedef uint32_t words __attribute__((vector_size(16)));
typedef int8_t bytes8 __attribute__((vector_size(8)));
typedef int16_t halves8 __attribute__((vector_size(16)));

// What one call packs: whole blocks of columns, the last one perhaps with fewer columns than a block has.
typedef struct layout {
  size_t columns, taps, depth;
  size_t nr, kr;
  size_t read_bytes, written_bytes; // of one group of one column: kr values
  size_t value_bytes;               // of one value, as it is read
  size_t column_bytes;              // from a column's weights to the next column's
} layout;

static layout layout_of(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, size_t value_bytes) {
  if (shape->is_dense)
    depth *= taps, taps = 1;
  return (layout){columns,
                  taps,
                  depth,
                  shape->nr,
                  shape->kr,
                  shape->kr * value_bytes,
                  shape->kr * shape->weight_bytes,
                  value_bytes,
                  taps * depth * value_bytes};
}

// Where the block that begins with column `first` goes.
static char *block_of(const maskd_gemm_shape *shape, size_t first, size_t taps, size_t depth, void *packed) {
  return (char *)packed + packed_bytes(shape, first, taps, depth);
}

// Four bytes as they are, or two that become int16: a group of one column.
static inline __attribute__((always_inline)) words load_groups(const char *from, bool widens) {
  words groups;
  if (widens) {
    bytes8 narrow;
    memcpy(&narrow, from, sizeof narrow);
    groups = (words) __builtin_convertvector(narrow, halves8);
  } else {
    memcpy(&groups, from, sizeof groups);
  }
  return groups;
}

// Four groups of four columns, which stand `column_bytes` apart, to four rows of groups, which stand `row_bytes` apart.
static inline __attribute__((always_inline)) void transpose(const char *from, size_t column_bytes, bool widens,
                                                            char *to, size_t row_bytes) {
  const words a = load_groups(from, widens), b = load_groups(from + column_bytes, widens);
  const words c = load_groups(from + 2 * column_bytes, widens), d = load_groups(from + 3 * column_bytes, widens);
  const words ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const words cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const words rows[4] = {
      __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
      __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (size_t row = 0; row < 4; row += 1)
    memcpy(to + row * row_bytes, &rows[row], sizeof rows[row]);
}

// `count` values of one column, fewer than a group or a whole one, with zeros behind them.
static inline __attribute__((always_inline)) void pack_group(const layout *l, bool widens, const char *from,
                                                             size_t count, char *to) {
  if (!widens && count == l->kr) {
    memcpy(to, from, l->written_bytes);
    return;
  }
  memset(to, 0, l->written_bytes);
  if (!widens)
    memcpy(to, from, count * l->value_bytes);
  for (size_t k = 0; widens && k < count; k += 1) {
    const int16_t value = (int8_t)from[k];
    memcpy(to + k * sizeof value, &value, sizeof value);
  }
}

// One tap of one block, of which `filled` columns are there. Groups are taken as many at a time as a line of the first
// cache has of one column, where they are words.
static inline __attribute__((always_inline)) void pack_tap(const layout *l, bool is_words, bool widens, size_t filled,
                                                           const char *from, char *to) {
  enum { STEP = 16, QUAD = 4 };
  const size_t whole = l->depth / l->kr, row_bytes = l->nr * l->written_bytes;
  const size_t quads = is_words ? whole / QUAD * QUAD : 0, quad_columns = is_words ? filled / QUAD * QUAD : 0;
  for (size_t first = 0; first < quads; first += STEP)
    for (size_t column = 0; column < quad_columns; column += QUAD)
      for (size_t group = first; group < first + STEP && group < quads; group += QUAD)
        transpose(from + column * l->column_bytes + group * l->read_bytes, l->column_bytes, widens,
                  to + group * row_bytes + column * l->written_bytes, row_bytes);
  for (size_t group = 0; group * l->kr < l->depth; group += 1) {
    const size_t rest = l->depth - group * l->kr, count = rest < l->kr ? rest : l->kr;
    char *row = to + group * row_bytes;
    for (size_t column = group < quads ? quad_columns : 0; column < filled; column += 1)
      pack_group(l, widens, from + column * l->column_bytes + group * l->read_bytes, count,
                 row + column * l->written_bytes);
    if (filled < l->nr)
      memset(row + filled * l->written_bytes, 0, (l->nr - filled) * l->written_bytes);
  }
}

// Inlined for each size of a group, so that moving one is a load and a store: packing is most of what loading a model
// takes.
static inline __attribute__((always_inline)) void pack(layout l, size_t written_bytes, bool widens, const char *from,
                                                       char *to) {
  const bool is_words = written_bytes == sizeof(uint32_t);
  if (written_bytes > 0)
    l.written_bytes = written_bytes, l.read_bytes = widens ? written_bytes / 2 : written_bytes;
  const size_t groups = l.depth / l.kr + (l.depth % l.kr != 0);
  for (size_t block = 0; block < l.columns; block += l.nr)
    for (size_t tap = 0; tap < l.taps; tap += 1, to += groups * l.nr * l.written_bytes)
      pack_tap(&l, is_words, widens, l.columns - block < l.nr ? l.columns - block : l.nr,
               from + block * l.column_bytes + tap * l.depth * l.value_bytes, to);
}

// Odd and even bytes go to lanes of their own: shifts take each to a whole int16.
static int32_t sum_of(const int8_t *values, size_t count) {
  enum { STEP = 2 * sizeof(halves8), MOST = 256 }; // so many int8 do not leave int16
  uint32_t sum = 0;
  size_t i = 0;
  while (i + STEP <= count) {
    halves8 sums[4] = {{0}};
    for (size_t n = 0; n < MOST && i + STEP <= count; n += 1, i += STEP) {
      halves8 next[2];
      memcpy(next, values + i, sizeof next);
      sums[0] += next[0] << 8 >> 8;
      sums[1] += next[0] >> 8;
      sums[2] += next[1] << 8 >> 8;
      sums[3] += next[1] >> 8;
    }
    for (size_t lane = 0; lane < 32; lane += 1)
      sum += (uint32_t)sums[lane / 8][lane % 8];
  }
  for (; i < count; i += 1)
    sum += (uint32_t)values[i];
  return (int32_t)sum;
}

static void pack_blocks_of_pairs(size_t columns, size_t depth, const int8_t *weights, char *to) {
  const size_t bytes = maskd_pairs_block_bytes(depth / MASKD_PAIRS_STEP + (depth % MASKD_PAIRS_STEP != 0));
  for (size_t block = 0; block < columns; block += MASKD_PAIRS_COLUMNS, to += bytes) {
    const size_t left = columns - block, count = left < MASKD_PAIRS_COLUMNS ? left : MASKD_PAIRS_COLUMNS;
    maskd_pack_pairs(count, depth, weights + block * depth, to);
  }
}

void maskd_pack_gemm_s8(const maskd_gemm_shape *shape, size_t first, size_t columns, size_t taps, size_t depth,
                        const int8_t *weights, void *packed, int32_t *sums) {
  const size_t per_column = taps * depth;
  if (shape->header_bytes > 0) {
    if (first == 0)
      memset(packed, 0, shape->header_bytes);
    *(int8_t *)packed |= memchr(weights, INT8_MIN & 0xff, columns * per_column) != NULL;
  }
  for (size_t column = 0; column < columns; column += 1)
    sums[column] = sum_of(weights + column * per_column, per_column);
  const layout l = layout_of(shape, columns, taps, depth, 1);
  const char *from = (const char *)weights;
  char *to = block_of(shape, first, taps, depth, packed);
  if (shape->has_pairs)
    pack_blocks_of_pairs(columns, per_column, weights, to);
  else if (shape->weight_bytes == 2)
    pack(l, l.written_bytes == 4 ? 4 : 0, true, from, to);
  else if (shape->kr == 1)
    pack(l, 1, false, from, to);
  else if (shape->kr == 4)
    pack(l, 4, false, from, to);
  else if (shape->kr == 8)
    pack(l, 8, false, from, to);
  else
    pack(l, 0, false, from, to);
}

bool maskd_packed_gemm_s8_stays_inside(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth,
                                       const void *packed) {
  if (!shape->has_pairs)
    return true;
  const size_t per_column = taps * depth;
  const size_t bytes = maskd_pairs_block_bytes(per_column / MASKD_PAIRS_STEP + (per_column % MASKD_PAIRS_STEP != 0));
  const char *block = (const char *)packed + shape->header_bytes;
  for (size_t column = 0; column < columns; column += MASKD_PAIRS_COLUMNS, block += bytes)
    if (!maskd_pairs_stay_inside(per_column, block))
      return false;
  return true;
}

void maskd_sum_magnitudes_s8(size_t columns, size_t per_column, const int8_t *weights, int32_t *magnitudes) {
  for (size_t column = 0; column < columns; column += 1, weights += per_column) {
    int32_t sum = 0;
    for (size_t k = 0; k < per_column; k += 1)
      sum += weights[k] < 0 ? -weights[k] : weights[k];
    magnitudes[column] = sum;
  }
}

void maskd_pack_gemm_f32(const maskd_gemm_shape *shape, size_t first, size_t columns, size_t taps, size_t depth,
                         const float *weights, float *packed) {
  const layout l = layout_of(shape, columns, taps, depth, sizeof(float));
  char *to = block_of(shape, first, taps, depth, packed);
  if (shape->kr == 1)
    pack(l, sizeof(float), false, (const char *)weights, to);
  else
    pack(l, 0, false, (const char *)weights, to);
}

void maskd_sum_channels_s8(size_t taps, size_t channels, const int8_t *weights, int32_t *sums) {
  memset(sums, 0, channels * sizeof *sums);
  for (size_t tap = 0; tap < taps; tap += 1, weights += channels)
    for (size_t channel = 0; channel < channels; channel += 1)
      sums[channel] = (int32_t)((uint32_t)sums[channel] + (uint32_t)weights[channel]);
}
