#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <string.h>

// add_s8 and mul_s8: two operands, each a run or one value, and a result that may be one of the operands.

enum { COUNT = 200, JOB_COUNT = 4096 };

static struct {
  guarded left_memory, right_memory;
  result_area result;
  maskd_add_s8_parameters add;
  maskd_mul_s8_parameters mul;
} now;

static void make(void) {
  if (now.left_memory.first)
    return;
  now.left_memory = guarded_make(COUNT);
  now.right_memory = guarded_make(COUNT);
  now.result.memory = guarded_make(COUNT);
}

static void randomize_add(void) {
  now.add = (maskd_add_s8_parameters){
      .left_zero_point = (int32_t)values_in(-128, 127),
      .left_multiplier = values_multiplier(),
      .left_shift = (int32_t)values_in(-12, 0),
      .right_zero_point = (int32_t)values_in(-128, 127),
      .right_multiplier = values_multiplier(),
      .right_shift = (int32_t)values_in(-12, 0),
      .multiplier = values_multiplier(),
      .shift = values_coin() ? (int32_t)values_in(-22, -14) : values_shift(),
      .zero_point = (int32_t)values_in(-128, 127),
      .subtract = values_coin(),
  };
  values_range_s8(&now.add.minimum, &now.add.maximum);
}

static void randomize_mul(void) {
  now.mul = (maskd_mul_s8_parameters){
      .left_zero_point = (int32_t)values_in(-128, 127),
      .right_zero_point = (int32_t)values_in(-128, 127),
      .multiplier = values_multiplier(),
      .shift = values_shift(),
      .zero_point = (int32_t)values_in(-128, 127),
  };
  values_range_s8(&now.mul.minimum, &now.mul.maximum);
}

static int8_t compute_add(int8_t left, int8_t right) {
  const maskd_add_s8_parameters *p = &now.add;
  const int32_t l = oracle_round_twice((left - p->left_zero_point) * (1 << 20), p->left_multiplier, p->left_shift);
  const int32_t r = oracle_round_twice((right - p->right_zero_point) * (1 << 20), p->right_multiplier, p->right_shift);
  const int64_t sum = p->subtract ? (int64_t)l - r : (int64_t)l + r;
  const int32_t scaled = oracle_round_twice(oracle_wrap(sum), p->multiplier, p->shift);
  return oracle_clamp(oracle_wrap((int64_t)scaled + p->zero_point), p->minimum, p->maximum);
}

static int8_t compute_mul(int8_t left, int8_t right) {
  const maskd_mul_s8_parameters *p = &now.mul;
  const int32_t product = (left - p->left_zero_point) * (right - p->right_zero_point);
  const int32_t scaled = oracle_round_twice(product, p->multiplier, p->shift);
  return oracle_clamp(oracle_wrap((int64_t)scaled + p->zero_point), p->minimum, p->maximum);
}

static void call(const maskd_kernels *family, bool is_add, size_t count, const int8_t *left, size_t left_step,
                 const int8_t *right, size_t right_step, int8_t *result) {
  if (is_add)
    family->add_s8(count, left, left_step, right, right_step, result, &now.add);
  else
    family->mul_s8(count, left, left_step, right, right_step, result, &now.mul);
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, bool is_add, size_t count,
                     size_t left_step, size_t right_step) {
  const bool in_place = left_step == 1 && values_in(0, 3) == 0;
  case_begin("%zu elements, steps %zu and %zu%s", count, left_step, right_step, in_place ? ", in place" : "");
  int8_t *left = guarded_place(&now.left_memory, left_step ? count : 1, values_coin());
  int8_t *right = guarded_place(&now.right_memory, right_step ? count : 1, values_coin());
  values_fill_s8(left, left_step ? count : 1);
  values_fill_s8(right, right_step ? count : 1);
  randomize_add();
  randomize_mul();
  int8_t expected[COUNT];
  for (size_t i = 0; i < count; i += 1)
    expected[i] = is_add ? compute_add(left[i * left_step], right[i * right_step])
                         : compute_mul(left[i * left_step], right[i * right_step]);
  if (family != generic)
    call(generic, is_add, count, left, left_step, right, right_step, expected);
  result_place(&now.result, 1, count, count);
  if (in_place)
    memcpy(now.result.first, left, count);
  call(family, is_add, count, in_place ? (int8_t *)now.result.first : left, left_step, right, right_step,
       (int8_t *)now.result.first);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic, bool is_add) {
  make();
  for (size_t count = 1; count <= COUNT; count += 1)
    for (size_t i = 0; i < 12 && !checks_should_stop(); i += 1)
      run_case(family, generic, is_add, count, i % 4 != 1, i % 4 != 2);
}

static void run_add(const maskd_kernels *family, const maskd_kernels *generic) {
  run(family, generic, true);
}

static void run_mul(const maskd_kernels *family, const maskd_kernels *generic) {
  run(family, generic, false);
}

// The job: two runs of 4096 elements.
static struct { int8_t left[JOB_COUNT], right[JOB_COUNT], result[JOB_COUNT]; } bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_s8(bench.left, JOB_COUNT);
  values_fill_s8(bench.right, JOB_COUNT);
  randomize_add();
  randomize_mul();
  return JOB_COUNT;
}

static void job_add(const maskd_kernels *family) {
  family->add_s8(JOB_COUNT, bench.left, 1, bench.right, 1, bench.result, &now.add);
}

static void job_mul(const maskd_kernels *family) {
  family->mul_s8(JOB_COUNT, bench.left, 1, bench.right, 1, bench.result, &now.mul);
}

static void (*function_add(const maskd_kernels *family))(void) {
  return (void (*)(void))family->add_s8;
}

static void (*function_mul(const maskd_kernels *family))(void) {
  return (void (*)(void))family->mul_s8;
}

const check check_add_s8 = {"add_s8", function_add, run_add, prepare_job, job_add};
const check check_mul_s8 = {"mul_s8", function_mul, run_mul, prepare_job, job_mul};
