#include "generic.h"
#include "requantize.h"

// Weights tap by tap, each tap padded to whole blocks of channels.

enum { BLOCK = MASKD_COLUMN_PAD };

static size_t padded(size_t channels) {
  return (channels + BLOCK - 1) / BLOCK * BLOCK;
}

size_t maskd_packed_depthwise_s8_bytes_generic(size_t height, size_t width, size_t channels) {
  size_t bytes;
  if (channels > SIZE_MAX - BLOCK || __builtin_mul_overflow(height, width, &bytes) ||
      __builtin_mul_overflow(bytes, padded(channels), &bytes))
    return SIZE_MAX;
  return bytes;
}

void maskd_pack_depthwise_s8_generic(size_t height, size_t width, size_t channels, const int8_t *weights,
                                     void *packed) {
  int8_t *to = packed;
  for (size_t tap = 0; tap < height * width; tap += 1, to += padded(channels))
    for (size_t c = 0; c < padded(channels); c += 1)
      to[c] = c < channels ? weights[tap * channels + c] : 0;
}

static void convolve_row(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                         const int8_t *const *rows, const void *packed, char *result, const maskd_epilogue *epilogue) {
  for (size_t pixel = 0; pixel < pixels; pixel += 1)
    for (size_t first = 0; first < channels; first += BLOCK) {
      const size_t count = channels - first < BLOCK ? channels - first : BLOCK;
      uint32_t sums[BLOCK] = {0};
      const int8_t *weights = (const int8_t *)packed + first;
      for (size_t y = 0; y < window->height; y += 1)
        for (size_t x = 0; x < window->width; x += 1, weights += padded(channels)) {
          const int8_t *operand = rows[y] + pixel * window->pixel_step + x * window->tap_step + first;
          for (size_t c = 0; c < count; c += 1)
            sums[c] += (uint32_t)(operand[c] * weights[c]);
        }
      for (size_t c = 0; c < count; c += 1)
        maskd_finish(sums[c], first + c, epilogue, result + pixel * window->result_step, first + c);
    }
}

void maskd_depthwise_s8_generic(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                const int8_t *const *taps, const void *packed, void *result,
                                const maskd_epilogue *epilogue) {
  for (size_t row = 0; row < rows; row += 1)
    convolve_row(pixels, channels, window, taps + row * window->height, packed,
                 (char *)result + row * pixels * window->result_step, epilogue);
}
