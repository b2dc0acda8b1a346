#include "check.h"
#include "guarded.h"
#include "result.h"
#include "values.h"

enum { ROWS = 48, TAPS = 6, DEPTH = 200 };

static struct {
  guarded operand_memory[TAPS * ROWS], pointer_memory;
  result_area result;
} now;

static void make(void) {
  if (now.pointer_memory.first)
    return;
  for (size_t i = 0; i < TAPS * ROWS; i += 1)
    now.operand_memory[i] = guarded_make(DEPTH);
  now.pointer_memory = guarded_make(TAPS * ROWS * sizeof(void *));
  now.result.memory = guarded_make(ROWS * sizeof(int32_t));
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t rows, size_t taps,
                     size_t depth) {
  const size_t mr = (size_t)values_in((int64_t)rows, ROWS);
  case_begin("%zu rows of %zu, %zu taps, depth %zu", rows, mr, taps, depth);
  const int8_t **operands = guarded_place(&now.pointer_memory, taps * mr * sizeof *operands, values_coin());
  int32_t expected[ROWS] = {0};
  for (size_t i = 0; i < taps * mr; i += 1) {
    operands[i] = guarded_forbidden(&now.pointer_memory);
    if (i % mr >= rows)
      continue;
    int8_t *operand = guarded_place(&now.operand_memory[i], depth, values_coin());
    values_fill_s8(operand, depth);
    operands[i] = operand;
    for (size_t k = 0; k < depth; k += 1)
      expected[i % mr] += operand[k];
  }
  if (family != generic)
    generic->row_sums_s8(rows, mr, taps, depth, operands, expected);
  result_place(&now.result, 1, rows * sizeof(int32_t), rows * sizeof(int32_t));
  const int32_t offset = family->gemm_s8_shape.activation_offset;
  for (size_t i = 0; i < taps * mr; i += 1)
    if (i % mr < rows)
      values_offset_s8((int8_t *)operands[i], depth, offset);
  family->row_sums_s8(rows, mr, taps, depth, operands, (int32_t *)(void *)now.result.first);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  for (size_t depth = 1; depth <= DEPTH; depth += 1)
    for (size_t i = 0; i < 4 && !checks_should_stop(); i += 1)
      run_case(family, generic, (size_t)values_in(1, ROWS), (size_t)values_in(1, TAPS), depth);
}

// The job: four rows of nine taps, 96 deep.
enum { JOB_OPERANDS = 36, JOB_DEPTH = 96 };

static struct {
  int8_t activations[JOB_OPERANDS][JOB_DEPTH];
  const int8_t *operands[JOB_OPERANDS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_s8(&bench.activations[0][0], sizeof bench.activations);
  for (size_t i = 0; i < JOB_OPERANDS; i += 1)
    bench.operands[i] = bench.activations[i];
  return JOB_OPERANDS * JOB_DEPTH;
}

static void job(const maskd_kernels *family) {
  int32_t sums[4];
  family->row_sums_s8(4, 4, JOB_OPERANDS / 4, JOB_DEPTH, bench.operands, sums);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->row_sums_s8;
}

const check check_row_sums_s8 = {"row_sums_s8", function, run, prepare_job, job};
