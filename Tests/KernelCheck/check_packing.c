#include "../../Sources/CKernels/pairs.h"
#include "check.h"
#include "guarded.h"
#include "values.h"
#include <string.h>

enum { COLUMNS = 70, TAPS = 9, PRODUCTS = 640, WEIGHTS = COLUMNS * PRODUCTS, PACKED = (COLUMNS + 32) * PRODUCTS * 16 };

static struct {
  guarded weight_memory, packed_memory, sum_memory;
  const char *weights; // [column][tap][depth], int8 or float
  size_t columns, taps, depth;
  bool is_float;
} now;

static void make(void) {
  if (now.weight_memory.first)
    return;
  now.weight_memory = guarded_make(WEIGHTS * sizeof(float));
  now.packed_memory = guarded_make(PACKED);
  now.sum_memory = guarded_make(COLUMNS * sizeof(int32_t));
}

static const maskd_gemm_shape *shape_of(const maskd_kernels *family) {
  return now.is_float ? &family->gemm_f32_shape : &family->gemm_s8_shape;
}

static void randomize(size_t columns, size_t taps, size_t depth) {
  now.columns = columns, now.taps = taps, now.depth = depth;
  const size_t count = columns * taps * depth, bytes = count * (now.is_float ? sizeof(float) : 1);
  char *weights = guarded_place(&now.weight_memory, bytes, values_coin());
  if (now.is_float)
    values_fill_f32((float *)(void *)weights, count);
  else
    values_fill_weights_s8((int8_t *)weights, count);
  now.weights = weights;
}

// The bytes of one weight as the family stores it; zeros where there is no such weight.
static void plain_weight(const maskd_gemm_shape *shape, size_t column, size_t tap, size_t k, char *bytes) {
  const size_t taps = shape->is_dense ? 1 : now.taps, depth = shape->is_dense ? now.taps * now.depth : now.depth;
  memset(bytes, 0, shape->weight_bytes);
  if (column >= now.columns || k >= depth)
    return;
  const size_t i = (column * taps + tap) * depth + k;
  if (now.is_float)
    memcpy(bytes, now.weights + i * sizeof(float), sizeof(float));
  else if (shape->weight_bytes == 2)
    memcpy(bytes, &(int16_t){(int8_t)now.weights[i]}, sizeof(int16_t));
  else
    *bytes = now.weights[i];
}

static int8_t weight_at(size_t column, size_t k) {
  const size_t depth = now.taps * now.depth;
  return column < now.columns && k < depth ? (int8_t)now.weights[column * depth + k] : 0;
}

static void compare_step(size_t block, size_t step, size_t column, const char *packed) {
  for (size_t k = 0; k < MASKD_PAIRS_STEP; k += 1)
    if ((int8_t)packed[k] != weight_at(block + column, step * MASKD_PAIRS_STEP + k))
      case_differs("column %zu, value %zu", block + column, step * MASKD_PAIRS_STEP + k);
}

// Whether each lane holds what is added there, whatever the activations are.
static bool is_strong(size_t block, size_t one, size_t other) {
  for (size_t column = block; column < block + MASKD_PAIRS_COLUMNS; column += 1)
    for (size_t lane = 0; lane < 8; lane += 1) {
      int32_t magnitudes = 0;
      for (size_t k = lane; k < MASKD_PAIRS_STEP; k += 8) {
        const int32_t x = weight_at(column, one * MASKD_PAIRS_STEP + k);
        const int32_t y = weight_at(column, other * MASKD_PAIRS_STEP + k);
        magnitudes += (x < 0 ? -x : x) + (y < 0 ? -y : y);
      }
      if (magnitudes * 128 > INT16_MAX)
        return false;
    }
  return true;
}

// One block: its order has every step once, its weights lie in that order, and strong pairs are. Returns its bytes.
static size_t compare_block(size_t block, const char *packed) {
  const size_t depth = now.taps * now.depth, steps = (depth + MASKD_PAIRS_STEP - 1) / MASKD_PAIRS_STEP;
  const bool has_eight = depth % MASKD_PAIRS_STEP > 0 && depth % MASKD_PAIRS_STEP <= MASKD_PAIRS_STEP / 2;
  const maskd_pairs *pairs = (const maskd_pairs *)(const void *)packed;
  const int32_t *deltas = (const int32_t *)(const void *)(pairs + 1);
  const char *weights = packed + maskd_pairs_header_bytes(steps);
  const size_t in_pairs = 2 * (size_t)(pairs->strong + pairs->weak);
  const bool has_step = pairs->rest & MASKD_REST_STEP, rest_is_strong = pairs->rest & MASKD_REST_STRONG;
  size_t order[PRODUCTS / MASKD_PAIRS_STEP + 1], seen[PRODUCTS / MASKD_PAIRS_STEP + 1] = {0};
  int32_t at = pairs->first;
  if (in_pairs + has_step + has_eight != steps || !(pairs->rest & MASKD_REST_EIGHT) != !has_eight ||
      (rest_is_strong && !(has_step && has_eight)))
    return case_differs("block %zu has %zu steps in pairs and a rest of %u", block, in_pairs, pairs->rest), 0;
  for (size_t i = 0; i < steps; at += deltas[i], i += 1) {
    if (at < 0 || at % MASKD_PAIRS_STRIDE != 0 || (size_t)at / MASKD_PAIRS_STRIDE >= steps)
      return case_differs("block %zu goes to %d", block, at), 0;
    order[i] = (size_t)at / MASKD_PAIRS_STRIDE;
    seen[order[i]] += 1;
  }
  if (at != pairs->first + (int32_t)steps * MASKD_PAIRS_STRIDE)
    case_differs("block %zu ends at %d", block, at);
  for (size_t i = 0; i < steps; i += 1)
    if (seen[i] != 1)
      case_differs("block %zu takes step %zu %zu times", block, i, seen[i]);
  if (has_eight && order[steps - 1] != steps - 1)
    case_differs("block %zu does not end with its last eight", block);
  for (size_t i = 0; i < steps;) {
    const size_t count = i < in_pairs || rest_is_strong ? 2 : 1;
    if (((i < in_pairs && i < 2 * (size_t)pairs->strong) || (i >= in_pairs && rest_is_strong)) &&
        !is_strong(block, order[i], order[i + 1]))
      case_differs("block %zu: steps %zu and %zu are no strong pair", block, order[i], order[i + 1]);
    for (size_t column = 0; column < MASKD_PAIRS_COLUMNS; column += 4 / count)
      for (size_t next = i; next < i + count; next += 1)
        for (size_t c = column; c < column + 4 / count; c += 1, weights += MASKD_PAIRS_STEP)
          compare_step(block, order[next], c, weights);
    i += count;
  }
  return maskd_pairs_block_bytes(steps);
}

static void compare_pairs(const char *packed) {
  for (size_t block = 0; block < now.columns && !checks_should_stop(); block += MASKD_PAIRS_COLUMNS)
    packed += compare_block(block, packed);
}

// Compares weight by weight, in the order that the header of the kernels gives.
static void compare_packed(const maskd_gemm_shape *shape, const char *packed) {
  const size_t taps = shape->is_dense ? 1 : now.taps, depth = shape->is_dense ? now.taps * now.depth : now.depth;
  if (shape->header_bytes > 0) {
    const bool has_least = memchr(now.weights, INT8_MIN & 0xff, now.columns * now.taps * now.depth) != NULL;
    if (*packed != has_least)
      case_differs("the header says %d", *packed);
    packed += shape->header_bytes;
  }
  if (shape->has_pairs) {
    compare_pairs(packed);
    return;
  }
  for (size_t block = 0; block < now.columns; block += shape->nr)
    for (size_t tap = 0; tap < taps; tap += 1)
      for (size_t group = 0; group < depth; group += shape->kr)
        for (size_t column = block; column < block + shape->nr; column += 1)
          for (size_t k = group; k < group + shape->kr; k += 1, packed += shape->weight_bytes) {
            char expected[sizeof(float)];
            plain_weight(shape, column, tap, k, expected);
            if (memcmp(packed, expected, shape->weight_bytes) != 0)
              case_differs("column %zu, tap %zu, value %zu", column, tap, k);
          }
}

static void compare_sums(const int32_t *sums) {
  for (size_t column = 0; column < now.columns; column += 1) {
    const size_t per_column = now.taps * now.depth;
    int32_t expected = 0;
    for (size_t i = 0; i < per_column; i += 1)
      expected += (int8_t)now.weights[column * per_column + i];
    if (sums[column] != expected)
      case_differs("the sum of column %zu is %d instead of %d", column, sums[column], expected);
  }
}

// All columns in one call, or in several.
static void run_case(const maskd_kernels *family, size_t columns, size_t taps, size_t depth) {
  const maskd_gemm_shape *shape = shape_of(family);
  const size_t part = values_coin() ? columns : (size_t)values_in(1, 3) * shape->nr;
  case_begin("%zu columns, %zu at a time, %zu taps, depth %zu", columns, part, taps, depth);
  randomize(columns, taps, depth);
  const size_t bytes = now.is_float ? maskd_packed_gemm_f32_bytes(shape, columns, taps, depth)
                                    : maskd_packed_gemm_s8_bytes(shape, columns, taps, depth);
  char *packed = guarded_place(&now.packed_memory, bytes, values_coin());
  int32_t *sums = guarded_place(&now.sum_memory, columns * sizeof *sums, values_coin());
  for (size_t first = 0; first < columns; first += part) {
    const size_t count = columns - first < part ? columns - first : part, start = first * taps * depth;
    if (now.is_float)
      maskd_pack_gemm_f32(shape, first, count, taps, depth, (const float *)(const void *)now.weights + start,
                          (float *)(void *)packed);
    else
      maskd_pack_gemm_s8(shape, first, count, taps, depth, (const int8_t *)now.weights + start, packed, sums + first);
  }
  compare_packed(shape, packed);
  if (!now.is_float)
    compare_sums(sums);
}

static void run_cases(const maskd_kernels *family) {
  make();
  for (size_t depth = 1; depth <= PRODUCTS && !checks_should_stop(); depth += depth < 80 ? 1 : 37)
    run_case(family, (size_t)values_in(1, COLUMNS), 1, depth);
  for (size_t columns = 1; columns <= COLUMNS; columns += 1)
    for (size_t taps = 1; taps <= TAPS && !checks_should_stop(); taps += 1)
      run_case(family, columns, taps, (size_t)values_in(1, PRODUCTS / TAPS));
}

static void run_s8(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  now.is_float = false;
  run_cases(family);
}

static void run_f32(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  now.is_float = true;
  run_cases(family);
}

// The job: the weights of a 1x1 convolution of 256 channels to 64.
enum { JOB_COLUMNS = 64, JOB_DEPTH = 256 };

static struct {
  int8_t weights[JOB_COLUMNS * JOB_DEPTH];
  float floats[JOB_COLUMNS * JOB_DEPTH], packed[JOB_COLUMNS * JOB_DEPTH];
  int32_t sums[JOB_COLUMNS];
} bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_weights_s8(bench.weights, JOB_COLUMNS * JOB_DEPTH);
  values_fill_f32(bench.floats, JOB_COLUMNS * JOB_DEPTH);
  return JOB_COLUMNS * JOB_DEPTH;
}

static void job_s8(const maskd_kernels *family) {
  maskd_pack_gemm_s8(&family->gemm_s8_shape, 0, JOB_COLUMNS, 1, JOB_DEPTH, bench.weights, bench.packed, bench.sums);
}

static void job_f32(const maskd_kernels *family) {
  maskd_pack_gemm_f32(&family->gemm_f32_shape, 0, JOB_COLUMNS, 1, JOB_DEPTH, bench.floats, bench.packed);
}

// Who has a kernel of its own has an order of its own.
static void (*function_s8(const maskd_kernels *family))(void) {
  return (void (*)(void))family->gemm_s8;
}

static void (*function_f32(const maskd_kernels *family))(void) {
  return (void (*)(void))family->gemm_f32;
}

const check check_pack_gemm_s8 = {"pack_gemm_s8", function_s8, run_s8, prepare_job, job_s8};
const check check_pack_gemm_f32 = {"pack_gemm_f32", function_f32, run_f32, prepare_job, job_f32};
