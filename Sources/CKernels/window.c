#include "window.h"
#include <stdbool.h>
#include <string.h>

// The first input row and column under a result pixel, less the padding: either may be negative.
typedef struct place {
  size_t batch, y, x;
} place;

static place place_of(const maskd_window *w, size_t pixel) {
  return (place){pixel / (w->output_width * w->output_height), pixel / w->output_width % w->output_height,
                 pixel % w->output_width};
}

static void advance(const maskd_window *w, place *at) {
  at->x += 1;
  if (at->x == w->output_width) {
    at->x = 0;
    at->y += 1;
  }
  if (at->y == w->output_height) {
    at->y = 0;
    at->batch += 1;
  }
}

// Row `tap_y` of the window as an input row, or false outside the picture. The padding wraps around below zero.
static inline bool input_row(const maskd_window *w, const place *at, size_t tap_y, size_t *row) {
  *row = at->y * w->stride_height + tap_y * w->dilation_height - w->top;
  return *row < w->input_height;
}

static inline size_t input_column(const maskd_window *w, const place *at, size_t tap_x) {
  return at->x * w->stride_width + tap_x * w->dilation_width - w->left;
}

void maskd_point_taps(const maskd_window *w, const void *input, const void *outside, size_t first, size_t rows,
                      size_t mr, const void **pointers) {
  place at = place_of(w, first);
  for (size_t r = 0; r < rows; r += 1, advance(w, &at)) {
    const void **slot = pointers + r;
    for (size_t y = 0; y < w->height; y += 1) {
      size_t row;
      const bool is_inside = input_row(w, &at, y, &row);
      const char *start = (const char *)input + (at.batch * w->input_height + row) * w->input_width * w->pixel_bytes;
      for (size_t x = 0; x < w->width; x += 1, slot += mr) {
        const size_t column = input_column(w, &at, x);
        *slot = is_inside && column < w->input_width ? start + column * w->pixel_bytes : outside;
      }
    }
  }
}

// Copies `bytes` and perhaps up to 15 more, where they may be read.
static inline char *copy_run(char *to, const char *from, const char *end, size_t bytes) {
  if (bytes <= 16 && (size_t)(end - from) >= 16)
    memcpy(to, from, 16);
  else
    memcpy(to, from, bytes);
  return to + bytes;
}

void maskd_gather_taps(const maskd_window *w, const void *input, const void *input_end, const void *outside,
                       size_t tap_bytes, size_t first, size_t rows, size_t row_bytes, void *gathered) {
  place at = place_of(w, first);
  const bool is_dense = w->dilation_width == 1 && tap_bytes == w->pixel_bytes;
  for (size_t r = 0; r < rows; r += 1, advance(w, &at)) {
    char *to = (char *)gathered + r * row_bytes;
    const size_t left = input_column(w, &at, 0);
    for (size_t y = 0; y < w->height; y += 1) {
      size_t row;
      const bool is_inside = input_row(w, &at, y, &row);
      const char *start = (const char *)input + (at.batch * w->input_height + row) * w->input_width * w->pixel_bytes;
      if (is_inside && is_dense && left < w->input_width && w->width <= w->input_width - left) {
        to = copy_run(to, start + left * tap_bytes, input_end, w->width * tap_bytes);
        continue;
      }
      for (size_t x = 0; x < w->width; x += 1, to += tap_bytes) {
        const size_t column = input_column(w, &at, x);
        memcpy(to, is_inside && column < w->input_width ? start + column * w->pixel_bytes : outside, tap_bytes);
      }
    }
  }
}
