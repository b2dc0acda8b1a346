#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <math.h>

// The oracle must not fuse what the kernels must not fuse.
#pragma STDC FP_CONTRACT OFF

enum { PIXELS = 9, CHANNELS = 70, SIDE = 5, STEPS = 3, PADDED = 96 };
enum { ROW_FLOATS = (PIXELS * STEPS + SIDE * STEPS) * 2 * CHANNELS };

static struct {
  guarded row_memory[SIDE], pointer_memory, weight_memory, bias_memory;
  result_area result;
  float *rows[SIDE], *weights, *bias;
  size_t pixel_step, tap_step; // in floats
} now;

static void make(void) {
  if (now.weight_memory.first)
    return;
  for (size_t y = 0; y < SIDE; y += 1)
    now.row_memory[y] = guarded_make(ROW_FLOATS * sizeof(float));
  now.pointer_memory = guarded_make(SIDE * sizeof(void *));
  now.weight_memory = guarded_make(SIDE * SIDE * PADDED * sizeof(float));
  now.bias_memory = guarded_make(PADDED * sizeof(float));
  now.result.memory = guarded_make(PIXELS * 2 * CHANNELS * sizeof(float));
}

static void randomize(size_t pixels, size_t channels, size_t height, size_t width) {
  const size_t pixel_floats = channels + (size_t)values_in(0, (int64_t)channels);
  now.tap_step = (size_t)values_in(1, STEPS) * pixel_floats;
  now.pixel_step = (size_t)values_in(1, STEPS) * pixel_floats;
  const size_t row_floats = (pixels - 1) * now.pixel_step + (width - 1) * now.tap_step + channels;
  for (size_t y = 0; y < height; y += 1) {
    now.rows[y] = guarded_place(&now.row_memory[y], row_floats * sizeof(float), values_coin());
    values_fill_f32(now.rows[y], row_floats);
  }
  const size_t padded = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  now.weights = guarded_place(&now.weight_memory, height * width * padded * sizeof(float), values_coin());
  now.bias = guarded_place(&now.bias_memory, padded * sizeof(float), values_coin());
  values_fill_f32(now.weights, height * width * padded);
  values_fill_f32(now.bias, padded);
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t pixels, size_t channels,
                     size_t height, size_t width) {
  case_begin("%zu pixels, %zu channels, %zux%zu taps", pixels, channels, height, width);
  static float expected[PIXELS * CHANNELS];
  static double bounds[PIXELS * CHANNELS];
  randomize(pixels, channels, height, width);
  const size_t padded = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  const float minimum = values_coin() ? -1 : -INFINITY, maximum = values_coin() ? 1 : INFINITY;
  for (size_t i = 0; i < pixels * channels; i += 1) {
    const size_t pixel = i / channels, channel = i % channels;
    float sum = 0;
    double magnitude = fabs((double)now.bias[channel]);
    for (size_t y = 0; y < height; y += 1)
      for (size_t x = 0; x < width; x += 1) {
        const float activation = now.rows[y][pixel * now.pixel_step + x * now.tap_step + channel];
        const float weight = now.weights[(y * width + x) * padded + channel];
        sum += activation * weight;
        magnitude += fabs((double)activation * (double)weight);
      }
    expected[i] = oracle_clamp_f32(sum + now.bias[channel], minimum, maximum);
    bounds[i] = oracle_sum_bound(magnitude, height * width + 1);
  }
  const size_t stride = (channels + (size_t)values_in(0, (int64_t)channels)) * sizeof(float);
  result_place(&now.result, pixels, channels * sizeof(float), stride);
  const float **rows = guarded_place(&now.pointer_memory, height * sizeof *rows, values_coin());
  for (size_t y = 0; y < height; y += 1)
    rows[y] = now.rows[y];
  const maskd_depthwise_window window = {.height = height,
                                         .width = width,
                                         .tap_step = now.tap_step * sizeof(float),
                                         .pixel_step = now.pixel_step * sizeof(float),
                                         .result_step = stride};
  family->depthwise_f32(pixels, channels, &window, rows, now.weights, now.bias, minimum, maximum,
                        (float *)(void *)now.result.first);
  // The generic kernel promises the order of its sums.
  if (family == generic)
    result_compare_f32(&now.result, expected);
  else
    result_compare_f32_within(&now.result, expected, bounds);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  for (size_t channels = 1; channels <= CHANNELS; channels += 1)
    for (size_t i = 0; i < 3 && !checks_should_stop(); i += 1) {
      const size_t height = i == 0 ? 3 : (size_t)values_in(1, SIDE), width = i == 0 ? 3 : (size_t)values_in(1, SIDE);
      run_case(family, generic, (size_t)values_in(1, PIXELS), channels, height, width);
    }
}

// The job: 16 pixels of a 3x3 depthwise convolution over 96 channels.
enum { JOB_PIXELS = 16, JOB_SIDE = 3, JOB_CHANNELS = 96 };

static struct {
  float activations[JOB_SIDE][(JOB_PIXELS + JOB_SIDE) * JOB_CHANNELS], results[JOB_PIXELS * JOB_CHANNELS];
  float weights[JOB_SIDE * JOB_SIDE * JOB_CHANNELS], bias[JOB_CHANNELS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_f32(&bench.activations[0][0], sizeof bench.activations / sizeof(float));
  values_fill_f32(bench.weights, JOB_SIDE * JOB_SIDE * JOB_CHANNELS);
  return JOB_PIXELS * JOB_SIDE * JOB_SIDE * JOB_CHANNELS;
}

static void job(const maskd_kernels *family) {
  const size_t pixel_bytes = JOB_CHANNELS * sizeof(float);
  const maskd_depthwise_window window = {.height = JOB_SIDE,
                                         .width = JOB_SIDE,
                                         .tap_step = pixel_bytes,
                                         .pixel_step = pixel_bytes,
                                         .result_step = pixel_bytes};
  const float *rows[JOB_SIDE] = {bench.activations[0], bench.activations[1], bench.activations[2]};
  family->depthwise_f32(JOB_PIXELS, JOB_CHANNELS, &window, rows, bench.weights, bench.bias, 0, 6, bench.results);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->depthwise_f32;
}

const check check_depthwise_f32 = {"depthwise_f32", function, run, prepare_job, job};
