#ifndef MASKD_WINDOW_H
#define MASKD_WINDOW_H

#include <stddef.h>
#include <stdint.h>

// Where the taps of a convolution lie in its input, for the kernels that read through pointers. Nothing here computes.

// How a window moves over pictures [batch][row][column][channel]. Sizes are at least 1.
typedef struct maskd_window {
  size_t input_height, input_width;
  size_t height, width; // taps
  size_t stride_height, stride_width;
  size_t dilation_height, dilation_width;
  size_t top, left; // padding
  size_t output_height, output_width;
  size_t pixel_bytes; // from an input pixel to its neighbour
} maskd_window;

// Points each tap of `rows` neighbouring result pixels, from result pixel `first` on, to its input pixel: tap by tap,
// `mr` slots a tap. Taps outside the picture get `outside`.
void maskd_point_taps(const maskd_window *window, const void *input, const void *outside, size_t first, size_t rows,
                      size_t mr, const void **pointers);

// Copies what the taps of `rows` neighbouring result pixels see, `tap_bytes` of each, one result after the other, each
// tap by tap and `row_bytes` apart. Taps outside the picture copy `outside`. A row has at least 16 bytes more than its
// taps need, which may be overwritten. `input_end` is where the input's memory ends: nothing is read from there on.
void maskd_gather_taps(const maskd_window *window, const void *input, const void *input_end, const void *outside,
                       size_t tap_bytes, size_t first, size_t rows, size_t row_bytes, void *gathered);

#endif
