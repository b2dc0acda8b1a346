#ifndef MASKD_DOTPROD_ROUNDING_H
#define MASKD_DOTPROD_ROUNDING_H

#include "../neon/epilogue_neon.h"

// The ways to the right in fewer instructions, with the multiply-add that every processor with dot products has
// (FEAT_RDM came before them). Half a unit and the zero point are added before the shift, and the shift is to the left:
// it brings the result to the highest byte of its word and saturates there, which rounds down and narrows at once.
//
// A tie below zero goes away from zero, so 1 is taken there first. The sign of the sum tells where: it is that of the
// doubled high half, but for -1 times 2^30, and times 0, where the half is 0 and stays 0 with 1 taken from it.

#define MASKD_DOTPROD_TARGET "arch=armv8.1-a+dotprod"

// What sixteen results need.
typedef struct maskd_rounding_dotprod {
  int32_t addends[MASKD_NEON_RESULTS], shifts[MASKD_NEON_RESULTS], multipliers[MASKD_NEON_RESULTS];
} maskd_rounding_dotprod;

#pragma clang attribute push(__attribute__((target(MASKD_DOTPROD_TARGET), always_inline)), apply_to = function)

// The same of four columns.
typedef struct maskd_four_dotprod {
  int32x4_t addends, shifts, multipliers;
} maskd_four_dotprod;

static inline maskd_four_dotprod maskd_four_of_dotprod(const int32_t *multipliers, const int32_t *shifts,
                                                       int32_t zero_point) {
  const int32x4_t shift = vld1q_s32(shifts);
  return (maskd_four_dotprod){
      .addends = vshlq_s32(vdupq_n_s32(2 * zero_point + 1), vmvnq_s32(shift)), // with half a unit, before the shift
      .shifts = vaddq_s32(shift, vdupq_n_s32(24)),
      .multipliers = vld1q_s32(multipliers),
  };
}

static inline void maskd_set_rounding_dotprod(maskd_rounding_dotprod *by, size_t v, maskd_four_dotprod four) {
  vst1q_s32(by->addends + 4 * v, four.addends);
  vst1q_s32(by->shifts + 4 * v, four.shifts);
  vst1q_s32(by->multipliers + 4 * v, four.multipliers);
}

// For so many vectors of columns; what two need is there twice.
static inline void maskd_make_rounding_dotprod(const maskd_epilogue *to, size_t column, size_t vectors,
                                               maskd_rounding_dotprod *by) {
  const int32_t *multipliers = to->multiplier + column, *shifts = to->shift + column, zero_point = to->zero_point;
#pragma clang loop unroll(full)
  for (size_t v = 0; v < MASKD_NEON_VECTORS; v += 1) {
    const size_t first = 4 * (v % vectors);
    maskd_set_rounding_dotprod(by, v, maskd_four_of_dotprod(multipliers + first, shifts + first, zero_point));
  }
}

// Where the highest bytes of sixteen words lie.
static inline uint8x16_t maskd_tops_dotprod(void) {
  return (uint8x16_t){3, 7, 11, 15, 19, 23, 27, 31, 35, 39, 43, 47, 51, 55, 59, 63};
}

// Sixteen words, and in the highest byte of each what will be its result. Written out here and below: the compiler
// would load two registers at a time, and has no four in a row from which one instruction takes the bytes.
typedef struct maskd_words_dotprod {
  int32x4_t a, b, c, d;
} maskd_words_dotprod;

static inline maskd_words_dotprod maskd_add_high_dotprod(const int32x4_t *sums, const int32x4_t *multipliers,
                                                         const int32_t *addends, maskd_way_neon way) {
  register int32x4_t a __asm__("v28"), b __asm__("v29"), c __asm__("v30"), d __asm__("v31");
  __asm__ volatile("ld1 {v28.4s-v31.4s}, [%4]"
                   : "=w"(a), "=w"(b), "=w"(c), "=w"(d)
                   : "r"(addends), "m"(*(const int32_t(*)[MASKD_NEON_RESULTS])addends));
  if (way != MASKD_WAY_RIGHT)
    __asm__("ssra v28.4s, %4.4s, #31\n\t"
            "ssra v29.4s, %5.4s, #31\n\t"
            "ssra v30.4s, %6.4s, #31\n\t"
            "ssra v31.4s, %7.4s, #31"
            : "+w"(a), "+w"(b), "+w"(c), "+w"(d)
            : "w"(sums[0]), "w"(sums[1]), "w"(sums[2]), "w"(sums[3]));
  __asm__("sqrdmlah v28.4s, %4.4s, %8.4s\n\t"
          "sqrdmlah v29.4s, %5.4s, %9.4s\n\t"
          "sqrdmlah v30.4s, %6.4s, %10.4s\n\t"
          "sqrdmlah v31.4s, %7.4s, %11.4s"
          : "+w"(a), "+w"(b), "+w"(c), "+w"(d)
          : "w"(sums[0]), "w"(sums[1]), "w"(sums[2]), "w"(sums[3]), "w"(multipliers[0]), "w"(multipliers[1]),
            "w"(multipliers[2]), "w"(multipliers[3]));
  return (maskd_words_dotprod){a, b, c, d};
}

static inline int8x16_t maskd_top_bytes_dotprod(maskd_words_dotprod words, const int32x4_t *shifts, uint8x16_t tops,
                                                maskd_way_neon way, const maskd_results_neon *results) {
  register int32x4_t a __asm__("v28") = words.a, b __asm__("v29") = words.b, c __asm__("v30") = words.c,
                       d __asm__("v31") = words.d;
  int8x16_t bytes;
  __asm__("sqshl v28.4s, v28.4s, %5.4s\n\t"
          "sqshl v29.4s, v29.4s, %6.4s\n\t"
          "sqshl v30.4s, v30.4s, %7.4s\n\t"
          "sqshl v31.4s, v31.4s, %8.4s\n\t"
          "tbl %0.16b, {v28.16b-v31.16b}, %9.16b"
          : "=w"(bytes), "+w"(a), "+w"(b), "+w"(c), "+w"(d)
          : "w"(shifts[0]), "w"(shifts[1]), "w"(shifts[2]), "w"(shifts[3]), "w"(tops));
  return way == MASKD_WAY_RIGHT_WITHIN ? maskd_within_neon(bytes, results) : bytes;
}

// Sixteen results where no registers are left for multipliers and shifts.
static inline int8x16_t maskd_sixteen_of_dotprod(const int32x4_t *sums, const maskd_rounding_dotprod *by,
                                                 uint8x16_t tops, maskd_way_neon way,
                                                 const maskd_results_neon *results) {
  int8x16_t bytes;
#define MASKD_SIXTEEN_DOTPROD(BELOW_ZERO)                                                                              \
  __asm__ volatile("ld1 {v28.4s-v31.4s}, [%1]\n\t"                                                                     \
                   "ldp q26, q27, [%1, #128]\n\t" BELOW_ZERO "sqrdmlah v28.4s, %2.4s, v26.4s\n\t"                      \
                   "sqrdmlah v29.4s, %3.4s, v27.4s\n\t"                                                                \
                   "ldp q26, q27, [%1, #160]\n\t"                                                                      \
                   "sqrdmlah v30.4s, %4.4s, v26.4s\n\t"                                                                \
                   "sqrdmlah v31.4s, %5.4s, v27.4s\n\t"                                                                \
                   "ldp q26, q27, [%1, #64]\n\t"                                                                       \
                   "sqshl v28.4s, v28.4s, v26.4s\n\t"                                                                  \
                   "sqshl v29.4s, v29.4s, v27.4s\n\t"                                                                  \
                   "ldp q26, q27, [%1, #96]\n\t"                                                                       \
                   "sqshl v30.4s, v30.4s, v26.4s\n\t"                                                                  \
                   "sqshl v31.4s, v31.4s, v27.4s\n\t"                                                                  \
                   "tbl %0.16b, {v28.16b-v31.16b}, %6.16b"                                                             \
                   : "=w"(bytes)                                                                                       \
                   : "r"(by), "w"(sums[0]), "w"(sums[1]), "w"(sums[2]), "w"(sums[3]), "w"(tops), "m"(*by)              \
                   : "v26", "v27", "v28", "v29", "v30", "v31")
  if (way == MASKD_WAY_RIGHT)
    MASKD_SIXTEEN_DOTPROD("");
  else
    MASKD_SIXTEEN_DOTPROD("ssra v28.4s, %2.4s, #31\n\tssra v29.4s, %3.4s, #31\n\t"
                          "ssra v30.4s, %4.4s, #31\n\tssra v31.4s, %5.4s, #31\n\t");
#undef MASKD_SIXTEEN_DOTPROD
  return way == MASKD_WAY_RIGHT_WITHIN ? maskd_within_neon(bytes, results) : bytes;
}

// Writes sixteen bytes, or the first eight, and goes on to the next row: one instruction, which the compiler has no use
// for.
static inline void maskd_store_row_dotprod(int8x16_t bytes, size_t count, char **result, size_t stride) {
  if (count == MASKD_NEON_RESULTS)
    __asm__ volatile("st1 {%1.16b}, [%0], %2" : "+r"(*result) : "w"(bytes), "r"(stride) : "memory");
  else
    __asm__ volatile("st1 {%1.8b}, [%0], %2" : "+r"(*result) : "w"(bytes), "r"(stride) : "memory");
}

#pragma clang attribute pop

#endif
