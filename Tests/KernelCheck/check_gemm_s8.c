#include "check.h"
#include "oracle.h"
#include "result.h"
#include "scales.h"
#include "values.h"
#if defined(__aarch64__)
#include "../../Sources/CKernels/dotprod/dotprod.h"
#include "../../Sources/CKernels/neon/neon.h"
#endif

enum { ROWS = 64, COLUMNS = 160, TAPS = 10, PRODUCTS = 640 };
// Rows so deep that a kernel takes them piece by piece.
enum { DEEP_COLUMNS = 10, DEEPEST_TAP = 1000, DEEP_CASES = 8 };
enum { PACKED = (DEEP_COLUMNS + 32) * (DEEPEST_TAP + 16) * TAPS * 2 };

static struct {
  guarded operand_memory[TAPS * ROWS], neighbour_memory, pointer_memory, packed_memory, row_term_memory;
  result_area result;
  scales scales;
  const int8_t *operands[TAPS * ROWS]; // [tap][row]
  int8_t weights[COLUMNS * PRODUCTS];
  int32_t *row_terms; // null in half of the cases
  size_t rows, columns, taps, depth;
  bool to_float;
} now;

static size_t element_bytes(void) {
  return now.to_float ? sizeof(float) : 1;
}

static void make(void) {
  if (now.packed_memory.first)
    return;
  for (size_t i = 0; i < TAPS * ROWS; i += 1)
    now.operand_memory[i] = guarded_make(DEEPEST_TAP);
  now.neighbour_memory = guarded_make(ROWS * PRODUCTS);
  now.pointer_memory = guarded_make(TAPS * ROWS * sizeof(void *));
  now.packed_memory = guarded_make(PACKED);
  now.row_term_memory = guarded_make(ROWS * sizeof(int32_t));
  now.result.memory = guarded_make(ROWS * 2 * COLUMNS * sizeof(float));
  scales_make(&now.scales);
}

static void randomize(size_t rows, size_t columns, size_t taps, size_t depth) {
  now.rows = rows, now.columns = columns, now.taps = taps, now.depth = depth;
  // Rows of one tap are mostly neighbours in memory: kernels may read on from one to the next then.
  int8_t *neighbours =
      taps == 1 && values_coin() ? guarded_place(&now.neighbour_memory, rows * depth, values_coin()) : NULL;
  for (size_t i = 0; i < taps * rows; i += 1) {
    int8_t *operand = neighbours ? neighbours + i * depth : guarded_place(&now.operand_memory[i], depth, values_coin());
    values_fill_s8(operand, depth);
    now.operands[i] = operand;
  }
  values_fill_weights_s8(now.weights, columns * taps * depth);
  scales_randomize(&now.scales, columns, now.to_float ? MASKD_TO_FLOAT : scales_int8_rounding());
  now.row_terms = values_coin() ? guarded_place(&now.row_term_memory, rows * sizeof(int32_t), values_coin()) : NULL;
  for (size_t row = 0; now.row_terms && row < rows; row += 1)
    now.row_terms[row] = values_accumulator();
}

static int64_t sum_of_products(size_t row, size_t column) {
  int64_t sum = now.row_terms ? now.row_terms[row] : 0;
  for (size_t tap = 0; tap < now.taps; tap += 1)
    for (size_t k = 0; k < now.depth; k += 1)
      sum += now.operands[tap * now.rows + row][k] * now.weights[(column * now.taps + tap) * now.depth + k];
  return sum;
}

static void compute(void *result) {
  for (size_t row = 0; row < now.rows; row += 1)
    for (size_t column = 0; column < now.columns; column += 1) {
      const int64_t sum = sum_of_products(row, column);
      const int32_t bias = now.scales.bias[column];
      const size_t i = row * now.columns + column;
      if (now.to_float)
        ((float *)result)[i] = oracle_float(sum, bias, column, &now.scales.value, now.scales.range);
      else
        ((int8_t *)result)[i] = oracle_requantize(sum, bias, column, &now.scales.value);
    }
}

static void offset_operands(int32_t offset) {
  for (size_t i = 0; i < now.taps * now.rows; i += 1)
    values_offset_s8((int8_t *)now.operands[i], now.depth, offset);
}

// One tile: the columns in one call, or in two where they can be cut.
static void call_tile(const maskd_kernels *family, const int8_t *const *pointers, const void *packed, size_t first,
                      size_t rows, char *result, size_t stride) {
  const int32_t *terms = now.row_terms ? now.row_terms + first : NULL;
  const size_t cut = (size_t)values_in(0, (int64_t)now.columns / MASKD_COLUMN_PAD) * MASKD_COLUMN_PAD;
  if (cut > 0)
    family->gemm_s8(rows, 0, cut, now.taps, now.depth, pointers, packed, terms, result, stride, &now.scales.value);
  if (cut < now.columns)
    family->gemm_s8(rows, cut, now.columns - cut, now.taps, now.depth, pointers, packed, terms,
                    result + cut * element_bytes(), stride, &now.scales.value);
}

// Packs and corrects as a caller does; then one tile of rows after the other.
static void call(const maskd_kernels *family, void *result, size_t stride) {
  const maskd_gemm_shape *shape = &family->gemm_s8_shape;
  const size_t bytes = maskd_packed_gemm_s8_bytes(shape, now.columns, now.taps, now.depth);
  void *packed = guarded_place(&now.packed_memory, bytes, values_coin());
  int32_t corrections[COLUMNS];
  maskd_pack_gemm_s8(shape, 0, now.columns, now.taps, now.depth, now.weights, packed, corrections);
  for (size_t column = 0; column < now.columns; column += 1)
    corrections[column] *= shape->activation_offset;
  scales_place_bias(&now.scales, now.columns, corrections);
  offset_operands(shape->activation_offset);
  for (size_t first = 0; first < now.rows; first += shape->mr) {
    const size_t rows = now.rows - first < shape->mr ? now.rows - first : shape->mr;
    const int8_t **pointers =
        guarded_place(&now.pointer_memory, now.taps * shape->mr * sizeof *pointers, values_coin());
    for (size_t tap = 0; tap < now.taps; tap += 1)
      for (size_t row = 0; row < shape->mr; row += 1)
        pointers[tap * shape->mr + row] =
            row < rows ? now.operands[tap * now.rows + first + row] : guarded_forbidden(&now.pointer_memory);
    call_tile(family, pointers, packed, first, rows, (char *)result + first * stride, stride);
  }
  offset_operands(shape->activation_offset);
}

static void compare_ranges(const float *expected) {
  const float *got = now.scales.range;
  if (now.scales.value.range && (got[0] != expected[0] || got[1] != expected[1]))
    case_differs("range %a to %a instead of %a to %a", (double)got[0], (double)got[1], (double)expected[0],
                 (double)expected[1]);
}

static void run_case(const maskd_kernels *family, const maskd_kernels *generic, size_t rows, size_t columns,
                     size_t taps, size_t depth) {
  case_begin("%zu rows, %zu columns, %zu taps, depth %zu", rows, columns, taps, depth);
  static float expected[ROWS * COLUMNS];
  randomize(rows, columns, taps, depth);
  const size_t row_bytes = columns * element_bytes();
  if (family == generic)
    compute(expected);
  else
    call(generic, expected, row_bytes);
  const float range[2] = {now.scales.range[0], now.scales.range[1]};
  now.scales.range[0] = now.scales.range[1] = 0;
  const size_t gap = values_coin() ? 0 : (size_t)values_in(0, (int64_t)columns) * element_bytes();
  result_place(&now.result, rows, row_bytes, row_bytes + gap);
  call(family, now.result.first, now.result.stride);
  if (!now.to_float) {
    result_compare(&now.result, (const uint8_t *)expected);
    return;
  }
  result_compare_f32(&now.result, expected);
  compare_ranges(range);
}

static void run_cases(const maskd_kernels *family, const maskd_kernels *generic) {
  make();
  const size_t mr = family->gemm_s8_shape.mr;
  for (size_t rows = 1; rows <= mr; rows += 1) {
    for (size_t depth = 1; depth <= 36; depth += 1)
      run_case(family, generic, rows, (size_t)values_in(1, COLUMNS), (size_t)values_in(1, TAPS), depth);
    for (size_t columns = 1; columns <= COLUMNS; columns += 1)
      run_case(family, generic, rows, columns, (size_t)values_in(1, 3), (size_t)values_in(1, 40));
  }
  for (size_t i = 0; i < 400 && !checks_should_stop(); i += 1) {
    const size_t taps = (size_t)values_in(1, TAPS);
    run_case(family, generic, (size_t)values_in(1, (int64_t)mr), (size_t)values_in(1, COLUMNS), taps,
             (size_t)values_in(1, PRODUCTS / (int64_t)taps));
  }
  for (size_t i = 0; i < DEEP_CASES && !checks_should_stop(); i += 1)
    run_case(family, generic, (size_t)values_in(1, i % 2 ? 1 : (int64_t)mr), (size_t)values_in(1, DEEP_COLUMNS), TAPS,
             (size_t)values_in(DEEPEST_TAP - 80, DEEPEST_TAP));
}

// The neon and the dotprod family have two kernels each, of which a processor takes one.
static void run_all(const maskd_kernels *family, const maskd_kernels *generic) {
  run_cases(family, generic);
#if defined(__aarch64__)
  maskd_kernels other = *family;
  if (family->gemm_s8 == maskd_gemm_s8_25x16_dotprod)
    other.gemm_s8 = maskd_gemm_s8_25x16_dotprod_in_order;
  else if (family->gemm_s8 == maskd_gemm_s8_25x16_dotprod_in_order)
    other.gemm_s8 = maskd_gemm_s8_25x16_dotprod;
  else if (family->gemm_s8 == maskd_gemm_s8_28x4_neon)
    other.gemm_s8 = maskd_gemm_s8_28x4_neon_in_order;
  else if (family->gemm_s8 == maskd_gemm_s8_28x4_neon_in_order)
    other.gemm_s8 = maskd_gemm_s8_28x4_neon;
  if (other.gemm_s8 != family->gemm_s8)
    run_cases(&other, generic);
#endif
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  now.to_float = false;
  run_all(family, generic);
}

static void run_to_float(const maskd_kernels *family, const maskd_kernels *generic) {
  now.to_float = true;
  run_all(family, generic);
}

// The job: a 1x1 convolution of 96 pixels, 96 channels to 96.
enum { JOB_ROWS = 96, JOB_COLUMNS = 96, JOB_DEPTH = 96 };

static struct {
  int8_t activations[JOB_ROWS][JOB_DEPTH], results[JOB_ROWS][JOB_COLUMNS], weights[JOB_COLUMNS * JOB_DEPTH];
  int16_t packed[JOB_COLUMNS * JOB_DEPTH];
  int32_t sums[JOB_COLUMNS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  make();
  values_fill_s8(&bench.activations[0][0], sizeof bench.activations);
  values_fill_s8(bench.weights, sizeof bench.weights);
  maskd_pack_gemm_s8(&family->gemm_s8_shape, 0, JOB_COLUMNS, 1, JOB_DEPTH, bench.weights, bench.packed, bench.sums);
  scales_randomize(&now.scales, JOB_COLUMNS, MASKD_ROUND_TWICE);
  return JOB_ROWS * JOB_COLUMNS * JOB_DEPTH;
}

static void job(const maskd_kernels *family) {
  const size_t mr = family->gemm_s8_shape.mr;
  for (size_t first = 0; first < JOB_ROWS; first += mr) {
    const size_t rows = JOB_ROWS - first < mr ? JOB_ROWS - first : mr;
    const int8_t *pointers[ROWS];
    for (size_t row = 0; row < rows; row += 1)
      pointers[row] = bench.activations[first + row];
    family->gemm_s8(rows, 0, JOB_COLUMNS, 1, JOB_DEPTH, pointers, bench.packed, NULL, bench.results[first], JOB_COLUMNS,
                    &now.scales.value);
  }
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->gemm_s8;
}

const check check_gemm_s8 = {"gemm_s8", function, run, prepare_job, job};
const check check_gemm_s8_to_f32 = {"gemm_s8_to_f32", function, run_to_float, prepare_job, job};
