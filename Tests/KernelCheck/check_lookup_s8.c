#include "check.h"
#include "result.h"
#include "values.h"
#include <string.h>

enum { COUNT = 700, ENTRIES = 256, JOB_COUNT = 4096 };

static struct {
  guarded values_memory, table_memory;
  result_area result;
} now;

static void make(void) {
  if (now.values_memory.first)
    return;
  now.values_memory = guarded_make(COUNT);
  now.table_memory = guarded_make(ENTRIES);
  now.result.memory = guarded_make(COUNT);
}

static void run_case(const maskd_kernels *family, size_t count) {
  const bool in_place = values_coin();
  case_begin("%zu values%s", count, in_place ? ", in place" : "");
  int8_t *values = guarded_place(&now.values_memory, count, values_coin());
  int8_t *table = guarded_place(&now.table_memory, ENTRIES, values_coin());
  values_fill_s8(values, count);
  for (size_t i = 0; i < ENTRIES; i += 1)
    table[i] = (int8_t)values_in(-128, 127);
  int8_t expected[COUNT];
  for (size_t i = 0; i < count; i += 1)
    expected[i] = table[values[i] < 0 ? values[i] + ENTRIES : values[i]];
  result_place(&now.result, 1, count, count);
  if (in_place)
    memcpy(now.result.first, values, count);
  family->lookup_s8(count, in_place ? (int8_t *)now.result.first : values, table, (int8_t *)now.result.first);
  result_compare(&now.result, (const uint8_t *)expected);
}

static void run(const maskd_kernels *family, const maskd_kernels *generic) {
  (void)generic;
  make();
  for (size_t count = 1; count <= COUNT && !checks_should_stop(); count += 1)
    run_case(family, count);
}

static struct { int8_t values[JOB_COUNT], table[ENTRIES], result[JOB_COUNT]; } bench;

static size_t prepare_job(const maskd_kernels *family) {
  (void)family;
  values_fill_s8(bench.values, JOB_COUNT);
  values_fill_s8(bench.table, ENTRIES);
  return JOB_COUNT;
}

static void job(const maskd_kernels *family) {
  family->lookup_s8(JOB_COUNT, bench.values, bench.table, bench.result);
}

static void (*function(const maskd_kernels *family))(void) {
  return (void (*)(void))family->lookup_s8;
}

const check check_lookup_s8 = {"lookup_s8", function, run, prepare_job, job};
