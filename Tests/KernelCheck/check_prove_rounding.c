#include "check.h"
#include "oracle.h"
#include "result.h"
#include "values.h"
#include <math.h>
#include <string.h>

// Roundings that are proven need no check of results, so each stair of every column is gone up and down here: sums are
// set by the bias, and the products are zero.

enum { ROWS = 64, COLUMNS = 100, PADDED = 128, LAYERS = 100, SUMS = 300, DEPTH = 4, PACKED = 2 * PADDED * DEPTH };
enum { PIXELS = 5, SIDE = 5, LARGEST_ROW = (2 * PIXELS + SIDE) * COLUMNS, PACKED_DEPTHWISE = SIDE * SIDE * 8 * 192 };

static struct {
  result_area result;
  int32_t bias[PADDED], multiplier[PADDED], shift[PADDED], proven_bias[PADDED];
  // The sums of a column that can be: so far from the bias.
  int32_t sums[PADDED], magnitudes[PADDED], least[PADDED], greatest[PADDED], difference[PADDED];
  float proven_scale[PADDED], proven_addend[PADDED];
  int8_t activations[LARGEST_ROW], weights[COLUMNS * SIDE * SIDE], packed[PACKED + 256];
  int8_t packed_depthwise[PACKED_DEPTHWISE];
  maskd_epilogue epilogue;
} now;

// As of uint8 activations.
static void randomize_reach(size_t column) {
  const int32_t magnitude = (int32_t)values_in(0, 1 << values_in(0, 16));
  const int32_t positive = (int32_t)values_in(0, magnitude), negative = magnitude - positive;
  now.magnitudes[column] = magnitude;
  now.sums[column] = positive - negative;
  now.least[column] = now.bias[column] - 255 * negative;
  now.greatest[column] = now.bias[column] + 255 * positive;
}

static void randomize(size_t columns) {
  const int32_t smallest_shift = (int32_t)values_in(-22, -1);
  for (size_t c = 0; c < columns; c += 1) {
    now.multiplier[c] = values_multiplier();
    now.shift[c] = (int32_t)values_in(smallest_shift, smallest_shift / 2 - 1);
    now.bias[c] = (int32_t)values_in(-200000, 200000);
    randomize_reach(c);
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
  if (values_in(0, 3) > 0 && to->zero_point <= to->maximum)
    to->minimum = to->zero_point;
}

// A sum at which a result may rise, or next to it; now and then any, or the last one.
static int32_t sum_near_stair(size_t column) {
  const double scale = ldexp(now.multiplier[column], now.shift[column] - 31);
  const double above = (double)(values_in(-128, 127) - now.epilogue.zero_point) - 0.5;
  const double sum = rint(above / scale) + (double)values_in(-3, 3);
  const int32_t least = now.least[column], greatest = now.greatest[column];
  if (values_in(0, 15) == 0 || !(fabs(sum) < 0x1p29))
    return (int32_t)values_in(least, greatest);
  return sum < least ? least : sum > greatest ? greatest : (int32_t)sum;
}

static void choose_sums(size_t columns, size_t rows, int8_t *expected) {
  for (size_t c = 0; c < columns; c += 1) {
    now.bias[c] = sum_near_stair(c);
    now.proven_bias[c] = (int32_t)((uint32_t)now.bias[c] + (uint32_t)now.difference[c]);
    for (size_t row = 0; row < rows; row += 1)
      expected[row * columns + c] = oracle_requantize(0, now.bias[c], c, &now.epilogue);
  }
}

static void multiply(const maskd_kernels *family, size_t rows, size_t columns) {
  int8_t expected[ROWS * COLUMNS];
  choose_sums(columns, rows, expected);
  const int8_t *operands[ROWS];
  for (size_t row = 0; row < rows; row += 1)
    operands[row] = now.activations;
  result_place(&now.result, rows, columns, columns);
  family->gemm_s8(rows, 0, columns, 1, DEPTH, operands, now.packed, NULL, now.result.first, columns, &now.epilogue);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void convolve(const maskd_kernels *family, size_t pixels, size_t channels, size_t side, size_t stride) {
  int8_t expected[ROWS * COLUMNS];
  choose_sums(channels, pixels, expected);
  const int8_t *taps[SIDE];
  for (size_t y = 0; y < side; y += 1)
    taps[y] = now.activations;
  const maskd_depthwise_window window = {
      .height = side, .width = side, .tap_step = channels, .pixel_step = stride * channels, .result_step = channels};
  family->pack_depthwise_s8(side, side, channels, now.weights, now.packed_depthwise);
  result_place(&now.result, pixels, channels, channels);
  family->depthwise_s8(1, pixels, channels, &window, taps, now.packed_depthwise, now.result.first, &now.epilogue);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run_layer(const maskd_kernels *family, size_t columns) {
  for (size_t i = 0; i < SUMS && !checks_should_stop(); i += 1) {
    const size_t mr = family->gemm_s8_shape.mr, rows = i % 16 == 0 ? (size_t)values_in(1, (int64_t)mr) : 1;
    case_begin("product of %zu rows, %zu columns, shifts down to %d", rows, columns, now.shift[0]);
    multiply(family, rows, columns);
    const size_t pixels = (size_t)values_in(1, PIXELS), side = 1 + i % SIDE, stride = 1 + i % 2;
    case_begin("%zu pixels, %zu channels, %zux%zu taps", pixels, columns, side, side);
    if (i % 4 == 0)
      convolve(family, pixels, columns, side, stride);
  }
}

static void prove(const maskd_kernels *family, size_t columns) {
  family->prove_rounding(columns, now.sums, now.magnitudes, &now.epilogue, now.proven_bias, now.proven_scale,
                         now.proven_addend);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  if (!now.result.memory.first)
    now.result.memory = guarded_make(ROWS * COLUMNS);
  size_t asked = 0, proven = 0;
  for (size_t layer = 0; layer < LAYERS; layer += 1) {
    const size_t columns = (size_t)values_in(1, COLUMNS);
    int32_t sums[COLUMNS];
    randomize(columns);
    maskd_pack_gemm_s8(&family->gemm_s8_shape, 0, columns, 1, DEPTH, now.weights, now.packed, sums);
    memset(now.difference, 0, sizeof now.difference);
    if (family->prove_rounding) {
      prove(family, columns);
      now.epilogue.proven_bias = now.proven_bias;
      now.epilogue.proven_scale = now.proven_scale;
      now.epilogue.proven_addend = now.proven_addend;
      for (size_t c = 0; c < columns; c += 1) {
        now.difference[c] = (int32_t)((uint32_t)now.proven_bias[c] - (uint32_t)now.bias[c]);
        asked += 1, proven += now.proven_scale[c] >= 0;
      }
    }
    run_layer(family, columns);
  }
  case_begin("all layers");
  if (family->prove_rounding && proven < asked / 4)
    case_differs("%zu of %zu columns are proven", proven, asked);
}

// The job: a layer of 96 columns as models have them.
enum { JOB_COLUMNS = 96 };

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  randomize(JOB_COLUMNS);
  now.epilogue.zero_point = now.epilogue.minimum = -128;
  now.epilogue.maximum = 127;
  for (size_t c = 0; c < JOB_COLUMNS; c += 1) {
    now.shift[c] = (int32_t)values_in(-9, -6);
    now.bias[c] = (int32_t)values_in(-20000, 20000);
    now.sums[c] = (int32_t)values_in(-100, 100) * 2;
    now.magnitudes[c] = 2000;
  }
  return JOB_COLUMNS;
}

static void job(const maskd_kernels *family) {
  if (family->prove_rounding)
    prove(family, JOB_COLUMNS);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->prove_rounding;
}

const check check_prove_rounding = {"prove_rounding", function, run, prepare_job, job};
