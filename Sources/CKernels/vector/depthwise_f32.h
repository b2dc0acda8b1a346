#ifndef MASKD_VECTOR_DEPTHWISE_F32_H
#define MASKD_VECTOR_DEPTHWISE_F32_H

#include "kernels.h"
#include "vector_f32.h"

// The float depthwise convolution: a few neighbouring results at a time, so that a vector of weights is loaded once for
// all of them, and all channels of those before the next, so that the picture is read in the order in which it lies.

enum { MASKD_DEPTHWISE_PIXELS = 8, MASKD_DEPTHWISE_WIDTH = 3 };

typedef struct maskd_depthwise_f32 {
  const maskd_depthwise_window *window;
  const float *const *rows;
  const float *weights, *bias;
  size_t weight_stride; // from a tap to the next
  float minimum, maximum;
  char *result;
} maskd_depthwise_f32;

// How far neighbouring results lie from one another, in taps: 0 where that is no whole number, or not known.
#define MASKD_ANY_STRIDE 0

// One row of the window. Results whose windows overlap share what they load.
MASKD_INLINE void maskd_depthwise_taps_f32(const maskd_depthwise_f32 *d, size_t pixels, size_t width, size_t stride,
                                           size_t count, const char *row, const float *weights, maskd_vector *sums) {
  if (stride == MASKD_ANY_STRIDE) {
    for (size_t x = 0; x < width; x += 1, weights += d->weight_stride) {
      const maskd_vector w = maskd_load(weights);
#pragma clang loop unroll(full)
      for (size_t p = 0; p < pixels; p += 1) {
        const float *operand = (const float *)(row + p * d->window->pixel_step + x * d->window->tap_step);
        const maskd_vector values = count == MASKD_LANES ? maskd_load(operand) : maskd_load_part(operand, count);
        sums[p] = maskd_multiply_add(values, w, sums[p]);
      }
    }
    return;
  }
  maskd_vector w[MASKD_DEPTHWISE_WIDTH];
#pragma clang loop unroll(full)
  for (size_t x = 0; x < width; x += 1)
    w[x] = maskd_load(weights + x * d->weight_stride);
#pragma clang loop unroll(full)
  for (size_t column = 0; column < (pixels - 1) * stride + width; column += 1) {
    const maskd_vector values = maskd_load((const float *)(row + column * d->window->tap_step));
#pragma clang loop unroll(full)
    for (size_t p = 0; p < pixels; p += 1)
      if (column >= p * stride && column - p * stride < width)
        sums[p] = maskd_multiply_add(values, w[column - p * stride], sums[p]);
  }
}

// `count` results of `pixels` neighbours from `pixel` on, in channels from `channel` on.
MASKD_INLINE void maskd_depthwise_block_f32(const maskd_depthwise_f32 *d, size_t pixels, size_t pixel, size_t height,
                                            size_t width, size_t stride, size_t channel, size_t count) {
  maskd_vector sums[MASKD_DEPTHWISE_PIXELS];
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1)
    sums[p] = maskd_load(d->bias + channel);
  const float *weights = d->weights + channel;
  for (size_t y = 0; y < height; y += 1, weights += width * d->weight_stride)
    maskd_depthwise_taps_f32(d, pixels, width, stride, count,
                             (const char *)(d->rows[y] + channel) + pixel * d->window->pixel_step, weights, sums);
#pragma clang loop unroll(full)
  for (size_t p = 0; p < pixels; p += 1) {
    float *result = (float *)(d->result + (pixel + p) * d->window->result_step) + channel;
    const maskd_vector values = maskd_clamp_vector(sums[p], d->minimum, d->maximum);
    if (count == MASKD_LANES)
      maskd_store(result, values);
    else
      maskd_store_part(result, values, count);
  }
}

MASKD_INLINE void maskd_depthwise_pixels_f32(const maskd_depthwise_f32 *d, size_t pixels, size_t pixel, size_t height,
                                             size_t width, size_t stride, size_t channels) {
  if (channels < MASKD_LANES) {
    maskd_depthwise_block_f32(d, pixels, pixel, height, width, MASKD_ANY_STRIDE, 0, channels);
    return;
  }
  for (size_t channel = 0; channel + MASKD_LANES <= channels; channel += MASKD_LANES)
    maskd_depthwise_block_f32(d, pixels, pixel, height, width, stride, channel, MASKD_LANES);
  // The last channels once more, with what is left over.
  if (channels % MASKD_LANES != 0)
    maskd_depthwise_block_f32(d, pixels, pixel, height, width, stride, channels - MASKD_LANES, MASKD_LANES);
}

MASKD_INLINE void maskd_depthwise_row_f32(const maskd_depthwise_f32 *d, size_t pixels, size_t height, size_t width,
                                          size_t stride, size_t channels) {
  size_t pixel = 0;
  for (; pixel + MASKD_DEPTHWISE_PIXELS <= pixels; pixel += MASKD_DEPTHWISE_PIXELS)
    maskd_depthwise_pixels_f32(d, MASKD_DEPTHWISE_PIXELS, pixel, height, width, stride, channels);
  for (; pixel + MASKD_DEPTHWISE_PIXELS / 2 <= pixels; pixel += MASKD_DEPTHWISE_PIXELS / 2)
    maskd_depthwise_pixels_f32(d, MASKD_DEPTHWISE_PIXELS / 2, pixel, height, width, stride, channels);
  for (; pixel < pixels; pixel += 1)
    maskd_depthwise_pixels_f32(d, 1, pixel, height, width, stride, channels);
}

static void maskd_depthwise_f32_vector(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                       const float *const *rows, const float *weights, const float *bias, float minimum,
                                       float maximum, float *result) {
  const size_t weight_stride = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  const maskd_depthwise_f32 d = {window, rows, weights, bias, weight_stride, minimum, maximum, (char *)result};
  if (window->height == 3 && window->width == 3 && window->pixel_step == window->tap_step)
    maskd_depthwise_row_f32(&d, pixels, 3, 3, 1, channels);
  else if (window->height == 3 && window->width == 3 && window->pixel_step == 2 * window->tap_step)
    maskd_depthwise_row_f32(&d, pixels, 3, 3, 2, channels);
  else
    maskd_depthwise_row_f32(&d, pixels, window->height, window->width, MASKD_ANY_STRIDE, channels);
}

#endif
