#if defined(__aarch64__)

#include "neon.h"
#include <arm_neon.h>

// One instruction looks 64 entries up; an index beyond them leaves what was there.

enum { STEP = 16, UNROLLED = 4 };

typedef struct entries {
  int8x16x4_t quarters[4];
} entries;

static inline __attribute__((always_inline)) int8x16_t looked_up(uint8x16_t index, const entries *table) {
  const int8x16_t first = vqtbl4q_s8(table->quarters[0], index);
  const int8x16_t second = vqtbx4q_s8(first, table->quarters[1], veorq_u8(index, vdupq_n_u8(0x40)));
  const int8x16_t third = vqtbx4q_s8(second, table->quarters[2], veorq_u8(index, vdupq_n_u8(0x80)));
  return vqtbx4q_s8(third, table->quarters[3], veorq_u8(index, vdupq_n_u8(0xc0)));
}

void maskd_lookup_s8_neon(size_t count, const int8_t *values, const int8_t *table, int8_t *result) {
  entries all;
  for (size_t i = 0; i < 4; i += 1)
    all.quarters[i] = vld1q_s8_x4(table + 64 * i);
  size_t i = 0;
  for (; i + UNROLLED * STEP <= count; i += UNROLLED * STEP)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < UNROLLED; v += 1)
      vst1q_s8(result + i + v * STEP, looked_up(vreinterpretq_u8_s8(vld1q_s8(values + i + v * STEP)), &all));
  for (; i + STEP <= count; i += STEP)
    vst1q_s8(result + i, looked_up(vreinterpretq_u8_s8(vld1q_s8(values + i)), &all));
  for (; i < count; i += 1)
    result[i] = table[(uint8_t)values[i]];
}

#endif
