#if defined(__x86_64__)

#include "avx512vnni.h"
#include "depthwise_layout_avx512vnni.h"
#include <string.h>

size_t maskd_packed_depthwise_s8_bytes_avx512vnni(size_t height, size_t width, size_t channels) {
  size_t bytes = blocks_of(channels), groups;
  if (__builtin_mul_overflow(groups_of(height), width, &groups) ||
      __builtin_add_overflow(groups, row_groups_of(height, width), &groups) ||
      __builtin_mul_overflow(bytes, groups, &bytes) || __builtin_mul_overflow(bytes, (size_t)GROUP_BYTES, &bytes))
    return SIZE_MAX;
  return bytes;
}

// Where the weights of tap (y, x) go in a block, four bytes from one place to the next.
static int8_t *place_of_tap(size_t height, size_t width, size_t y, size_t x, int8_t *block) {
  const size_t groups = groups_of(height);
  if (y / GROUP < groups)
    return block + (x * groups + y / GROUP) * GROUP_BYTES + y % GROUP;
  const size_t group = x / GROUP;
  return block + (width * groups + group) * GROUP_BYTES + x - first_column(group, width);
}

// The channel of each place in a block, counted from its first.
static void find_channels(size_t quarters, uint8_t channels[CHANNELS]) {
  for (size_t place = 0; place < CHANNELS; place += 1) {
    const size_t vector = place / 16, quarter = place / 4 % 4 & (quarters - 1), lane = place % 4;
    channels[place] = (uint8_t)(16 * quarter + 4 * vector + lane);
  }
}

void maskd_pack_depthwise_s8_avx512vnni(size_t height, size_t width, size_t channels, const int8_t *weights,
                                        void *packed) {
  const size_t block_bytes = maskd_packed_depthwise_s8_bytes_avx512vnni(height, width, 1);
  int8_t *block = packed;
  for (size_t i = 0; i < blocks_of(channels); i += 1, block += block_bytes) {
    const size_t first = first_channel(i, height, width, channels);
    const size_t count = channels - first < CHANNELS ? channels - first : CHANNELS;
    uint8_t channel[CHANNELS];
    find_channels(QUARTERS / parts_of(channels - first), channel);
    memset(block, 0, block_bytes);
    for (size_t y = 0; y < height; y += 1)
      for (size_t x = 0; x < width; x += 1) {
        int8_t tap[CHANNELS] = {0};
        memcpy(tap, weights + (y * width + x) * channels + first, count);
        int8_t *to = place_of_tap(height, width, y, x, block);
        for (size_t place = 0; place < CHANNELS; place += 1)
          to[place * GROUP] = tap[channel[place]];
      }
  }
}

#endif
