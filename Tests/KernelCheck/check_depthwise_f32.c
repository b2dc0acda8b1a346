#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <math.h>

// The oracle must not fuse what the kernels must not fuse.
#pragma STDC FP_CONTRACT OFF

enum { PIXELS = 5, CHANNELS = 70, TAPS = 10, PADDED = 96 };

static struct {
  guarded operand_memory[PIXELS * TAPS], pointer_memory, weight_memory, bias_memory;
  result_area result;
} now;

static void make(void) {
  if (now.weight_memory.first)
    return;
  for (size_t i = 0; i < PIXELS * TAPS; i += 1)
    now.operand_memory[i] = guarded_make(CHANNELS * sizeof(float));
  now.pointer_memory = guarded_make(PIXELS * TAPS * sizeof(void *));
  now.weight_memory = guarded_make(TAPS * PADDED * sizeof(float));
  now.bias_memory = guarded_make(PADDED * sizeof(float));
  now.result.memory = guarded_make(PIXELS * 2 * CHANNELS * sizeof(float));
}

static const float **random_operands(size_t count, size_t channels) {
  const float **operands = guarded_place(&now.pointer_memory, count * sizeof *operands, values_coin());
  for (size_t i = 0; i < count; i += 1) {
    float *operand = guarded_place(&now.operand_memory[i], channels * sizeof *operand, values_coin());
    values_fill_f32(operand, channels);
    operands[i] = operand;
  }
  return operands;
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t pixels, size_t channels,
                     size_t taps) {
  case_begin("%zu pixels, %zu channels, %zu taps", pixels, channels, taps);
  static float expected[PIXELS * CHANNELS];
  const size_t padded = (channels + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  const float **operands = random_operands(pixels * taps, channels);
  float *weights = guarded_place(&now.weight_memory, taps * padded * sizeof *weights, values_coin());
  float *bias = guarded_place(&now.bias_memory, padded * sizeof *bias, values_coin());
  values_fill_f32(weights, taps * padded);
  values_fill_f32(bias, padded);
  const float minimum = values_coin() ? -1 : -INFINITY, maximum = values_coin() ? 1 : INFINITY;

  for (size_t i = 0; i < pixels * channels; i += 1) {
    const size_t pixel = i / channels, channel = i % channels;
    float sum = 0;
    for (size_t tap = 0; tap < taps; tap += 1)
      sum += operands[pixel * taps + tap][channel] * weights[tap * padded + channel];
    expected[i] = oracle_clamp_f32(sum + bias[channel], minimum, maximum);
  }
  if (family != generic)
    generic->depthwise_f32(pixels, channels, taps, operands, weights, bias, minimum, maximum, expected,
                           channels * sizeof(float));
  const size_t stride = (channels + (size_t)values_in(0, (int64_t)channels)) * sizeof(float);
  result_place(&now.result, pixels, channels * sizeof(float), stride);
  family->depthwise_f32(pixels, channels, taps, operands, weights, bias, minimum, maximum,
                        (float *)(void *)now.result.first, stride);
  result_compare_f32(&now.result, expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  for (size_t channels = 1; channels <= CHANNELS; channels += 1)
    for (size_t i = 0; i < 3 && !checks_should_stop(); i += 1)
      run_case(family, generic, (size_t)values_in(1, PIXELS), channels, (size_t)values_in(1, TAPS));
}

// The job: 16 pixels of a 3x3 depthwise convolution over 96 channels.
enum { JOB_PIXELS = 16, JOB_TAPS = 9, JOB_CHANNELS = 96 };

static struct {
  float activations[JOB_TAPS + JOB_PIXELS][JOB_CHANNELS], results[JOB_PIXELS][JOB_CHANNELS];
  float weights[JOB_TAPS * JOB_CHANNELS], bias[JOB_CHANNELS];
  const float *operands[JOB_PIXELS * JOB_TAPS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_f32(&bench.activations[0][0], (JOB_TAPS + JOB_PIXELS) * JOB_CHANNELS);
  values_fill_f32(bench.weights, JOB_TAPS * JOB_CHANNELS);
  for (size_t i = 0; i < JOB_PIXELS * JOB_TAPS; i += 1)
    bench.operands[i] = bench.activations[i / JOB_TAPS + i % JOB_TAPS];
  return JOB_PIXELS * JOB_TAPS * JOB_CHANNELS;
}

static void job(const maskd_kernels *family) {
  family->depthwise_f32(JOB_PIXELS, JOB_CHANNELS, JOB_TAPS, bench.operands, bench.weights, bench.bias, 0, 6,
                        bench.results[0], sizeof bench.results[0]);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->depthwise_f32;
}

const check check_depthwise_f32 = {"depthwise_f32", function, run, prepare_job, job};
