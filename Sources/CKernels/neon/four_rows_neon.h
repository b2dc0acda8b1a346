#ifndef MASKD_NEON_FOUR_ROWS_H
#define MASKD_NEON_FOUR_ROWS_H

#include "multiply_neon.h"

// The sums of four rows and weights above -128, written out: the compiler would run out of registers, and the order is
// what counts on a processor that does not change it. v0 to v15 hold sums, row by row, v16 to v19 sixteen values of
// each row.
//
// Both functions move `packed` on to the next tile, and take the steps from `steps`.

#define TEXT(LINE) LINE "\n\t"
#define PRODUCT(HOW, V, X, W, LANES) TEXT(HOW " v" #V ".8h, v" #X "." LANES ", v" #W "." LANES)
#define TO_SUM(HOW, SUM, V) TEXT(HOW " v" #SUM ".4s, v" #V ".8h")
#define TO_SUMS(HOW, S, T, U, V, A, B, C, D) TO_SUM(HOW, S, A) TO_SUM(HOW, T, B) TO_SUM(HOW, U, C) TO_SUM(HOW, V, D)
#define LOAD_ROWS(A, D, DELTA) TEXT("ld1 {v" #A ".16b-v" #D ".16b}, [%[packed]], %[" #DELTA "]")
#define LOAD_COLUMNS(A, D) TEXT("ld1 {v" #A ".16b-v" #D ".16b}, [%[weights]], #64")
#define FIRST_SUM "saddlp"
#define MORE "sadalp"
#define LABEL(NAME) "\n.L" #NAME "%=:\n\t"
#define IF(HOW, NAME) TEXT(HOW " .L" #NAME "%=")
#define COUNT(WHAT) TEXT("subs %[" #WHAT "], %[" #WHAT "], #1")

// Two columns, whose products are in v24 to v31: as many as let each wait for the one that it is added to.
#define ONE_COLUMN(HOW, W, A, B, C, D, LANES)                                                                          \
  PRODUCT(HOW, A, 16, W, LANES)                                                                                        \
  PRODUCT(HOW, B, 17, W, LANES) PRODUCT(HOW, C, 18, W, LANES) PRODUCT(HOW, D, 19, W, LANES)
#define TWO_COLUMNS(HOW, W, V, LANES)                                                                                  \
  ONE_COLUMN(HOW, W, 24, 25, 26, 27, LANES) ONE_COLUMN(HOW, V, 28, 29, 30, 31, LANES)
#define COLUMN_0(HOW) TO_SUMS(HOW, 0, 4, 8, 12, 24, 25, 26, 27)
#define COLUMN_1(HOW) TO_SUMS(HOW, 1, 5, 9, 13, 28, 29, 30, 31)
#define COLUMN_2(HOW) TO_SUMS(HOW, 2, 6, 10, 14, 24, 25, 26, 27)
#define COLUMN_3(HOW) TO_SUMS(HOW, 3, 7, 11, 15, 28, 29, 30, 31)

// A step of its own, of sixteen or of eight, with its weights in v20 to v23.
#define SIXTEEN(W, V) TWO_COLUMNS("smull", W, V, "8b") TWO_COLUMNS("smlal2", W, V, "16b")
#define EIGHT(W, V) TWO_COLUMNS("smull", W, V, "8b")
#define STEP(PRODUCTS, HOW)                                                                                            \
  TEXT("ldrsw %[delta], [%[deltas]], #4")                                                                              \
  LOAD_ROWS(16, 19, delta)                                                                                             \
  LOAD_COLUMNS(20, 23) PRODUCTS(20, 21) COLUMN_0(HOW) COLUMN_1(HOW) PRODUCTS(22, 23) COLUMN_2(HOW) COLUMN_3(HOW)

// Where processors look for themselves what can be done next: a column of a pair at a time. v20 to v23 hold the next
// sixteen values of the rows, v24 to v27 the weights of two columns, v28 to v31 the products of one.
#define IN_FIRST(HOW, W, LANES)                                                                                        \
  PRODUCT(HOW, 28, 16, W, LANES)                                                                                       \
  PRODUCT(HOW, 29, 17, W, LANES) PRODUCT(HOW, 30, 18, W, LANES) PRODUCT(HOW, 31, 19, W, LANES)
#define IN_SECOND(HOW, W, LANES)                                                                                       \
  PRODUCT(HOW, 28, 20, W, LANES)                                                                                       \
  PRODUCT(HOW, 29, 21, W, LANES) PRODUCT(HOW, 30, 22, W, LANES) PRODUCT(HOW, 31, 23, W, LANES)
#define TO_COLUMN(HOW, S, T, U, V) TO_SUMS(HOW, S, T, U, V, 28, 29, 30, 31)
#define STRONG_COLUMN(HOW, W, X, S, T, U, V)                                                                           \
  IN_FIRST("smull", W, "8b")                                                                                           \
  IN_FIRST("smlal2", W, "16b") IN_SECOND("smlal", X, "8b") IN_SECOND("smlal2", X, "16b") TO_COLUMN(HOW, S, T, U, V)
#define WEAK_COLUMN(HOW, W, X, S, T, U, V)                                                                             \
  IN_FIRST("smull", W, "8b")                                                                                           \
  IN_FIRST("smlal2", W, "16b")                                                                                         \
  TO_COLUMN(HOW, S, T, U, V) IN_SECOND("smull", X, "8b") IN_SECOND("smlal2", X, "16b") TO_COLUMN(MORE, S, T, U, V)
#define SHORT_COLUMN(HOW, W, X, S, T, U, V)                                                                            \
  IN_FIRST("smull", W, "8b") IN_FIRST("smlal2", W, "16b") IN_SECOND("smlal", X, "8b") TO_COLUMN(HOW, S, T, U, V)
#define PAIR(COLUMN, HOW)                                                                                              \
  TEXT("ldpsw %[delta], %[next], [%[deltas]], #8")                                                                     \
  LOAD_ROWS(16, 19, delta)                                                                                             \
  LOAD_COLUMNS(24, 27)                                                                                                 \
  LOAD_ROWS(20, 23, next)                                                                                              \
  COLUMN(HOW, 24, 26, 0, 4, 8, 12)                                                                                     \
  COLUMN(HOW, 25, 27, 1, 5, 9, 13)                                                                                     \
  LOAD_COLUMNS(24, 27) COLUMN(HOW, 24, 26, 2, 6, 10, 14) COLUMN(HOW, 25, 27, 3, 7, 11, 15)

// clang-format off
#define PAIRS \
  IF("cbz %[strong],", no_strong) \
  PAIR(STRONG_COLUMN, FIRST_SUM) \
  COUNT(strong) \
  IF("b.eq", weak) \
  LABEL(strong) \
  PAIR(STRONG_COLUMN, MORE) \
  COUNT(strong) \
  IF("b.ne", strong) \
  LABEL(weak) \
  IF("cbz %[weak],", rest) \
  LABEL(more_weak) \
  PAIR(WEAK_COLUMN, MORE) \
  COUNT(weak) \
  IF("b.ne", more_weak) \
  IF("b", rest) \
  LABEL(no_strong) \
  IF("cbz %[weak],", only_rest) \
  PAIR(WEAK_COLUMN, FIRST_SUM) \
  COUNT(weak) \
  IF("b.ne", more_weak)
// clang-format on

// Where they keep to the order: two columns of one step at a time, so that seven instructions lie between each and the
// one that needs its result. What is sooner done than a product stands together, as it has to wait for the products
// before it; loads of four registers, four instructions apart, go beside additions. v20 to v23 hold weights. A pair is
// the first step, the second, that again for the other two columns, and the first. To add four products in int16 would
// leave nothing to load rows beside.
#define LOAD(A, D, FROM) TEXT("ld1 {v" #A ".16b-v" #D ".16b}, [%[" #FROM "]]")
#define ALL_OF_STEP(W, V, HOW, FIRST_SUMS, FIRST_LOAD, LAST_SUMS, LAST_LOAD)                                           \
  SIXTEEN(W, V) FIRST_LOAD FIRST_SUMS(HOW)                                                                             \
  LAST_LOAD LAST_SUMS(HOW)
#define PAIR_IN_ORDER(HOW, LOAD_NEXT_ROWS, LOAD_NEXT_WEIGHTS)                                                          \
  ALL_OF_STEP(20, 21, HOW, COLUMN_0, LOAD(16, 19, second), COLUMN_1, )                                                 \
  ALL_OF_STEP(22, 23, MORE, COLUMN_0, LOAD(20, 23, other), COLUMN_1, )                                                 \
  ALL_OF_STEP(22, 23, HOW, COLUMN_2, LOAD(16, 19, packed), COLUMN_3, )                                                 \
  ALL_OF_STEP(20, 21, MORE, COLUMN_2, LOAD_NEXT_ROWS, COLUMN_3, LOAD_NEXT_WEIGHTS)
// Where the second step's rows are, where those of the next pair, and the weights of the other two columns.
#define LOAD_DELTAS TEXT("ldpsw %[delta], %[next], [%[deltas]], #8")
#define FIND_ROWS                                                                                                      \
  TEXT("add %[other], %[weights], #64")                                                                                \
  TEXT("add %[weights], %[weights], #128")                                                                             \
  TEXT("add %[second], %[packed], %[delta]") TEXT("add %[after], %[second], %[next]")
#define GO_ON TEXT("mov %[packed], %[after]")
#define MORE_IN_ORDER(HOW)                                                                                             \
  PAIR_IN_ORDER(HOW, LOAD(16, 19, after), LOAD(20, 23, weights)) LOAD_DELTAS GO_ON COUNT(weak) FIND_ROWS
// `weak` counts the pairs behind the one that is computed.
// clang-format off
#define PAIRS_IN_ORDER \
  TEXT("adds %[weak], %[weak], %[strong]") \
  IF("b.eq", only_rest) \
  LOAD(16, 19, packed) \
  LOAD(20, 23, weights) \
  LOAD_DELTAS \
  FIND_ROWS \
  COUNT(weak) \
  IF("b.eq", only_pair) \
  MORE_IN_ORDER(FIRST_SUM) \
  IF("b.eq", last) \
  LABEL(more) \
  MORE_IN_ORDER(MORE) \
  IF("b.ne", more) \
  LABEL(last) \
  PAIR_IN_ORDER(MORE, , ) \
  GO_ON \
  IF("b", rest) \
  LABEL(only_pair) \
  PAIR_IN_ORDER(FIRST_SUM, , ) \
  GO_ON \
  IF("b", rest)
// clang-format on

// What is left behind the pairs, or all there is; and the four lanes of each sum.
// clang-format off
#define REST \
  LABEL(rest) \
  IF("cbz %w[rest],", end) \
  IF("tbnz %w[rest], #2,", rest_strong) \
  IF("tbz %w[rest], #0,", rest_eight) \
  STEP(SIXTEEN, MORE) \
  IF("tbz %w[rest], #1,", end) \
  LABEL(rest_eight) \
  STEP(EIGHT, MORE) \
  IF("b", end) \
  LABEL(rest_strong) \
  PAIR(SHORT_COLUMN, MORE) \
  IF("b", end) \
  LABEL(only_rest) \
  IF("tbnz %w[rest], #2,", only_strong) \
  IF("tbz %w[rest], #0,", only_eight) \
  STEP(SIXTEEN, FIRST_SUM) \
  IF("tbnz %w[rest], #1,", rest_eight) \
  IF("b", end) \
  LABEL(only_eight) \
  STEP(EIGHT, FIRST_SUM) \
  IF("b", end) \
  LABEL(only_strong) \
  PAIR(SHORT_COLUMN, FIRST_SUM) \
  LABEL(end)
// clang-format on
#define ADD_PAIRS(TO, A, B) TEXT("addp v" #TO ".4s, v" #A ".4s, v" #B ".4s")
// clang-format off
#define ADD_LANES \
  ADD_PAIRS(0, 0, 1) \
  ADD_PAIRS(4, 4, 5) \
  ADD_PAIRS(8, 8, 9) \
  ADD_PAIRS(12, 12, 13) \
  ADD_PAIRS(2, 2, 3) \
  ADD_PAIRS(6, 6, 7) \
  ADD_PAIRS(10, 10, 11) \
  ADD_PAIRS(14, 14, 15) \
  ADD_PAIRS(0, 0, 2) \
  ADD_PAIRS(4, 4, 6) \
  ADD_PAIRS(8, 8, 10) \
  ADD_PAIRS(12, 12, 14)
// clang-format on

#define MULTIPLY_FOUR_ROWS(NAME, ALL_PAIRS)                                                                            \
  INLINE void NAME(const int8_t **packed, maskd_steps_neon steps, int32x4_t *sums) {                                   \
    register int32x4_t row_0 __asm__("v0"), row_1 __asm__("v4"), row_2 __asm__("v8"), row_3 __asm__("v12");            \
    size_t delta, next, second, after, other;                                                                          \
    __asm__ volatile(                                                                                                  \
        ALL_PAIRS REST ADD_LANES                                                                                       \
        : "=w"(row_0), "=w"(row_1), "=w"(row_2), "=w"(row_3), [packed] "+r"(*packed), [weights] "+r"(steps.weights),   \
          [deltas] "+r"(steps.deltas), [strong] "+r"(steps.strong), [weak] "+r"(steps.weak), [delta] "=&r"(delta),     \
          [next] "=&r"(next), [second] "=&r"(second), [after] "=&r"(after), [other] "=&r"(other)                       \
        : [rest] "r"(steps.rest)                                                                                       \
        : "v1", "v2", "v3", "v5", "v6", "v7", "v9", "v10", "v11", "v13", "v14", "v15", "v16", "v17", "v18", "v19",     \
          "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");         \
    sums[0] = row_0, sums[1] = row_1, sums[2] = row_2, sums[3] = row_3;                                                \
  }

MULTIPLY_FOUR_ROWS(maskd_multiply_four_rows_neon, PAIRS)
MULTIPLY_FOUR_ROWS(maskd_multiply_four_rows_in_order_neon, PAIRS_IN_ORDER)

#endif
