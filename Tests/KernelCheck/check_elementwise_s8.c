#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <string.h>

// add_s8 and mul_s8: two operands, broadcast or not, and a result that may be one of the operands.

enum { COUNT = 4096, LONGEST_RUN = 200, JOB_COUNT = 4096 };

static struct {
  guarded left_memory, right_memory;
  result_area result;
  maskd_broadcast shape;
  maskd_add_s8_parameters add;
  maskd_mul_s8_parameters mul;
  size_t asked, proven; // sums
} now;

static void make(void) {
  if (now.left_memory.first)
    return;
  now.left_memory = guarded_make(COUNT);
  now.right_memory = guarded_make(COUNT);
  now.result.memory = guarded_make(COUNT);
}

static uint8_t random_flip(void) {
  return values_coin() ? 0x80 : 0;
}

// As models have them: the larger of two scales is brought to half of the unit, all shifts lead to the right.
static void make_add_typical(void) {
  maskd_add_s8_parameters *p = &now.add;
  p->left_shift = (int32_t)values_in(-3, 0);
  p->right_shift = (int32_t)values_in(-3, 0);
  if (values_coin())
    p->left_multiplier = INT32_C(1) << 30, p->left_shift = 0;
  if (values_coin())
    p->right_multiplier = INT32_C(1) << 30, p->right_shift = 0;
  p->shift = (int32_t)values_in(-21, -17);
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
      .left_flip = random_flip(),
      .right_flip = random_flip(),
      .result_flip = random_flip(),
  };
  if (values_coin())
    make_add_typical();
  values_range_s8(&now.add.minimum, &now.add.maximum);
}

static void randomize_mul(void) {
  now.mul = (maskd_mul_s8_parameters){
      .left_zero_point = (int32_t)values_in(-128, 127),
      .right_zero_point = (int32_t)values_in(-128, 127),
      .multiplier = values_multiplier(),
      .shift = values_coin() ? (int32_t)values_in(-12, -3) : values_shift(),
      .zero_point = (int32_t)values_in(-128, 127),
      .left_flip = random_flip(),
      .right_flip = random_flip(),
      .result_flip = random_flip(),
  };
  values_range_s8(&now.mul.minimum, &now.mul.maximum);
}

static void prove(const maskd_kernels *family) {
  if (!family->prove_add_s8)
    return;
  family->prove_add_s8(&now.add);
  now.asked += 1, now.proven += now.add.is_proven;
}

static int8_t flipped(int8_t value, uint8_t flip) {
  return (int8_t)((uint8_t)value ^ flip);
}

static int8_t compute_add(int8_t left, int8_t right) {
  const maskd_add_s8_parameters *p = &now.add;
  const int32_t x = flipped(left, p->left_flip) - p->left_zero_point;
  const int32_t y = flipped(right, p->right_flip) - p->right_zero_point;
  const int32_t l = oracle_round_twice(x * (1 << 20), p->left_multiplier, p->left_shift);
  const int32_t r = oracle_round_twice(y * (1 << 20), p->right_multiplier, p->right_shift);
  const int64_t sum = p->subtract ? (int64_t)l - r : (int64_t)l + r;
  const int32_t scaled = oracle_round_twice(oracle_wrap(sum), p->multiplier, p->shift);
  const int8_t value = oracle_clamp(oracle_wrap((int64_t)scaled + p->zero_point), p->minimum, p->maximum);
  return flipped(value, p->result_flip);
}

static int8_t compute_mul(int8_t left, int8_t right) {
  const maskd_mul_s8_parameters *p = &now.mul;
  const int32_t x = flipped(left, p->left_flip) - p->left_zero_point;
  const int32_t y = flipped(right, p->right_flip) - p->right_zero_point;
  const int32_t scaled = oracle_round_twice(x * y, p->multiplier, p->shift);
  const int8_t value = oracle_clamp(oracle_wrap((int64_t)scaled + p->zero_point), p->minimum, p->maximum);
  return flipped(value, p->result_flip);
}

static void call(const maskd_kernels *family, bool is_add, const int8_t *left, const int8_t *right, int8_t *result) {
  if (is_add)
    family->add_s8(&now.shape, left, right, result, &now.add);
  else
    family->mul_s8(&now.shape, left, right, result, &now.mul);
}

static void compute(bool is_add, const int8_t *left, const int8_t *right, int8_t *result) {
  const maskd_broadcast *s = &now.shape;
  for (size_t run = 0; run < s->runs; run += 1)
    for (size_t i = 0; i < s->count; i += 1) {
      const int8_t x = left[run * s->left_stride + i * s->left_step];
      const int8_t y = right[run * s->right_stride + i * s->right_step];
      result[run * s->result_stride + i] = is_add ? compute_add(x, y) : compute_mul(x, y);
    }
}

static size_t operand_bytes(size_t step, size_t stride) {
  return (now.shape.runs - 1) * stride + (now.shape.count - 1) * step + 1;
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, bool is_add) {
  const maskd_broadcast *s = &now.shape;
  const bool in_place =
      s->left_step == 1 && (s->runs == 1 || s->left_stride == s->result_stride) && values_in(0, 3) == 0;
  case_begin("%zu runs of %zu elements, steps %zu and %zu, strides %zu, %zu and %zu%s", s->runs, s->count, s->left_step,
             s->right_step, s->left_stride, s->right_stride, s->result_stride, in_place ? ", in place" : "");
  const size_t left_bytes = operand_bytes(s->left_step, s->left_stride);
  const size_t right_bytes = operand_bytes(s->right_step, s->right_stride);
  int8_t *left = guarded_place(&now.left_memory, left_bytes, values_coin());
  int8_t *right = guarded_place(&now.right_memory, right_bytes, values_coin());
  values_fill_s8(left, left_bytes);
  values_fill_s8(right, right_bytes);
  randomize_add();
  randomize_mul();
  static int8_t expected[COUNT];
  const size_t result_stride = s->result_stride;
  now.shape.result_stride = s->count;
  if (family == generic)
    compute(is_add, left, right, expected);
  else
    call(generic, is_add, left, right, expected);
  now.shape.result_stride = result_stride;
  result_place(&now.result, s->runs, s->count, result_stride);
  for (size_t run = 0; in_place && run < s->runs; run += 1)
    memcpy(now.result.first + run * result_stride, left + run * result_stride, s->count);
  if (is_add && values_coin())
    prove(family);
  call(family, is_add, in_place ? (int8_t *)now.result.first : left, right, (int8_t *)now.result.first);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run_one_run(const maskd_kernels *family, const maskd_kernels *generic, bool is_add) {
  for (size_t count = 1; count <= LONGEST_RUN; count += 1)
    for (size_t i = 0; i < 12 && !checks_should_stop(); i += 1) {
      now.shape = (maskd_broadcast){
          .runs = 1, .count = count, .left_step = i % 4 != 1, .right_step = i % 4 != 2, .result_stride = count};
      run_case(family, generic, is_add);
    }
}

// The stride of an operand: all runs read the same, one behind the other, or with gaps.
static size_t random_stride(size_t count) {
  const int64_t kind = values_in(0, 3);
  return kind == 0 ? 0 : kind == 3 ? count + (size_t)values_in(0, 5) : count;
}

static void run_many_runs(const maskd_kernels *family, const maskd_kernels *generic, bool is_add) {
  for (size_t i = 0; i < 1000 && !checks_should_stop(); i += 1) {
    const size_t count = (size_t)values_in(1, LONGEST_RUN);
    now.shape = (maskd_broadcast){
        .runs = (size_t)values_in(1, COUNT / (int64_t)(count + 5)),
        .count = count,
        .left_step = values_in(0, 3) > 0,
        .left_stride = random_stride(count),
        .right_step = values_in(0, 3) > 0,
        .right_stride = random_stride(count),
        .result_stride = count + (values_coin() ? (size_t)values_in(0, 5) : 0),
    };
    run_case(family, generic, is_add);
  }
}

// Every pair of values: what is rare among random ones, a sum next to a tie, is met here.
static void run_all_pairs(const maskd_kernels *family, const maskd_kernels *generic, bool is_add) {
  static int8_t all[256], expected[256], result[256];
  for (size_t i = 0; i < 256; i += 1)
    all[i] = (int8_t)(i - 128);
  for (size_t i = 0; i < 96 && !checks_should_stop(); i += 1) {
    randomize_add();
    randomize_mul();
    prove(family);
    now.shape = (maskd_broadcast){.runs = 1, .count = 256, .left_step = 1, .result_stride = 256};
    for (size_t right = 0; right < 256 && !checks_should_stop(); right += 1) {
      case_begin("all values and %d", all[right]);
      if (family == generic)
        compute(is_add, all, all + right, expected);
      else
        call(generic, is_add, all, all + right, expected);
      call(family, is_add, all, all + right, result);
      if (memcmp(result, expected, sizeof result) != 0)
        case_differs("differs");
    }
  }
}

static void run(const maskd_kernels *family, const maskd_kernels *generic, bool is_add) {
  make();
  run_one_run(family, generic, is_add);
  run_many_runs(family, generic, is_add);
  now.asked = now.proven = 0;
  run_all_pairs(family, generic, is_add);
  case_begin("all pairs");
  if (now.proven < now.asked / 2)
    case_differs("%zu of %zu sums are proven", now.proven, now.asked);
}

static void run_add(const maskd_kernels *family, const maskd_kernels *generic) {
  run(family, generic, true);
}

static void run_mul(const maskd_kernels *family, const maskd_kernels *generic) {
  run(family, generic, false);
}

// The jobs: two runs of 4096 elements with parameters as models have them; and one operand a channel, 16 of them.
static struct { int8_t left[JOB_COUNT], right[JOB_COUNT], result[JOB_COUNT]; } bench;

static size_t prepare_job(const maskd_kernels *family) {
  for (size_t i = 0; i < JOB_COUNT; i += 1) {
    bench.left[i] = (int8_t)values_in(-128, 127);
    bench.right[i] = (int8_t)values_in(-128, 127);
  }
  now.add = (maskd_add_s8_parameters){
      .left_multiplier = 1 << 30,
      .right_multiplier = 1518500250,
      .right_shift = -1,
      .multiplier = 1717986918,
      .shift = -19,
      .zero_point = -128,
      .minimum = -128,
      .maximum = 127,
  };
  prove(family);
  now.mul = (maskd_mul_s8_parameters){
      .left_zero_point = -128,
      .right_zero_point = -128,
      .multiplier = 1518500250,
      .shift = -7,
      .zero_point = -128,
      .minimum = -128,
      .maximum = 127,
  };
  return JOB_COUNT;
}

static const maskd_broadcast job_shape = {.runs = JOB_COUNT / 16,
                                          .count = 16,
                                          .left_step = 1,
                                          .left_stride = 16,
                                          .right_step = 1,
                                          .right_stride = 0,
                                          .result_stride = 16};

static void job_add(const maskd_kernels *family) {
  const maskd_broadcast shape = {
      .runs = 1, .count = JOB_COUNT, .left_step = 1, .right_step = 1, .result_stride = JOB_COUNT};
  family->add_s8(&shape, bench.left, bench.right, bench.result, &now.add);
}

static void job_mul(const maskd_kernels *family) {
  family->mul_s8(&job_shape, bench.left, bench.right, bench.result, &now.mul);
}

static void (*function_add(const maskd_kernels *family))(void) {
  return (void (*)(void))family->add_s8;
}

static void (*function_mul(const maskd_kernels *family))(void) {
  return (void (*)(void))family->mul_s8;
}

const check check_add_s8 = {"add_s8", function_add, run_add, prepare_job, job_add};
const check check_mul_s8 = {"mul_s8", function_mul, run_mul, prepare_job, job_mul};
