#include "generic.h"

void maskd_lookup_s8_generic(size_t count, const int8_t *values, const int8_t *table, int8_t *result) {
  for (size_t i = 0; i < count; i += 1)
    result[i] = table[(uint8_t)values[i]];
}
