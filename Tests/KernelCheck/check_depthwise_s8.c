#include "check.h"
#include "oracle.h"
#include "result.h"
#include "scales.h"
#include "values.h"
#include <stdlib.h>

enum { ROWS = 3, PIXELS = 9, LONG_ROW = 64, CHANNELS = 140, SIDE = 7, STEPS = 3 };
enum { ROW_BYTES = (LONG_ROW * 2 + SIDE) * STEPS * 2 * CHANNELS };

static struct {
  guarded row_memory[ROWS * SIDE], pointer_memory, packed_memory;
  result_area result;
  scales scales;
  int8_t *taps[ROWS * SIDE];
  int8_t weights[SIDE * SIDE * CHANNELS]; // [y][x][channel]
  maskd_depthwise_window window;
  size_t rows, pixels, channels, row_bytes;
  bool to_float;
} now;

static void make(void) {
  if (now.packed_memory.first)
    return;
  for (size_t y = 0; y < ROWS * SIDE; y += 1)
    now.row_memory[y] = guarded_make(ROW_BYTES);
  now.pointer_memory = guarded_make(ROWS * SIDE * sizeof(void *));
  now.packed_memory = guarded_make(SIDE * SIDE * 8 * (CHANNELS + 64));
  now.result.memory = guarded_make(LONG_ROW * 2 * CHANNELS * sizeof(float));
  scales_make(&now.scales);
}

static size_t element_bytes(void) {
  return now.to_float ? sizeof(float) : 1;
}

// Results are `stride` taps apart, or any distance where that is 0. Windows may leave the rows where `pads`.
static void randomize(size_t rows, size_t pixels, size_t channels, size_t height, size_t width, size_t stride,
                      bool pads) {
  now.rows = rows, now.pixels = pixels, now.channels = channels;
  const size_t pixel_bytes = channels + (size_t)values_in(0, (int64_t)channels);
  const size_t row_bytes = channels * element_bytes();
  now.window = (maskd_depthwise_window){
      .height = height,
      .width = width,
      .tap_step = (size_t)values_in(1, STEPS) * pixel_bytes,
      .pixel_step = (size_t)values_in(1, STEPS) * pixel_bytes,
      .result_step = row_bytes + (size_t)values_in(0, (int64_t)channels) * element_bytes(),
  };
  // Strides of one and two are what kernels know shorter ways for.
  if (stride == 0 && values_coin())
    stride = values_coin() ? 1 : 2;
  if (stride > 0)
    now.window.pixel_step = stride * now.window.tap_step;
  now.window.left = pads && values_coin();
  now.window.right = pads && values_coin();
  now.window.outside = (int8_t)values_in(INT8_MIN, INT8_MAX);
  const size_t columns = width - now.window.left - now.window.right;
  now.row_bytes =
      (pixels - 1) * now.window.pixel_step + columns * now.window.tap_step - (now.window.tap_step - channels);
  for (size_t y = 0; y < rows * height; y += 1) {
    now.taps[y] = guarded_place(&now.row_memory[y], now.row_bytes, values_coin());
    values_fill_s8(now.taps[y], now.row_bytes);
  }
  values_fill_weights_s8(now.weights, height * width * channels);
  scales_randomize(&now.scales, channels, now.to_float ? MASKD_TO_FLOAT : scales_int8_rounding());
}

static int64_t operand(size_t row, size_t pixel, size_t x, size_t channel) {
  const maskd_depthwise_window *w = &now.window;
  if ((pixel == 0 && x < w->left) || (pixel + 1 == now.pixels && x + w->right >= w->width))
    return w->outside;
  return now.taps[row][pixel * w->pixel_step + x * w->tap_step - w->left * w->tap_step + channel];
}

static int64_t sum_of_products(size_t row, size_t pixel, size_t channel) {
  int64_t sum = 0;
  for (size_t y = 0; y < now.window.height; y += 1)
    for (size_t x = 0; x < now.window.width; x += 1)
      sum += operand(row * now.window.height + y, pixel, x, channel) *
             now.weights[(y * now.window.width + x) * now.channels + channel];
  return sum;
}

// Chooses biases so that each channel has a result next to a tie, few of them in one pixel: kernels may round all
// channels of a pixel the long way if one needs it.
static void aim_at_ties(void) {
  const size_t results = now.rows * now.pixels;
  for (size_t channel = 0; channel < now.channels; channel += 1) {
    const size_t pixel = channel % results;
    const uint32_t products = (uint32_t)sum_of_products(pixel / now.pixels, pixel % now.pixels, channel);
    now.scales.bias[channel] = (int32_t)((uint32_t)scales_sum_near_tie(&now.scales, channel) - products);
  }
}

static void compute(void *result) {
  for (size_t pixel = 0; pixel < now.rows * now.pixels; pixel += 1)
    for (size_t channel = 0; channel < now.channels; channel += 1) {
      const int64_t sum = sum_of_products(pixel / now.pixels, pixel % now.pixels, channel);
      const int32_t bias = now.scales.bias[channel];
      const size_t i = pixel * now.channels + channel;
      if (now.to_float)
        ((float *)result)[i] = oracle_float(sum, bias, channel, &now.scales.value, now.scales.range);
      else
        ((int8_t *)result)[i] = oracle_requantize(sum, bias, channel, &now.scales.value);
    }
}

static void offset_rows(int32_t offset) {
  for (size_t y = 0; y < now.rows * now.window.height; y += 1)
    values_offset_s8(now.taps[y], now.row_bytes, offset);
}

// Packs and corrects as a caller does.
static void call(const maskd_kernels *family, void *result, size_t stride) {
  const int32_t offset = family->gemm_s8_shape.activation_offset;
  const size_t taps = now.window.height * now.window.width;
  const size_t bytes = family->packed_depthwise_s8_bytes(now.window.height, now.window.width, now.channels);
  void *packed = guarded_place(&now.packed_memory, bytes, values_coin());
  family->pack_depthwise_s8(now.window.height, now.window.width, now.channels, now.weights, packed);
  int32_t corrections[CHANNELS] = {0}, sums[CHANNELS];
  maskd_sum_channels_s8(taps, now.channels, now.weights, sums);
  for (size_t channel = 0; channel < now.channels; channel += 1) {
    for (size_t tap = 0; tap < taps; tap += 1)
      corrections[channel] += now.weights[tap * now.channels + channel];
    if (sums[channel] != corrections[channel])
      case_differs("the weights of channel %zu sum to %d instead of %d", channel, sums[channel], corrections[channel]);
    corrections[channel] *= offset;
  }
  scales_place_bias(&now.scales, now.channels, corrections);
  const size_t count = now.rows * now.window.height;
  const int8_t **pointers = guarded_place(&now.pointer_memory, count * sizeof *pointers, values_coin());
  for (size_t y = 0; y < count; y += 1)
    pointers[y] = now.taps[y] - now.window.left * now.window.tap_step;
  maskd_depthwise_window window = now.window;
  window.result_step = stride;
  values_offset_s8(&window.outside, 1, offset);
  offset_rows(offset);
  family->depthwise_s8(now.rows, now.pixels, now.channels, &window, pointers, packed, result, &now.scales.value);
  offset_rows(offset);
}

static void compare_ranges(const float *expected) {
  const float *got = now.scales.range;
  if (now.scales.value.range && (got[0] != expected[0] || got[1] != expected[1]))
    case_differs("range %a to %a instead of %a to %a", (double)got[0], (double)got[1], (double)expected[0],
                 (double)expected[1]);
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t rows, size_t pixels,
                     size_t channels, size_t height, size_t width, size_t stride, bool pads) {
  case_begin("%zu rows of %zu pixels, %zu channels, %zux%zu taps, stride %zu", rows, pixels, channels, height, width,
             stride);
  static float expected[LONG_ROW * CHANNELS];
  randomize(rows, pixels, channels, height, width, stride, pads);
  if (now.scales.value.rounding == MASKD_ROUND_TWICE && values_coin())
    aim_at_ties();
  const size_t row_bytes = channels * element_bytes();
  if (family == generic || pads)
    compute(expected);
  else
    call(generic, expected, row_bytes);
  const float range[2] = {now.scales.range[0], now.scales.range[1]};
  now.scales.range[0] = now.scales.range[1] = 0;
  result_place(&now.result, rows * pixels, row_bytes, now.window.result_step);
  call(family, now.result.first, now.result.stride);
  if (!now.to_float) {
    result_compare(&now.result, (const uint8_t *)expected);
    return;
  }
  result_compare_f32(&now.result, expected);
  compare_ranges(range);
}

static void run_cases(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  for (size_t channels = 1; channels <= CHANNELS; channels += 1)
    for (size_t side = 1; side <= 5 && !checks_should_stop(); side += 2)
      run_case(family, generic, (size_t)values_in(1, ROWS), (size_t)values_in(1, PIXELS), channels, side, side, 0,
               false);
  for (size_t pixels = 1; pixels <= PIXELS; pixels += 1)
    for (size_t i = 0; i < SIDE * SIDE && !checks_should_stop(); i += 1)
      run_case(family, generic, (size_t)values_in(1, ROWS), pixels, (size_t)values_in(1, CHANNELS), i / SIDE + 1,
               i % SIDE + 1, 0, false);
  // Whole and parted blocks of channels, and every rest that tiles of neighbouring results leave.
  for (size_t channels = 16; channels <= CHANNELS; channels += 16)
    for (size_t pixels = 1; pixels <= PIXELS; pixels += 1)
      for (size_t i = 0; i < 4 && !checks_should_stop(); i += 1)
        run_case(family, generic, (size_t)values_in(1, ROWS), pixels, channels, 3 + i / 2 * 2, 3 + i / 2 * 2, 1 + i % 2,
                 i < 2 && family->pads_depthwise_s8);
  // Longer rows than a kernel may take in one piece.
  for (size_t i = 0; i < 16 && !checks_should_stop(); i += 1)
    run_case(family, generic, 1, (size_t)values_in(PIXELS, LONG_ROW), (size_t)values_in(1, 40), i % 4 + 2, i % 4 + 2, 0,
             false);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  now.to_float = false;
  run_cases(family, generic);
}

static void run_to_float(const maskd_kernels *family, const maskd_kernels *generic) {
  now.to_float = true;
  run_cases(family, generic);
}

// The job: a row of 16 results of a 3x3 depthwise convolution over 96 channels.
enum { JOB_PIXELS = 16, JOB_SIDE = 3, JOB_CHANNELS = 96 };

static struct {
  int8_t rows[JOB_SIDE][(JOB_PIXELS + JOB_SIDE - 1) * JOB_CHANNELS], results[JOB_PIXELS * JOB_CHANNELS];
  int8_t weights[JOB_SIDE * JOB_SIDE * JOB_CHANNELS];
  void *packed;
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  make();
  values_fill_s8(&bench.rows[0][0], sizeof bench.rows);
  values_fill_s8(bench.weights, sizeof bench.weights);
  free(bench.packed);
  bench.packed = malloc(family->packed_depthwise_s8_bytes(JOB_SIDE, JOB_SIDE, JOB_CHANNELS));
  if (!bench.packed)
    exit(EXIT_FAILURE);
  family->pack_depthwise_s8(JOB_SIDE, JOB_SIDE, JOB_CHANNELS, bench.weights, bench.packed);
  scales_randomize(&now.scales, JOB_CHANNELS, MASKD_ROUND_TWICE);
  return JOB_PIXELS * JOB_SIDE * JOB_SIDE * JOB_CHANNELS;
}

static void job(const maskd_kernels *family) {
  const maskd_depthwise_window window = {.height = JOB_SIDE,
                                         .width = JOB_SIDE,
                                         .tap_step = JOB_CHANNELS,
                                         .pixel_step = JOB_CHANNELS,
                                         .result_step = JOB_CHANNELS};
  const int8_t *const rows[JOB_SIDE] = {bench.rows[0], bench.rows[1], bench.rows[2]};
  family->depthwise_s8(1, JOB_PIXELS, JOB_CHANNELS, &window, rows, bench.packed, bench.results, &now.scales.value);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->depthwise_s8;
}

const check check_depthwise_s8 = {"depthwise_s8", function, run, prepare_job, job};
const check check_depthwise_s8_to_f32 = {"depthwise_s8_to_f32", function, run_to_float, prepare_job, job};
