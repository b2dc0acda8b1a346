#include "check.h"
#include "oracle.h"
#include "result.h"
#include "scales.h"
#include "values.h"

enum { PIXELS = 9, CHANNELS = 140, TAPS = 12, PADDED = 160 };

static struct {
  guarded operand_memory[PIXELS * TAPS], pointer_memory, weight_memory;
  result_area result;
  scales scales;
  const int8_t **operands; // [pixel][tap]
  int16_t *weights;
  size_t weight_stride;
  size_t pixels, channels, taps;
} now;

static void make(void) {
  if (now.weight_memory.first)
    return;
  for (size_t i = 0; i < PIXELS * TAPS; i += 1)
    now.operand_memory[i] = guarded_make(CHANNELS);
  now.pointer_memory = guarded_make(PIXELS * TAPS * sizeof(void *));
  now.weight_memory = guarded_make(TAPS * PADDED * sizeof(int16_t));
  now.result.memory = guarded_make(PIXELS * 2 * CHANNELS);
  scales_make(&now.scales);
}

static void randomize(size_t pixels, size_t channels, size_t taps) {
  now.pixels = pixels, now.channels = channels, now.taps = taps;
  now.operands = guarded_place(&now.pointer_memory, pixels * taps * sizeof *now.operands, values_coin());
  for (size_t i = 0; i < pixels * taps; i += 1) {
    int8_t *operand = guarded_place(&now.operand_memory[i], channels, values_coin());
    values_fill_s8(operand, channels);
    now.operands[i] = operand;
  }
  now.weight_stride = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  const size_t weights = taps * now.weight_stride;
  now.weights = guarded_place(&now.weight_memory, weights * sizeof *now.weights, values_coin());
  values_fill_s16(now.weights, weights);
  scales_randomize(&now.scales, channels, scales_int8_rounding());
}

static void compute(int8_t *result) {
  for (size_t pixel = 0; pixel < now.pixels; pixel += 1)
    for (size_t channel = 0; channel < now.channels; channel += 1) {
      int64_t sum = 0;
      for (size_t tap = 0; tap < now.taps; tap += 1)
        sum += now.operands[pixel * now.taps + tap][channel] * now.weights[tap * now.weight_stride + channel];
      result[pixel * now.channels + channel] =
          oracle_requantize(sum, now.scales.bias[channel], channel, &now.scales.value);
    }
}

static void call(const maskd_kernels *family, int8_t *result, size_t stride) {
  family->depthwise_s8_s16(now.pixels, now.channels, now.taps, now.operands, now.weights, result, stride,
                           &now.scales.value);
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t pixels, size_t channels,
                     size_t taps) {
  case_begin("%zu pixels, %zu channels, %zu taps", pixels, channels, taps);
  static int8_t expected[PIXELS * CHANNELS];
  randomize(pixels, channels, taps);
  if (family == generic)
    compute(expected);
  else
    call(generic, expected, channels);
  result_place(&now.result, pixels, channels, channels + (size_t)values_in(0, (int64_t)channels));
  call(family, (int8_t *)now.result.first, now.result.stride);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  for (size_t channels = 1; channels <= CHANNELS; channels += 1)
    for (size_t taps = 1; taps <= 4 && !checks_should_stop(); taps += 1)
      run_case(family, generic, (size_t)values_in(1, PIXELS), channels, taps);
  for (size_t pixels = 1; pixels <= PIXELS; pixels += 1)
    for (size_t taps = 1; taps <= TAPS && !checks_should_stop(); taps += 1)
      run_case(family, generic, pixels, (size_t)values_in(1, CHANNELS), taps);
}

// The job: 16 pixels of a 3x3 depthwise convolution over 96 channels.
enum { JOB_PIXELS = 16, JOB_TAPS = 9, JOB_CHANNELS = 96 };

static struct {
  int8_t activations[JOB_TAPS + JOB_PIXELS][JOB_CHANNELS], results[JOB_PIXELS][JOB_CHANNELS];
  int16_t weights[JOB_TAPS * JOB_CHANNELS];
  const int8_t *operands[JOB_PIXELS * JOB_TAPS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  make();
  values_fill_s8(&bench.activations[0][0], sizeof bench.activations);
  values_fill_s16(bench.weights, JOB_TAPS * JOB_CHANNELS);
  for (size_t i = 0; i < JOB_PIXELS * JOB_TAPS; i += 1)
    bench.operands[i] = bench.activations[i / JOB_TAPS + i % JOB_TAPS];
  scales_randomize(&now.scales, JOB_CHANNELS, MASKD_ROUND_TWICE);
  return JOB_PIXELS * JOB_TAPS * JOB_CHANNELS;
}

static void job(const maskd_kernels *family) {
  family->depthwise_s8_s16(JOB_PIXELS, JOB_CHANNELS, JOB_TAPS, bench.operands, bench.weights, bench.results[0],
                           JOB_CHANNELS, &now.scales.value);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->depthwise_s8_s16;
}

const check check_depthwise_s8_s16 = {"depthwise_s8_s16", function, run, prepare_job, job};
