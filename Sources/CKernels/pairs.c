#include "pairs.h"
#include <string.h>

enum { STEP = MASKD_PAIRS_STEP, COLUMNS = MASKD_PAIRS_COLUMNS, STRIDE = MASKD_PAIRS_STRIDE, LANES = 8 };
// So many steps on a partner is looked for. The more the longer packing takes; pairs are found among few.
enum { WITHIN = 24 };

// The magnitudes in the lanes of a step, which two weights of each column share; 255 where there is a -128, which fits
// nowhere. These stand where the block's weights will be, until the order is known.
typedef struct magnitudes {
  uint8_t lanes[COLUMNS * LANES];
} magnitudes;

typedef struct block {
  size_t columns, depth, steps;
  const int8_t *weights;
  maskd_pairs *header;
  int32_t *order; // of the steps, which become deltas
  char *packed;
} block;

static uint32_t magnitude_of(int8_t weight) {
  return weight == INT8_MIN ? UINT8_MAX : (uint32_t)(weight < 0 ? -weight : weight);
}

static magnitudes *magnitudes_at(const block *b, size_t step) {
  return (magnitudes *)(void *)(b->packed + step * STRIDE);
}

static void measure(const block *b) {
  for (size_t step = 0; step < b->steps; step += 1) {
    uint32_t sums[COLUMNS * LANES] = {0};
    const size_t left = b->depth - step * STEP, count = left < STEP ? left : STEP;
    for (size_t column = 0; column < b->columns; column += 1)
      for (size_t k = 0; k < count; k += 1)
        sums[column * LANES + k % LANES] += magnitude_of(b->weights[column * b->depth + step * STEP + k]);
    for (size_t i = 0; i < COLUMNS * LANES; i += 1)
      magnitudes_at(b, step)->lanes[i] = (uint8_t)(sums[i] < UINT8_MAX ? sums[i] : UINT8_MAX);
  }
}

static bool fits(const block *b, size_t one, size_t other) {
  const magnitudes *x = magnitudes_at(b, one), *y = magnitudes_at(b, other);
  uint8_t beyond = 0;
  for (size_t i = 0; i < COLUMNS * LANES; i += 1)
    beyond |= x->lanes[i] > (uint8_t)~y->lanes[i];
  return beyond == 0;
}

// Whether a step has been put in its place: said where its magnitudes leave room.
static char *is_placed(const block *b, size_t step) {
  return b->packed + step * STRIDE + sizeof(magnitudes);
}

static size_t place(const block *b, size_t step, size_t placed) {
  *is_placed(b, step) = 1;
  b->order[placed] = (int32_t)step;
  return placed + 1;
}

// The first of the next few steps that makes a strong pair with this one; `steps` where there is none.
static size_t partner_of(const block *b, size_t step, size_t steps) {
  for (size_t other = step + 1; other < steps && other <= step + WITHIN; other += 1)
    if (!*is_placed(b, other) && fits(b, step, other))
      return other;
  return steps;
}

// Decides the order of the `whole` steps and of the eight behind them, if there is one.
static void put_in_order(const block *b, size_t whole) {
  const bool may_pair = b->steps <= MASKD_PAIRS_MOST_STEPS;
  size_t placed = 0;
  for (size_t step = 0; step < b->steps; step += 1)
    *is_placed(b, step) = 0;
  for (size_t step = 0; may_pair && step < whole; step += 1) {
    const size_t partner = *is_placed(b, step) ? whole : partner_of(b, step, whole);
    if (partner < whole)
      placed = place(b, partner, place(b, step, placed));
  }
  b->header->strong = (int32_t)(placed / 2);
  b->header->weak = (int32_t)(whole / 2 - placed / 2);
  for (size_t step = 0; step < whole; step += 1)
    if (!*is_placed(b, step))
      placed = place(b, step, placed);
  b->header->rest = whole % 2 != 0 ? MASKD_REST_STEP : 0;
  if (whole == b->steps)
    return;
  b->header->rest |= MASKD_REST_EIGHT;
  if (whole % 2 != 0 && fits(b, (size_t)b->order[whole - 1], whole))
    b->header->rest |= MASKD_REST_STRONG;
  b->order[whole] = (int32_t)whole;
}

static void pack_sixteen(const block *b, size_t column, size_t step, char *to) {
  const size_t left = b->depth - step * STEP, count = left < STEP ? left : STEP;
  memset(to, 0, STEP);
  if (column < b->columns)
    memcpy(to, b->weights + column * b->depth + step * STEP, count);
}

// The steps of a pair, or one.
static char *pack_steps(const block *b, size_t first, size_t count, char *to) {
  const size_t together = count == 2 ? COLUMNS / 2 : COLUMNS;
  for (size_t column = 0; column < COLUMNS; column += together)
    for (size_t i = first; i < first + count; i += 1)
      for (size_t c = column; c < column + together; c += 1, to += STEP)
        pack_sixteen(b, c, (size_t)b->order[i], to);
  return to;
}

static void pack_weights(const block *b) {
  const size_t paired = b->steps / 2 * 2 - (b->header->rest == (MASKD_REST_STEP | MASKD_REST_EIGHT) ? 2 : 0);
  char *to = b->packed;
  for (size_t i = 0; i < b->steps; i += i < paired ? 2 : 1)
    to = pack_steps(b, i, i < paired ? 2 : 1, to);
}

static void turn_into_deltas(const block *b) {
  const int32_t first = b->order[0];
  b->header->first = first * STRIDE;
  for (size_t i = 0; i < b->steps; i += 1) {
    const int32_t next = i + 1 < b->steps ? b->order[i + 1] : first + (int32_t)b->steps;
    b->order[i] = (next - b->order[i]) * STRIDE;
  }
}

void maskd_pack_pairs(size_t columns, size_t depth, const int8_t *weights, char *packed) {
  const size_t steps = depth / STEP + (depth % STEP != 0);
  const size_t rest = depth % STEP, whole = steps - (rest > 0 && rest <= STEP / 2);
  char *const deltas = packed + sizeof(maskd_pairs);
  const size_t header_bytes = maskd_pairs_header_bytes(steps);
  const block b = {
      columns, depth, steps, weights, (maskd_pairs *)(void *)packed, (int32_t *)(void *)deltas, packed + header_bytes};
  memset(packed, 0, header_bytes);
  measure(&b);
  put_in_order(&b, whole);
  pack_weights(&b);
  turn_into_deltas(&b);
}

// Whether the steps are counted as put_in_order counts them. Which pairs are strong decides nothing but sums.
static bool counts_all(const maskd_pairs *pairs, size_t steps, size_t whole) {
  const uint32_t left = whole % 2 != 0 ? MASKD_REST_STEP : 0, rest = left | (whole < steps ? MASKD_REST_EIGHT : 0);
  const bool may_be_strong = rest == (MASKD_REST_STEP | MASKD_REST_EIGHT);
  const int32_t all = (int32_t)(whole / 2);
  return pairs->strong >= 0 && pairs->strong <= all && pairs->weak == all - pairs->strong &&
         (pairs->rest == rest || (may_be_strong && pairs->rest == (rest | MASKD_REST_STRONG)));
}

bool maskd_pairs_stay_inside(size_t depth, const char *packed) {
  const size_t steps = depth / STEP + (depth % STEP != 0), rest = depth % STEP;
  const maskd_pairs *pairs = (const maskd_pairs *)(const void *)packed;
  if (steps > INT32_MAX / STRIDE / 2 || !counts_all(pairs, steps, steps - (rest > 0 && rest <= STEP / 2)))
    return false;
  // Deep rows are packed a piece at a time, and there is nothing around a piece.
  const bool keeps_order = steps > MASKD_PAIRS_MOST_STEPS;
  if (keeps_order && pairs->strong != 0)
    return false;
  const int32_t *deltas = (const int32_t *)(const void *)(pairs + 1);
  const int64_t end = (int64_t)steps * STRIDE;
  int64_t position = pairs->first;
  for (size_t i = 0; i < steps; i += 1) {
    if (position < 0 || position >= end || position % STRIDE != 0 || (keeps_order && position != (int64_t)i * STRIDE))
      return false;
    position += deltas[i];
  }
  return position == pairs->first + end;
}
