#include "window.h"
#include <stdbool.h>
#include <string.h>

// Neighbouring results in one row of one picture.
typedef struct run {
  size_t batch, y, x; // of the first
  size_t count;
} run;

// The run that begins at result pixel `first` and has at most `most` pixels.
static run run_at(const maskd_window *w, size_t first, size_t most) {
  const size_t x = first % w->output_width, row = first / w->output_width;
  const size_t rest = w->output_width - x;
  return (run){row / w->output_height, row % w->output_height, x, most < rest ? most : rest};
}

// Row `tap_y` of the windows of a run as a row of the input, or null outside the picture. Padding wraps around zero.
static const char *input_row(const maskd_window *w, const run *at, const void *input, size_t tap_y) {
  const size_t row = at->y * w->stride_height + tap_y * w->dilation_height - w->top;
  if (row >= w->input_height)
    return NULL;
  return (const char *)input + (at->batch * w->input_height + row) * w->input_width * w->pixel_bytes;
}

// Whether `width` pixels from column `left` on are inside.
static bool is_inside(const maskd_window *w, size_t left, size_t width) {
  return left < w->input_width && width <= w->input_width - left;
}

static void point_all(size_t count, const char *to, size_t step, const void **slots) {
  for (size_t r = 0; r < count; r += 1)
    slots[r] = to + r * step;
}

void maskd_point_taps(const maskd_window *w, const void *input, const void *outside, size_t first, size_t rows,
                      size_t mr, const void **pointers) {
  const size_t step = w->stride_width * w->pixel_bytes;
  for (size_t done = 0; done < rows;) {
    const run at = run_at(w, first + done, rows - done);
    const size_t reach = (at.count - 1) * w->stride_width + 1;
    const void **slots = pointers + done;
    for (size_t y = 0; y < w->height; y += 1) {
      const char *row = input_row(w, &at, input, y);
      for (size_t x = 0; x < w->width; x += 1, slots += mr) {
        const size_t left = at.x * w->stride_width + x * w->dilation_width - w->left;
        if (!row)
          point_all(at.count, outside, 0, slots);
        else if (is_inside(w, left, reach))
          point_all(at.count, row + left * w->pixel_bytes, step, slots);
        else
          for (size_t r = 0; r < at.count; r += 1) {
            const size_t column = left + r * w->stride_width;
            slots[r] = column < w->input_width ? row + column * w->pixel_bytes : outside;
          }
      }
    }
    done += at.count;
  }
}

// A row of a window that begins `left` pixels from the start of the picture's row, which it leaves on one side or both.
static void patch(const maskd_window *w, const char *picture_row, const void *outside, size_t left, char *to) {
  memcpy(to, outside, w->width * w->pixel_bytes);
  const size_t skipped = left < w->input_width ? 0 : -left; // pixels before the picture: below zero it wraps around
  if (skipped >= w->width)
    return;
  const size_t from = left + skipped, seen = w->width - skipped, there = w->input_width - from;
  memcpy(to + skipped * w->pixel_bytes, picture_row + from * w->pixel_bytes,
         (seen < there ? seen : there) * w->pixel_bytes);
}

void maskd_point_rows(const maskd_window *w, const void *input, const void *outside, size_t first, size_t rows,
                      size_t mr, const void **pointers, void *patches, size_t patch_bytes) {
  const size_t step = w->stride_width * w->pixel_bytes;
  char *next_patch = patches;
  for (size_t done = 0; done < rows;) {
    const run at = run_at(w, first + done, rows - done);
    const size_t left = at.x * w->stride_width - w->left;
    const bool is_whole = is_inside(w, left, (at.count - 1) * w->stride_width + w->width);
    for (size_t y = 0; y < w->height; y += 1) {
      const void **slots = pointers + y * mr + done;
      const char *row = input_row(w, &at, input, y);
      if (!row)
        point_all(at.count, outside, 0, slots);
      else if (is_whole)
        point_all(at.count, row + left * w->pixel_bytes, step, slots);
      else
        for (size_t r = 0; r < at.count; r += 1) {
          const size_t column = left + r * w->stride_width;
          slots[r] = row + column * w->pixel_bytes;
          if (is_inside(w, column, w->width))
            continue;
          patch(w, row, outside, column, next_patch);
          slots[r] = next_patch;
          next_patch += patch_bytes;
        }
    }
    done += at.count;
  }
}
