#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <math.h>
#include <string.h>

// Roundings that are proven need no check of results, so each stair of every column is gone up and down here: sums are
// set by the bias, and the products are zero.

enum { ROWS = 64, COLUMNS = 100, PADDED = 128, LAYERS = 60, SUMS = 300, DEPTH = 4, PACKED = 2 * PADDED * DEPTH };

static struct {
  result_area result;
  int32_t bias[PADDED], multiplier[PADDED], shift[PADDED], proven_bias[PADDED];
  float proven_scale[PADDED], proven_addend[PADDED];
  int8_t activations[DEPTH], weights[COLUMNS * DEPTH], packed[PACKED + 256];
  maskd_epilogue epilogue;
} now;

static void randomize(size_t columns) {
  const int32_t smallest_shift = (int32_t)values_in(-22, -1);
  for (size_t c = 0; c < columns; c += 1) {
    now.multiplier[c] = values_multiplier();
    now.shift[c] = (int32_t)values_in(smallest_shift, smallest_shift / 2 - 1);
    now.bias[c] = (int32_t)values_in(-2000, 2000);
  }
  now.epilogue = (maskd_epilogue){
      .bias = now.bias,
      .multiplier = now.multiplier,
      .shift = now.shift,
      .shifts_right = true,
      .zero_point = (int32_t)values_in(-128, 127),
      .result_flip = values_coin() ? 0x80 : 0,
      .rounding = MASKD_ROUND_TWICE,
  };
  maskd_epilogue *to = &now.epilogue;
  values_range_s8(&to->minimum, &to->maximum);
  if (values_coin() && to->zero_point <= to->maximum)
    to->minimum = to->zero_point;
}

// A sum at which a result may rise, or next to it; now and then any.
static int32_t sum_near_stair(size_t column) {
  const double scale = ldexp(now.multiplier[column], now.shift[column] - 31);
  const double above = (double)(values_in(-128, 127) - now.epilogue.zero_point) - 0.5;
  const double sum = rint(above / scale) + (double)values_in(-3, 3);
  if (values_in(0, 15) == 0 || !(fabs(sum) < 0x1p29))
    return (int32_t)values_in(-(1 << 29), 1 << 29);
  return (int32_t)sum;
}

static void run_case(const maskd_kernels *family, size_t rows, size_t columns) {
  int32_t difference[COLUMNS];
  for (size_t c = 0; c < columns; c += 1)
    difference[c] = now.proven_bias[c] - now.bias[c];
  int8_t expected[ROWS * COLUMNS];
  for (size_t c = 0; c < columns; c += 1) {
    now.bias[c] = sum_near_stair(c);
    now.proven_bias[c] = now.bias[c] + difference[c];
    for (size_t row = 0; row < rows; row += 1)
      expected[row * columns + c] = oracle_requantize(0, now.bias[c], c, &now.epilogue);
  }
  const int8_t *operands[ROWS];
  for (size_t row = 0; row < rows; row += 1)
    operands[row] = now.activations;
  result_place(&now.result, rows, columns, columns);
  family->gemm_s8(rows, 0, columns, 1, DEPTH, operands, now.packed, NULL, now.result.first, columns, &now.epilogue);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  if (!now.result.memory.first)
    now.result.memory = guarded_make(ROWS * COLUMNS);
  const size_t mr = family->gemm_s8_shape.mr;
  for (size_t layer = 0; layer < LAYERS; layer += 1) {
    const size_t columns = (size_t)values_in(1, COLUMNS);
    int32_t sums[COLUMNS];
    randomize(columns);
    maskd_pack_gemm_s8(&family->gemm_s8_shape, 0, columns, 1, DEPTH, now.weights, now.packed, sums);
    memcpy(now.proven_bias, now.bias, sizeof now.bias);
    if (family->prove_rounding) {
      family->prove_rounding(columns, 1 << 20, &now.epilogue, now.proven_bias, now.proven_scale, now.proven_addend);
      now.epilogue.proven_bias = now.proven_bias;
      now.epilogue.proven_scale = now.proven_scale;
      now.epilogue.proven_addend = now.proven_addend;
    }
    for (size_t i = 0; i < SUMS && !checks_should_stop(); i += 1) {
      const size_t rows = i % 16 == 0 ? (size_t)values_in(1, (int64_t)mr) : 1;
      case_begin("%zu rows, %zu columns, shifts down to %d", rows, columns, now.shift[0]);
      run_case(family, rows, columns);
    }
  }
}

// The job: a layer of 96 columns.
enum { JOB_COLUMNS = 96 };

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  randomize(JOB_COLUMNS);
  return JOB_COLUMNS;
}

static void job(const maskd_kernels *family) {
  if (family->prove_rounding)
    family->prove_rounding(JOB_COLUMNS, 1 << 20, &now.epilogue, now.proven_bias, now.proven_scale, now.proven_addend);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->prove_rounding;
}

const check check_prove_rounding = {"prove_rounding", function, run, prepare_job, job};
