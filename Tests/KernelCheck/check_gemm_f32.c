#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <math.h>

// The oracle must not fuse what the kernels must not fuse.
#pragma STDC FP_CONTRACT OFF

enum { ROWS = 48, COLUMNS = 150, TAPS = 5, PRODUCTS = 200, PACKED = (COLUMNS + 32) * (PRODUCTS + 4 * TAPS) * 4 };

static struct {
  guarded operand_memory[TAPS * ROWS], pointer_memory, packed_memory, bias_memory;
  result_area result;
  const float *operands[TAPS * ROWS]; // [tap][row]
  float weights[COLUMNS * PRODUCTS];
  float *bias;
  float minimum, maximum;
  size_t rows, columns, taps, depth;
  double bounds[ROWS * COLUMNS]; // how far other families may be off
} now;

static void make(void) {
  if (now.packed_memory.first)
    return;
  for (size_t i = 0; i < TAPS * ROWS; i += 1)
    now.operand_memory[i] = guarded_make(PRODUCTS * sizeof(float));
  now.pointer_memory = guarded_make(TAPS * ROWS * sizeof(void *));
  now.packed_memory = guarded_make(PACKED);
  now.bias_memory = guarded_make((COLUMNS + MASKD_COLUMN_PAD) * sizeof(float));
  now.result.memory = guarded_make(ROWS * 2 * COLUMNS * sizeof(float));
}

static void randomize(size_t rows, size_t columns, size_t taps, size_t depth) {
  now.rows = rows, now.columns = columns, now.taps = taps, now.depth = depth;
  for (size_t i = 0; i < taps * rows; i += 1) {
    float *operand = guarded_place(&now.operand_memory[i], depth * sizeof *operand, values_coin());
    values_fill_f32(operand, depth);
    now.operands[i] = operand;
  }
  values_fill_f32(now.weights, columns * taps * depth);
  const size_t padded = (columns + MASKD_COLUMN_PAD - 1) / MASKD_COLUMN_PAD * MASKD_COLUMN_PAD;
  now.bias = guarded_place(&now.bias_memory, padded * sizeof *now.bias, values_coin());
  values_fill_f32(now.bias, columns);
  now.minimum = values_coin() ? 0 : -INFINITY;
  now.maximum = values_coin() ? 6 : INFINITY;
}

static void compute(float *result) {
  for (size_t row = 0; row < now.rows; row += 1)
    for (size_t column = 0; column < now.columns; column += 1) {
      float sum = 0;
      double magnitude = fabs((double)now.bias[column]);
      for (size_t tap = 0; tap < now.taps; tap += 1)
        for (size_t k = 0; k < now.depth; k += 1) {
          const float activation = now.operands[tap * now.rows + row][k];
          const float weight = now.weights[(column * now.taps + tap) * now.depth + k];
          sum += activation * weight;
          magnitude += fabs((double)activation * (double)weight);
        }
      result[row * now.columns + column] = oracle_clamp_f32(sum + now.bias[column], now.minimum, now.maximum);
      now.bounds[row * now.columns + column] = oracle_sum_bound(magnitude, now.taps * now.depth + 1);
    }
}

static void call(const maskd_kernels *family, float *result, size_t stride) {
  const maskd_gemm_shape *shape = &family->gemm_f32_shape;
  const size_t bytes = maskd_packed_gemm_f32_bytes(shape, now.columns, now.taps, now.depth);
  float *packed = guarded_place(&now.packed_memory, bytes, values_coin());
  maskd_pack_gemm_f32(shape, 0, now.columns, now.taps, now.depth, now.weights, packed);
  for (size_t first = 0; first < now.rows; first += shape->mr) {
    const size_t rows = now.rows - first < shape->mr ? now.rows - first : shape->mr;
    const float **pointers = guarded_place(&now.pointer_memory, now.taps * shape->mr * sizeof *pointers, values_coin());
    for (size_t tap = 0; tap < now.taps; tap += 1)
      for (size_t row = 0; row < shape->mr; row += 1)
        pointers[tap * shape->mr + row] =
            row < rows ? now.operands[tap * now.rows + first + row] : guarded_forbidden(&now.pointer_memory);
    // In one panel of columns, or in two.
    const size_t panel = now.columns > MASKD_COLUMN_PAD && values_coin() ? MASKD_COLUMN_PAD : now.columns;
    for (size_t column = 0; column < now.columns; column += panel) {
      const size_t columns = now.columns - column < panel ? now.columns - column : panel;
      family->gemm_f32(rows, column, columns, now.taps, now.depth, pointers, packed, now.bias, now.minimum, now.maximum,
                       (float *)(void *)((char *)result + first * stride) + column, stride);
    }
  }
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t rows, size_t columns,
                     size_t taps, size_t depth) {
  case_begin("%zu rows, %zu columns, %zu taps, depth %zu", rows, columns, taps, depth);
  static float expected[ROWS * COLUMNS];
  randomize(rows, columns, taps, depth);
  compute(expected);
  const size_t stride = (columns + (size_t)values_in(0, (int64_t)columns)) * sizeof(float);
  result_place(&now.result, rows, columns * sizeof(float), stride);
  call(family, (float *)(void *)now.result.first, now.result.stride);
  // The generic kernel promises the order of its sums.
  if (family == generic)
    result_compare_f32(&now.result, expected);
  else
    result_compare_f32_within(&now.result, expected, now.bounds);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  const size_t mr = family->gemm_f32_shape.mr;
  for (size_t rows = 1; rows <= mr; rows += 1) {
    for (size_t depth = 1; depth <= 20; depth += 1)
      run_case(family, generic, rows, (size_t)values_in(1, COLUMNS), (size_t)values_in(1, TAPS), depth);
    for (size_t columns = 1; columns <= COLUMNS && !checks_should_stop(); columns += 1)
      run_case(family, generic, rows, columns, (size_t)values_in(1, TAPS), (size_t)values_in(1, PRODUCTS / TAPS));
  }
}

// The job: a 1x1 convolution of 48 pixels, 96 channels to 96.
enum { JOB_ROWS = 48, JOB_COLUMNS = 96, JOB_DEPTH = 96 };

static struct {
  float activations[JOB_ROWS][JOB_DEPTH], results[JOB_ROWS][JOB_COLUMNS];
  float weights[JOB_COLUMNS * JOB_DEPTH], packed[JOB_COLUMNS * JOB_DEPTH], bias[JOB_COLUMNS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  values_fill_f32(&bench.activations[0][0], JOB_ROWS * JOB_DEPTH);
  values_fill_f32(bench.weights, JOB_COLUMNS * JOB_DEPTH);
  maskd_pack_gemm_f32(&family->gemm_f32_shape, 0, JOB_COLUMNS, 1, JOB_DEPTH, bench.weights, bench.packed);
  return JOB_ROWS * JOB_COLUMNS * JOB_DEPTH;
}

static void job(const maskd_kernels *family) {
  const size_t mr = family->gemm_f32_shape.mr;
  for (size_t first = 0; first < JOB_ROWS; first += mr) {
    const float *pointers[ROWS];
    for (size_t row = 0; row < mr; row += 1)
      pointers[row] = bench.activations[first + row];
    family->gemm_f32(mr, 0, JOB_COLUMNS, 1, JOB_DEPTH, pointers, bench.packed, bench.bias, 0, 6, bench.results[first],
                     sizeof bench.results[0]);
  }
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->gemm_f32;
}

const check check_gemm_f32 = {"gemm_f32", function, run, prepare_job, job};
