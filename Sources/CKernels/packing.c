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

// Lays elements of `width` bytes out, with the elements of one group (kr * width bytes) together. Inlined with constant
// widths, so that a group is one load and one store: packing is most of what loading a model takes.
static inline __attribute__((always_inline)) void pack(const maskd_gemm_shape *shape, size_t columns, size_t taps,
                                                       size_t depth, size_t kr, size_t width, const char *weights,
                                                       char *packed) {
  if (shape->is_dense)
    depth *= taps, taps = 1;
  const size_t column_bytes = taps * depth * width, group_bytes = kr * width;
  for (size_t block = 0; block < columns; block += shape->nr) {
    const size_t filled = columns - block < shape->nr ? columns - block : shape->nr;
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t group = 0; group < depth; group += kr) {
        const char *from = weights + block * column_bytes + (tap * depth + group) * width;
        const bool is_whole = depth - group >= kr;
        for (size_t column = 0; column < filled; column += 1, from += column_bytes, packed += group_bytes) {
          if (is_whole) {
            memcpy(packed, from, group_bytes);
          } else {
            memset(packed, 0, group_bytes);
            memcpy(packed, from, (depth - group) * width);
          }
        }
        memset(packed, 0, (shape->nr - filled) * group_bytes);
        packed += (shape->nr - filled) * group_bytes;
      }
  }
}

// The same for weights that are packed as int16.
static void pack_wide(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const int8_t *weights,
                      int16_t *packed) {
  if (shape->is_dense)
    depth *= taps, taps = 1;
  for (size_t block = 0; block < columns; block += shape->nr)
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t group = 0; group < depth; group += shape->kr)
        for (size_t column = block; column < block + shape->nr; column += 1)
          for (size_t k = group; k < group + shape->kr; k += 1) {
            *packed = column < columns && k < depth ? weights[(column * taps + tap) * depth + k] : 0;
            packed += 1;
          }
}

void maskd_pack_gemm_s8(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const int8_t *weights,
                        void *packed) {
  if (shape->header_bytes > 0) {
    memset(packed, 0, shape->header_bytes);
    *(int8_t *)packed = memchr(weights, INT8_MIN & 0xff, columns * taps * depth) != NULL;
  }
  const char *from = (const char *)weights;
  char *blocks = (char *)packed + shape->header_bytes;
  if (shape->weight_bytes == 2)
    pack_wide(shape, columns, taps, depth, weights, (int16_t *)(void *)blocks);
  else if (shape->kr == 4)
    pack(shape, columns, taps, depth, 4, 1, from, blocks);
  else if (shape->kr == 8)
    pack(shape, columns, taps, depth, 8, 1, from, blocks);
  else
    pack(shape, columns, taps, depth, shape->kr, 1, from, blocks);
}

void maskd_pack_gemm_f32(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const float *weights,
                         float *packed) {
  const char *from = (const char *)weights;
  if (shape->kr == 1)
    pack(shape, columns, taps, depth, 1, sizeof(float), from, (char *)packed);
  else
    pack(shape, columns, taps, depth, shape->kr, sizeof(float), from, (char *)packed);
}
