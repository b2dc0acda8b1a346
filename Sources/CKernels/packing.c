#include "kernels.h"
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
  if (__builtin_mul_overflow(bytes, blocks, &bytes) || __builtin_mul_overflow(bytes, groups, &bytes) ||
      __builtin_mul_overflow(bytes, taps, &bytes) || __builtin_add_overflow(bytes, shape->header_bytes, &bytes))
    return SIZE_MAX;
  return bytes;
}

size_t maskd_packed_gemm_s8_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth) {
  return packed_bytes(shape, columns, taps, depth);
}

size_t maskd_packed_gemm_f32_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth) {
  return packed_bytes(shape, columns, taps, depth);
}

// Calls `place` for every place of the packed array in order, with the index of its weight or SIZE_MAX for padding.
static inline void walk(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const void *weights,
                        void *packed, void (*place)(const void *weights, size_t from, void *packed, size_t to)) {
  if (shape->is_dense)
    depth *= taps, taps = 1;
  size_t to = 0;
  for (size_t block = 0; block < columns; block += shape->nr)
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t group = 0; group < depth; group += shape->kr)
        for (size_t column = block; column < block + shape->nr; column += 1)
          for (size_t k = group; k < group + shape->kr; k += 1) {
            const bool inside = column < columns && k < depth;
            place(weights, inside ? (column * taps + tap) * depth + k : SIZE_MAX, packed, to);
            to += 1;
          }
}

static void place_s8(const void *weights, size_t from, void *packed, size_t to) {
  ((int8_t *)packed)[to] = from == SIZE_MAX ? 0 : ((const int8_t *)weights)[from];
}

static void place_s16(const void *weights, size_t from, void *packed, size_t to) {
  ((int16_t *)packed)[to] = from == SIZE_MAX ? 0 : ((const int8_t *)weights)[from];
}

static void place_f32(const void *weights, size_t from, void *packed, size_t to) {
  ((float *)packed)[to] = from == SIZE_MAX ? 0 : ((const float *)weights)[from];
}

void maskd_pack_gemm_s8(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const int8_t *weights,
                        void *packed) {
  if (shape->header_bytes > 0) {
    memset(packed, 0, shape->header_bytes);
    *(int8_t *)packed = memchr(weights, INT8_MIN & 0xff, columns * taps * depth) != NULL;
  }
  int8_t *blocks = (int8_t *)packed + shape->header_bytes;
  walk(shape, columns, taps, depth, weights, blocks, shape->weight_bytes == 2 ? place_s16 : place_s8);
}

void maskd_pack_gemm_f32(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const float *weights,
                         float *packed) {
  walk(shape, columns, taps, depth, weights, packed, place_f32);
}
