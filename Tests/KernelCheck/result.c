#include "result.h"
#include "check.h"
#include "values.h"
#include <math.h>
#include <string.h>

void result_place(result_area *area, size_t rows, size_t row_bytes, size_t stride) {
  area->rows = rows;
  area->row_bytes = row_bytes;
  area->stride = stride;
  area->first = guarded_place(&area->memory, (rows - 1) * stride + row_bytes, values_coin());
}

static bool is_inside(const result_area *area, size_t offset) {
  const uint8_t *byte = area->memory.first + offset;
  if (byte < area->first)
    return false;
  const size_t distance = (size_t)(byte - area->first);
  return distance / area->stride < area->rows && distance % area->stride < area->row_bytes;
}

static void check_outside(const result_area *area) {
  for (size_t offset = 0; offset < area->memory.capacity; offset += 1)
    if (!is_inside(area, offset) && !guarded_is_untouched(&area->memory, offset)) {
      case_differs("wrote outside of its result, at byte %td of it", area->memory.first + offset - area->first);
      return;
    }
}

void result_compare(const result_area *area, const uint8_t *expected) {
  check_outside(area);
  for (size_t row = 0; row < area->rows; row += 1)
    for (size_t i = 0; i < area->row_bytes; i += 1) {
      const int8_t got = (int8_t)area->first[row * area->stride + i];
      const int8_t wanted = (int8_t)expected[row * area->row_bytes + i];
      if (got != wanted) {
        case_differs("row %zu, byte %zu: %d instead of %d", row, i, got, wanted);
        return;
      }
    }
}

static bool is_as_wanted(float got, float wanted, double bound) {
  if (memcmp(&got, &wanted, sizeof got) == 0 || (isnan(got) && isnan(wanted)) || !isfinite(bound))
    return true;
  return fabs((double)got - (double)wanted) <= bound;
}

// Without bounds the values must be the same.
static void compare_f32(const result_area *area, const float *expected, const double *bounds) {
  check_outside(area);
  const size_t columns = area->row_bytes / sizeof(float);
  for (size_t row = 0; row < area->rows; row += 1)
    for (size_t i = 0; i < columns; i += 1) {
      float got;
      memcpy(&got, area->first + row * area->stride + i * sizeof got, sizeof got);
      const float wanted = expected[row * columns + i];
      if (!is_as_wanted(got, wanted, bounds ? bounds[row * columns + i] : 0)) {
        case_differs("row %zu, column %zu: %a instead of %a", row, i, (double)got, (double)wanted);
        return;
      }
    }
}

void result_compare_f32(const result_area *area, const float *expected) {
  compare_f32(area, expected, NULL);
}

void result_compare_f32_within(const result_area *area, const float *expected, const double *bounds) {
  compare_f32(area, expected, bounds);
}
