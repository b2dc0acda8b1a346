#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <math.h>
#include <string.h>

// The oracle must not fuse what the kernels must not fuse.
#pragma STDC FP_CONTRACT OFF

enum { COUNT = 300 };

static struct {
  guarded left_memory, right_memory, range_memory;
  result_area result;
} now;

static void make(void) {
  if (now.left_memory.first)
    return;
  now.left_memory = guarded_make(COUNT * sizeof(float));
  now.right_memory = guarded_make(COUNT * sizeof(float));
  now.range_memory = guarded_make(2 * sizeof(float));
  now.result.memory = guarded_make(COUNT * sizeof(float));
}

static float *random_floats(const guarded *memory, size_t count) {
  float *values = guarded_place(memory, count * sizeof *values, values_coin());
  values_fill_f32(values, count);
  return values;
}

static const char *const operation_names[] = {"add",     "subtract", "multiply", "divide",
                                              "maximum", "minimum",  "prelu",    "hard swish"};

static float oracle_arithmetic(maskd_arithmetic operation, float a, float b) {
  switch (operation) {
  case MASKD_ADD:
    return a + b;
  case MASKD_SUBTRACT:
    return a - b;
  case MASKD_MULTIPLY:
    return a * b;
  case MASKD_DIVIDE:
    return a / b;
  case MASKD_MAXIMUM:
    return fmaxf(a, b);
  case MASKD_MINIMUM:
    return fminf(a, b);
  case MASKD_PRELU:
    return a < 0 ? a * b : a;
  case MASKD_HARD_SWISH:
    return a * fminf(fmaxf(a + 3, 0), 6) * (1.0f / 6);
  }
  return NAN;
}

// Runs of an operand, each behind the other or all the same, for steps of 1; else a value for each run or for all.
static size_t stride_of(size_t step, size_t count) {
  return values_coin() ? 0 : step == 1 ? count : 1;
}

static void check_range(const float *range, const float *first, const float *values, size_t count) {
  float least = first[0], greatest = first[1];
  for (size_t i = 0; i < count; i += 1)
    least = fminf(least, values[i]), greatest = fmaxf(greatest, values[i]);
  if (range[0] != least || range[1] != greatest)
    case_differs("%a to %a instead of %a to %a", (double)range[0], (double)range[1], (double)least, (double)greatest);
}

// Computes with the range, or without.
static void compute(const maskd_kernels *family, maskd_arithmetic operation, const maskd_broadcast *shape,
                    const float *left, const float *right, const float *limits, const float *expected) {
  float *result = (float *)(void *)now.result.first;
  const bool has_range = values_coin();
  float *range = guarded_place(&now.range_memory, 2 * sizeof *range, values_coin());
  range[0] = values_coin() ? INFINITY : -0.5f, range[1] = values_coin() ? -INFINITY : 0.5f;
  const float first[2] = {range[0], range[1]};
  family->arithmetic_f32(operation, shape, left, right, limits[0], limits[1], result, has_range ? range : NULL);
  result_compare_f32(&now.result, expected);
  check_range(range, first, expected, has_range ? shape->runs * shape->count : 0);
}

static void run_arithmetic_case(const maskd_kernels *family, maskd_arithmetic operation, size_t runs, size_t left_step,
                                size_t right_step) {
  maskd_broadcast shape = {.runs = runs, .left_step = left_step, .right_step = right_step};
  shape.count = (size_t)values_in(1, COUNT / (int64_t)runs);
  shape.left_stride = stride_of(left_step, shape.count);
  shape.right_stride = stride_of(right_step, shape.count);
  // In place of the left operand afterwards, which then must have the same gaps.
  const bool in_place = left_step == 1 && (runs == 1 || shape.left_stride != 0);
  const size_t gap = values_coin() ? (size_t)values_in(0, COUNT / (int64_t)runs - (int64_t)shape.count) : 0;
  shape.result_stride = shape.count + gap;
  if (in_place)
    shape.left_stride = shape.result_stride;
  const size_t count = runs * shape.count;
  case_begin("%s, %zu runs of %zu values, steps %zu and %zu, strides %zu and %zu, %zu", operation_names[operation],
             runs, shape.count, left_step, right_step, shape.left_stride, shape.right_stride, shape.result_stride);
  const float *left =
      random_floats(&now.left_memory, (runs - 1) * shape.left_stride + (shape.count - 1) * left_step + 1);
  const float *right =
      random_floats(&now.right_memory, (runs - 1) * shape.right_stride + (shape.count - 1) * right_step + 1);
  const float limits[2] = {values_coin() ? -1 : -INFINITY, values_coin() ? 1 : INFINITY};
  static float expected[COUNT];
  for (size_t i = 0; i < count; i += 1) {
    const size_t run = i / shape.count, at = i % shape.count;
    const float a = left[run * shape.left_stride + at * left_step];
    const float b = right[run * shape.right_stride + at * right_step];
    expected[i] = oracle_clamp_f32(oracle_arithmetic(operation, a, b), limits[0], limits[1]);
  }
  result_place(&now.result, runs, shape.count * sizeof(float), shape.result_stride * sizeof(float));
  compute(family, operation, &shape, left, right, limits, expected);
  if (!in_place)
    return;
  float *both = (float *)(void *)now.result.first;
  for (size_t run = 0; run < runs; run += 1)
    memcpy(both + run * shape.result_stride, left + run * shape.left_stride, shape.count * sizeof *both);
  compute(family, operation, &shape, both, right, limits, expected);
}

static void run_arithmetic(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  make();
  for (maskd_arithmetic operation = MASKD_ADD; operation <= MASKD_HARD_SWISH; operation += 1)
    for (size_t i = 0; i < 40 && !checks_should_stop(); i += 1) {
      const size_t runs = i % 2 == 0 ? 1 : (size_t)values_in(2, 9);
      run_arithmetic_case(family, operation, runs, 1, 1);
      run_arithmetic_case(family, operation, runs, 1, 0);
      run_arithmetic_case(family, operation, runs, 0, 1);
    }
}

static void run_sums(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  make();
  for (size_t columns = 1; columns <= COUNT / 2 && !checks_should_stop(); columns += 1) {
    const size_t rows = (size_t)values_in(1, COUNT / (int64_t)columns);
    const size_t stride =
        columns + (size_t)values_in(0, rows > 1 ? (int64_t)((COUNT - columns) / (rows - 1) - columns) : 0);
    case_begin("%zu columns, %zu rows, %zu apart", columns, rows, stride);
    const float *values = random_floats(&now.left_memory, (rows - 1) * stride + columns);
    static float expected[COUNT];
    for (size_t c = 0; c < columns; c += 1) {
      expected[c] = 0;
      for (size_t r = 0; r < rows; r += 1)
        expected[c] += values[r * stride + c];
    }
    result_place(&now.result, 1, columns * sizeof(float), columns * sizeof(float));
    family->sums_of_columns_f32(columns, rows, stride, values, (float *)(void *)now.result.first);
    result_compare_f32(&now.result, expected);
  }
}

static void run_range(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  make();
  for (size_t count = 1; count <= COUNT && !checks_should_stop(); count += 1) {
    case_begin("%zu values", count);
    float *values = random_floats(&now.left_memory, count);
    if (values_coin())
      values[values_in(0, (int64_t)count - 1)] = NAN;
    float *range = guarded_place(&now.range_memory, 2 * sizeof *range, values_coin());
    range[0] = values_coin() ? INFINITY : -1.5f, range[1] = values_coin() ? -INFINITY : 1.5f;
    const float first[2] = {range[0], range[1]};
    family->range_f32(count, values, range);
    check_range(range, first, values, count);
  }
}

// Steps and a half of the quantized type as often as anything else: ties must go away from zero.
static void fill_for_rounding(float *values, size_t count, float scale) {
  values_fill_f32(values, count);
  for (size_t i = 0; i < count; i += 1)
    if (values_coin())
      values[i] = (float)values_in(-300, 300) * 0.5f * scale;
    else
      values[i] = fmodf(values[i], 1000 * scale);
}

static uint8_t oracle_quantize(float value, const maskd_quantization *to) {
  const float steps = roundf(value * to->inverse_scale) + (float)to->zero_point;
  const float clamped = fminf(fmaxf(steps, -128), 127);
  return (uint8_t)((uint8_t)(int8_t)clamped ^ to->flip);
}

static void run_quantize(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  make();
  for (size_t count = 1; count <= COUNT && !checks_should_stop(); count += 1) {
    case_begin("%zu values", count);
    const float scale = values_coin() ? 0.0625f : 0.01f;
    // The least zero point, as behind a RELU, may have a way of its own.
    const int32_t zero_point = values_coin() ? -128 : (int32_t)values_in(-128, 127);
    const maskd_quantization to = {1 / scale, zero_point, values_coin() ? 0x80 : 0};
    float *values = guarded_place(&now.left_memory, count * sizeof *values, values_coin());
    fill_for_rounding(values, count, scale);
    static uint8_t expected[COUNT];
    for (size_t i = 0; i < count; i += 1)
      expected[i] = oracle_quantize(values[i], &to);
    result_place(&now.result, 1, count, count);
    family->quantize_f32_s8(count, values, &to, (int8_t *)now.result.first);
    result_compare(&now.result, expected);
  }
}

static uint8_t oracle_divide(float value, const maskd_division *by) {
  const float steps = roundf(value / by->scale) + (float)by->zero_point;
  const float clamped = isnan(steps) ? -128 : fminf(fmaxf(steps, -128), 127);
  return (uint8_t)((uint8_t)(int8_t)clamped ^ by->flip);
}

static void run_divide(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  make();
  for (size_t count = 1; count <= COUNT && !checks_should_stop(); count += 1) {
    case_begin("%zu values", count);
    const float scale = values_coin() ? 0.0625f : 0.01f;
    const maskd_division by = {scale, (int32_t)values_in(-128, 127), values_coin() ? 0x80 : 0};
    float *values = guarded_place(&now.left_memory, count * sizeof *values, values_coin());
    fill_for_rounding(values, count, scale);
    static uint8_t expected[COUNT];
    for (size_t i = 0; i < count; i += 1)
      expected[i] = oracle_divide(values[i], &by);
    result_place(&now.result, 1, count, count);
    family->divide_f32_s8(count, values, &by, (int8_t *)now.result.first);
    result_compare(&now.result, expected);
  }
}

// The jobs: a picture of 16 KiB.
enum { JOB_COUNT = 4096 };

static struct {
  float left[JOB_COUNT], right[JOB_COUNT], result[JOB_COUNT];
  int8_t bytes[JOB_COUNT];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_f32(bench.left, JOB_COUNT);
  values_fill_f32(bench.right, JOB_COUNT);
  return JOB_COUNT;
}

static void arithmetic_job(const maskd_kernels *family) {
  const maskd_broadcast shape = {1, JOB_COUNT, 1, 0, 1, 0, JOB_COUNT};
  family->arithmetic_f32(MASKD_ADD, &shape, bench.left, bench.right, 0, 6, bench.result, NULL);
}

static void sums_job(const maskd_kernels *family) {
  family->sums_of_columns_f32(64, JOB_COUNT / 64, 64, bench.left, bench.result);
}

static void range_job(const maskd_kernels *family) {
  float range[2] = {0, 0};
  family->range_f32(JOB_COUNT, bench.left, range);
}

static void quantize_job(const maskd_kernels *family) {
  const maskd_quantization to = {20, 3, 0x80};
  family->quantize_f32_s8(JOB_COUNT, bench.left, &to, bench.bytes);
}

static void divide_job(const maskd_kernels *family) {
  const maskd_division by = {0.05f, 3, 0x80};
  family->divide_f32_s8(JOB_COUNT, bench.left, &by, bench.bytes);
}

static void (*arithmetic_function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->arithmetic_f32;
}

static void (*sums_function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->sums_of_columns_f32;
}

static void (*range_function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->range_f32;
}

static void (*quantize_function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->quantize_f32_s8;
}

static void (*divide_function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->divide_f32_s8;
}

const check check_arithmetic_f32 = {"arithmetic_f32", arithmetic_function, run_arithmetic, prepare_job, arithmetic_job};
const check check_sums_of_columns_f32 = {"sums_of_columns_f32", sums_function, run_sums, prepare_job, sums_job};
const check check_range_f32 = {"range_f32", range_function, run_range, prepare_job, range_job};
const check check_quantize_f32_s8 = {"quantize_f32_s8", quantize_function, run_quantize, prepare_job, quantize_job};
const check check_divide_f32_s8 = {"divide_f32_s8", divide_function, run_divide, prepare_job, divide_job};
