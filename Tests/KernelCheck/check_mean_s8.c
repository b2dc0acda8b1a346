#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"

enum { ROWS = 700, COLUMNS = 200, BYTES = 1 << 17 };

static struct {
  guarded memory;
  result_area result;
  maskd_mean_s8_parameters parameters;
} now;

static void make(void) {
  if (now.memory.first)
    return;
  now.memory = guarded_make(BYTES);
  now.result.memory = guarded_make(COLUMNS);
}

static void randomize(size_t rows) {
  now.parameters = (maskd_mean_s8_parameters){
      .offset = (int32_t)values_in(-128, 127) * (int32_t)rows,
      .multiplier = values_multiplier(),
      .shift = values_coin() ? (int32_t)values_in(-12, -3) : values_shift(),
      .zero_point = (int32_t)values_in(-128, 127),
      .operand_flip = values_coin() ? 0x80 : 0,
      .result_flip = values_coin() ? 0x80 : 0,
  };
}

static int8_t compute(size_t rows, size_t stride, const int8_t *column) {
  const maskd_mean_s8_parameters *p = &now.parameters;
  int64_t sum = 0;
  for (size_t row = 0; row < rows; row += 1)
    sum += (int8_t)((uint8_t)column[row * stride] ^ p->operand_flip);
  const int32_t scaled = oracle_round_twice(oracle_wrap(sum - p->offset), p->multiplier, p->shift);
  return (int8_t)((uint8_t)oracle_clamp((int64_t)scaled + p->zero_point, -128, 127) ^ p->result_flip);
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t columns, size_t rows) {
  const size_t stride = columns + (size_t)values_in(0, 9);
  case_begin("%zu columns, %zu rows, stride %zu", columns, rows, stride);
  const size_t bytes = (rows - 1) * stride + columns;
  int8_t *values = guarded_place(&now.memory, bytes, values_coin());
  values_fill_s8(values, bytes);
  randomize(rows);
  int8_t expected[COLUMNS];
  for (size_t column = 0; column < columns; column += 1)
    expected[column] = compute(rows, stride, values + column);
  if (family != generic)
    generic->mean_s8(columns, rows, stride, values, expected, &now.parameters);
  result_place(&now.result, 1, columns, columns);
  family->mean_s8(columns, rows, stride, values, (int8_t *)now.result.first, &now.parameters);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  for (size_t columns = 1; columns <= COLUMNS; columns += 1)
    for (size_t i = 0; i < 4 && !checks_should_stop(); i += 1)
      run_case(family, generic, columns, (size_t)values_in(1, 60));
  for (size_t i = 0; i < 60 && !checks_should_stop(); i += 1)
    run_case(family, generic, (size_t)values_in(1, 150), (size_t)values_in(1, ROWS));
}

// The job: a picture of 14x14 pixels of 96 channels.
enum { JOB_ROWS = 196, JOB_COLUMNS = 96 };

static struct { int8_t values[JOB_ROWS * JOB_COLUMNS], result[JOB_COLUMNS]; } bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_s8(bench.values, sizeof bench.values);
  randomize(JOB_ROWS);
  return JOB_ROWS * JOB_COLUMNS;
}

static void job(const maskd_kernels *family) {
  family->mean_s8(JOB_COLUMNS, JOB_ROWS, JOB_COLUMNS, bench.values, bench.result, &now.parameters);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->mean_s8;
}

const check check_mean_s8 = {"mean_s8", function, run, prepare_job, job};
