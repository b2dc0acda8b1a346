#if defined(__x86_64__)

#include "avx512vnni.h"
#include <math.h>

// A rounding to int8 is a flight of up to 255 stairs, and so is what float32 makes of it (epilogue_avx512vnni.h), for
// each of its operations grows with x. If both rise at the same sums they are the same everywhere: 255 comparisons
// prove a column. What decides is how the addend comes to lie on the grid of 2^-15, so a few sums are added to the bias
// and taken from the addend until it lies well.

enum { MOST_STAIRS = 255, LANES = 8, MOST_MOVES = 1024, MOST_PROOFS = 8 };

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

// The exact rounding of a column, and the sums at which its result rises to `first`, `first` + 1 and so on.
typedef struct staircase {
  double scale, d;
  size_t count;                                           // a multiple of LANES: the last is repeated
  double sums[MOST_STAIRS + 1], results[MOST_STAIRS + 1]; // 384 more than the results above the stairs
} staircase;

// The least x for which x * multiplier is at least `product`. Both are integers; what is left of a product after the
// nearest quotient is one of 32 bits, so that the fused operation has it exactly.
static inline double least_factor(double product, double multiplier) {
  const double nearest = rint(product / multiplier);
  return fma(nearest, multiplier, -product) < 0 ? nearest + 1 : nearest;
}

// In TFLite's words (generic/requantize.h): the result is at least r above the zero point if the doubled high half of
// the product, which is floor((x * multiplier + 2^30) / 2^31), is at least r * 2^s - 2^(s-1), and one more if that is
// not positive.
static void make_stairs(double multiplier, int32_t shift, const maskd_epilogue *to, staircase *stairs) {
  stairs->scale = ldexp(multiplier, shift - 31);
  stairs->d = ldexp(0.5, shift);
  const int32_t last = to->maximum - to->minimum - 1;
  stairs->count = ((size_t)last / LANES + 1) * LANES;
  const double unit = ldexp(1, -shift);
  for (size_t i = 0; i < stairs->count; i += 1) {
    const int32_t result = to->minimum + 1 + ((int32_t)i < last ? (int32_t)i : last);
    const double above = (double)(result - to->zero_point);
    const double high = above * unit - unit / 2 + (above <= 0 ? 1 : 0);
    stairs->sums[i] = least_factor(high * 0x1p31 - 0x1p30, multiplier);
    stairs->results[i] = (double)(384 + result);
  }
}

static inline float fixed(double x, float scale, float addend, float below) {
  const float value = (float)x;
  return fmaf(value, scale, value < 0 ? below : addend);
}

static bool proves(const staircase *stairs, double moved, float scale, float addend, float below) {
  int wrong = 0;
  for (size_t i = 0; i < stairs->count; i += 1) {
    const double x = stairs->sums[i] + moved;
    const float stair = (float)stairs->results[i];
    wrong += (fixed(x, scale, addend, below) < stair) + (fixed(x - 1, scale, addend, below) >= stair);
  }
  return wrong == 0;
}

// The real numbers that the addend may be with that scale.
typedef struct room {
  double least, end;
} room;

static room room_for_addend(const staircase *stairs, double scale, double between) {
  double least[LANES], end[LANES];
  for (size_t lane = 0; lane < LANES; lane += 1)
    least[lane] = -INFINITY, end[lane] = INFINITY;
  for (size_t i = 0; i < stairs->count; i += LANES)
    for (size_t lane = 0; lane < LANES; lane += 1) {
      const double x = stairs->sums[i + lane];
      // Rounding onto the grid adds half a step at most.
      const double stair = stairs->results[i + lane] - 0x1p-16;
      const double from = stair - scale * x + (x < 0 ? between : 0);
      const double to = stair - scale * (x - 1) + (x < 1 ? between : 0);
      least[lane] = least[lane] > from ? least[lane] : from;
      end[lane] = end[lane] < to ? end[lane] : to;
    }
  room room = {least[0], end[0]};
  for (size_t lane = 1; lane < LANES; lane += 1)
    room = (struct room){fmax(room.least, least[lane]), fmin(room.end, end[lane])};
  return room;
}

static bool prove_with_scale(const staircase *stairs, float scale, float between, int32_t *moved, float *addend) {
  const room room = room_for_addend(stairs, (double)scale, (double)between);
  if (room.least >= room.end)
    return false;
  // No stair lies within half a step of x = 0.
  const int32_t moves = scale > 0.25f / MOST_MOVES ? (int32_t)(0.25f / scale) : MOST_MOVES;
  for (int32_t move = 0, proofs = 0; move <= moves && proofs < MOST_PROOFS; move += 1) {
    const double least = room.least - move * (double)scale, end = room.end - move * (double)scale;
    const double point = ceil(least * 0x1p15) * 0x1p-15;
    if (point >= end)
      continue;
    *moved = move;
    *addend = (float)point;
    if (proves(stairs, move, scale, *addend, *addend - between))
      return true;
    proofs += 1;
  }
  return false;
}

// The scale nearest to the real one leaves the most room, but its neighbours leave another.
static bool prove(const staircase *stairs, bool is_signed, int32_t *moved, float *scale, float *addend) {
  static const int32_t neighbours[] = {0, 1, -1, 2, -2, 3, -3};
  const float nearest = (float)stairs->scale, step = nextafterf(nearest, INFINITY) - nearest;
  const float between = is_signed ? (float)(2 * stairs->d) : 0;
  for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i += 1) {
    *scale = nearest + (float)neighbours[i] * step;
    if (prove_with_scale(stairs, *scale, between, moved, addend))
      return true;
  }
  return false;
}

void maskd_prove_rounding_avx512vnni(size_t columns, int64_t largest_product_sum, const maskd_epilogue *to,
                                     int32_t *bias, float *scale, float *addend) {
  const bool is_signed = to->minimum < to->zero_point;
  for (size_t c = 0; c < columns; c += 1) {
    const int64_t magnitude = to->bias[c] < 0 ? -(int64_t)to->bias[c] : to->bias[c];
    // What is taken away below zero must lie on the grid as well.
    const bool is_open = magnitude + largest_product_sum + MOST_MOVES <= INT64_C(1) << 30 &&
                         (!is_signed || to->shift[c] >= -14) && to->minimum < to->maximum;
    int32_t moved = 0;
    scale[c] = -1;
    addend[c] = 0;
    if (to->multiplier[c] == 0) {
      scale[c] = 0;
      addend[c] = 384.5f + (float)to->zero_point;
    } else if (is_open) {
      staircase stairs;
      make_stairs(to->multiplier[c], to->shift[c], to, &stairs);
      if (!prove(&stairs, is_signed, &moved, &scale[c], &addend[c]))
        scale[c] = -1;
    }
    bias[c] = (int32_t)((uint32_t)to->bias[c] + (uint32_t)moved);
  }
}

#pragma clang attribute pop

#endif
