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

// The same for windows whose taps stand side by side in memory (dilation_width of 1, all channels of a pixel): each row
// of a window is one tap of width * pixel_bytes bytes. A row that leaves the picture on the left or right is put
// together in `patches`, which has room for rows * height of them, `patch_bytes` apart; `outside` is as long as a tap.
void maskd_point_rows(const maskd_window *window, const void *input, const void *outside, size_t first, size_t rows,
                      size_t mr, const void **pointers, void *patches, size_t patch_bytes);

#endif
