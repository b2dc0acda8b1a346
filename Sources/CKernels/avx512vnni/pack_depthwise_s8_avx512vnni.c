#if defined(__x86_64__)

#include "avx512vnni.h"
#include "depthwise_layout_avx512vnni.h"

size_t maskd_packed_depthwise_s8_bytes_avx512vnni(size_t height, size_t width, size_t channels) {
  size_t bytes = channels / CHANNELS + (channels % CHANNELS != 0), groups;
  if (__builtin_mul_overflow(groups_of(height), width, &groups) ||
      __builtin_add_overflow(groups, row_groups_of(height, width), &groups) ||
      __builtin_mul_overflow(bytes, groups, &bytes) || __builtin_mul_overflow(bytes, (size_t)GROUP_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}

// Weights of one block, which its packing asks for by place.
typedef struct block_weights {
  size_t height, width, channels, first, quarters;
  const int8_t *weights;
} block_weights;

static int8_t weight_at(const block_weights *b, size_t y, size_t x, size_t place) {
  const size_t vector = place / 16, quarter = place / 4 % 4 & (b->quarters - 1), lane = place % 4;
  const size_t channel = b->first + 16 * quarter + 4 * vector + lane;
  return y < b->height && x < b->width && channel < b->channels ? b->weights[(y * b->width + x) * b->channels + channel]
                                                                : 0;
}

void maskd_pack_depthwise_s8_avx512vnni(size_t height, size_t width, size_t channels, const int8_t *weights,
                                        void *packed) {
  int8_t *to = packed;
  for (size_t first = 0; first < channels; first += CHANNELS) {
    const block_weights b = {height, width, channels, first, QUARTERS / parts_of(channels - first), weights};
    for (size_t x = 0; x < width; x += 1)
      for (size_t group = 0; group < groups_of(height); group += 1)
        for (size_t place = 0; place < CHANNELS; place += 1)
          for (size_t i = 0; i < GROUP; i += 1, to += 1)
            *to = weight_at(&b, group * GROUP + i, x, place);
    for (size_t group = 0; group < row_groups_of(height, width); group += 1)
      for (size_t place = 0; place < CHANNELS; place += 1)
        for (size_t i = 0; i < GROUP; i += 1, to += 1) {
          const size_t x = first_column(group, width) + i;
          *to = x >= group * GROUP ? weight_at(&b, height - 1, x, place) : 0;
        }
  }
}

#endif
