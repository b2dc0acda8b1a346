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

// Results of a run, from the first to the one behind the last.
typedef struct span {
  size_t from, to;
} span;

// Those for which `width` pixels are inside, from column `left` on for the first result of the run.
static span inside_of(const maskd_window *w, const run *at, size_t left, size_t width) {
  const size_t stride = w->stride_width;
  const size_t outside = left < w->input_width ? 0 : -left; // below zero it wraps around
  const size_t from = (outside + stride - 1) / stride, first = left + from * stride;
  if (from >= at->count || !is_inside(w, first, width))
    return (span){at->count, at->count};
  const size_t to = from + (w->input_width - width - first) / stride + 1;
  return (span){from, to < at->count ? to : at->count};
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
    const void **slots = pointers + done;
    for (size_t x = 0; x < w->width; x += 1) {
      const size_t left = at.x * w->stride_width + x * w->dilation_width - w->left;
      const span inside = inside_of(w, &at, left, 1);
      for (size_t y = 0; y < w->height; y += 1) {
        const char *row = input_row(w, &at, input, y);
        const void **tap = slots + (y * w->width + x) * mr;
        const span seen = row ? inside : (span){at.count, at.count};
        point_all(seen.from, outside, 0, tap);
        if (seen.from < seen.to)
          point_all(seen.to - seen.from, row + (left + seen.from * w->stride_width) * w->pixel_bytes, step,
                    tap + seen.from);
        point_all(at.count - seen.to, outside, 0, tap + seen.to);
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

// Points to patches of the rows of windows that leave the picture. Returns where the next patch goes.
static char *point_patches(const maskd_window *w, const char *row, const void *outside, size_t left, span results,
                           const void **slots, char *next_patch, size_t patch_bytes) {
  for (size_t r = results.from; r < results.to; r += 1, next_patch += patch_bytes) {
    patch(w, row, outside, left + r * w->stride_width, next_patch);
    slots[r] = next_patch;
  }
  return next_patch;
}

void maskd_point_rows(const maskd_window *w, const void *input, const void *outside, size_t first, size_t rows,
                      size_t mr, const void **pointers, void *patches, size_t patch_bytes) {
  const size_t step = w->stride_width * w->pixel_bytes;
  char *next_patch = patches;
  for (size_t done = 0; done < rows;) {
    const run at = run_at(w, first + done, rows - done);
    const size_t left = at.x * w->stride_width - w->left;
    const span inside = inside_of(w, &at, left, w->width);
    for (size_t y = 0; y < w->height; y += 1) {
      const void **slots = pointers + y * mr + done;
      const char *row = input_row(w, &at, input, y);
      if (!row) {
        point_all(at.count, outside, 0, slots);
        continue;
      }
      const span before = {0, inside.from}, behind = {inside.to, at.count};
      next_patch = point_patches(w, row, outside, left, before, slots, next_patch, patch_bytes);
      if (inside.from < inside.to)
        point_all(inside.to - inside.from, row + (left + inside.from * w->stride_width) * w->pixel_bytes, step,
                  slots + inside.from);
      next_patch = point_patches(w, row, outside, left, behind, slots, next_patch, patch_bytes);
    }
    done += at.count;
  }
}
