#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"

enum { TAPS = 300, CHANNELS = 200 };

static struct {
  guarded operand_memory[TAPS], pointer_memory;
  result_area result;
  maskd_pool_s8_parameters parameters;
} now;

static void make(void) {
  if (now.pointer_memory.first)
    return;
  for (size_t i = 0; i < TAPS; i += 1)
    now.operand_memory[i] = guarded_make(CHANNELS);
  now.pointer_memory = guarded_make(TAPS * sizeof(void *));
  now.result.memory = guarded_make(CHANNELS);
}

static const int8_t **random_operands(size_t channels, size_t taps) {
  const int8_t **operands = guarded_place(&now.pointer_memory, taps * sizeof *operands, values_coin());
  for (size_t tap = 0; tap < taps; tap += 1) {
    int8_t *operand = guarded_place(&now.operand_memory[tap], channels, values_coin());
    values_fill_s8(operand, channels);
    operands[tap] = operand;
  }
  return operands;
}

static void randomize(void) {
  now.parameters = (maskd_pool_s8_parameters){
      .rounding = values_coin() ? MASKD_AVERAGE_HALF_UP : MASKD_AVERAGE_HALF_AWAY_FROM_ZERO,
      .operand_flip = values_coin() ? 0x80 : 0,
      .result_flip = values_coin() ? 0x80 : 0,
  };
  values_range_s8(&now.parameters.minimum, &now.parameters.maximum);
}

// The value that a byte of an operand stands for.
static int8_t value_of(int8_t byte) {
  return (int8_t)((uint8_t)byte ^ now.parameters.operand_flip);
}

// The byte that stands for a result.
static int8_t result_of(int64_t value) {
  const int8_t clamped = oracle_clamp(value, now.parameters.minimum, now.parameters.maximum);
  return (int8_t)((uint8_t)clamped ^ now.parameters.result_flip);
}

static void run_average_case(const maskd_kernels *family, const maskd_kernels *generic, size_t channels, size_t taps) {
  randomize();
  const maskd_average_rounding rounding = now.parameters.rounding;
  case_begin("%zu channels, %zu taps, rounding %d", channels, taps, (int)rounding);
  const int8_t **operands = random_operands(channels, taps);
  int8_t expected[CHANNELS];
  for (size_t channel = 0; channel < channels; channel += 1) {
    int64_t sum = 0;
    for (size_t tap = 0; tap < taps; tap += 1)
      sum += value_of(operands[tap][channel]);
    expected[channel] = result_of(oracle_average(sum, (int64_t)taps, rounding));
  }
  if (family != generic)
    generic->average_pool_s8(channels, taps, operands, expected, &now.parameters);
  result_place(&now.result, 1, channels, channels);
  family->average_pool_s8(channels, taps, operands, (int8_t *)now.result.first, &now.parameters);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run_max_case(const maskd_kernels *family, const maskd_kernels *generic, size_t channels, size_t taps) {
  randomize();
  case_begin("%zu channels, %zu taps", channels, taps);
  const int8_t **operands = random_operands(channels, taps);
  int8_t expected[CHANNELS];
  for (size_t channel = 0; channel < channels; channel += 1) {
    int64_t largest = INT64_MIN;
    for (size_t tap = 0; tap < taps; tap += 1)
      largest = value_of(operands[tap][channel]) > largest ? value_of(operands[tap][channel]) : largest;
    expected[channel] = result_of(largest);
  }
  if (family != generic)
    generic->max_pool_s8(channels, taps, operands, expected, &now.parameters);
  result_place(&now.result, 1, channels, channels);
  family->max_pool_s8(channels, taps, operands, (int8_t *)now.result.first, &now.parameters);
  result_compare(&now.result, (const uint8_t *)expected);
}

typedef void (*case_function)(const maskd_kernels *family, const maskd_kernels *generic, size_t channels, size_t taps);

static void run(const maskd_kernels *family, const maskd_kernels *generic, case_function run_case) {
  make();
  for (size_t channels = 1; channels <= CHANNELS; channels += 1)
    for (size_t i = 0; i < 4 && !checks_should_stop(); i += 1)
      run_case(family, generic, channels, (size_t)values_in(1, TAPS));
  for (size_t taps = 1; taps <= TAPS && !checks_should_stop(); taps += 1)
    run_case(family, generic, (size_t)values_in(1, CHANNELS), taps);
}

static void run_average(const maskd_kernels *family, const maskd_kernels *generic) {
  run(family, generic, run_average_case);
}

static void run_max(const maskd_kernels *family, const maskd_kernels *generic) {
  run(family, generic, run_max_case);
}

// The job: a 7x7 window over 96 channels.
enum { JOB_TAPS = 49, JOB_CHANNELS = 96 };

static struct {
  int8_t activations[JOB_TAPS][JOB_CHANNELS], result[JOB_CHANNELS];
  const int8_t *operands[JOB_TAPS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_s8(&bench.activations[0][0], sizeof bench.activations);
  for (size_t tap = 0; tap < JOB_TAPS; tap += 1)
    bench.operands[tap] = bench.activations[tap];
  now.parameters = (maskd_pool_s8_parameters){.minimum = -128, .maximum = 127};
  return JOB_TAPS * JOB_CHANNELS;
}

static void job_average(const maskd_kernels *family) {
  family->average_pool_s8(JOB_CHANNELS, JOB_TAPS, bench.operands, bench.result, &now.parameters);
}

static void job_max(const maskd_kernels *family) {
  family->max_pool_s8(JOB_CHANNELS, JOB_TAPS, bench.operands, bench.result, &now.parameters);
}

static void (*function_average(const maskd_kernels *family))(void) {
  return (void (*)(void))family->average_pool_s8;
}

static void (*function_max(const maskd_kernels *family))(void) {
  return (void (*)(void))family->max_pool_s8;
}

const check check_average_pool_s8 = {"average_pool_s8", function_average, run_average, prepare_job, job_average};
const check check_max_pool_s8 = {"max_pool_s8", function_max, run_max, prepare_job, job_max};
