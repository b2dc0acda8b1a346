#if defined(__x86_64__)

#include "../nearest.h"
#include "avx512vnni.h"
#include <immintrin.h>
#include <math.h>

// A rounding to int8 is a flight of up to 255 stairs, and so is what float32 makes of it (maskd_proven in
// epilogue_avx512vnni.h), for each of its operations grows with the sum. If both rise at the same sums they are the
// same everywhere: 255 comparisons prove a column. The product is exact before it is rounded, so all that a float may
// have wrong is the scale; a little that is added mends it as a rule. The addend itself is a whole number: the fraction
// comes from the bias, for (bias + sum) * scale takes nearly every fraction for some bias.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

// The bits of 2^23 as a float, and how many floats lie between that and its double.
enum { FIRST_BITS = 0x4b000000, FLOATS = 1 << 23 };
enum { LANES = 16, MOST_ACTIVATION = 255, LEAST_SHIFT = -14, MANTISSA_BITS = 24 };
static const double first_float = FLOATS, middle = 0x1.8p23, reach = 32000;

typedef struct column {
  double scale;
  int64_t least_sum, greatest_sum; // bias included
  int32_t lowest, highest;         // results above the zero point: stairs lie between them
  double result_zero;              // the zero point plus 128
} column;

typedef struct constants {
  int64_t moved; // what is added to the bias
  float scale, addend;
} constants;

// What may be added to sum * scale, without the ends.
typedef struct room {
  double from, to;
} room;

// Sixteen columns that are looked for at once, a lane each.
//
// In TFLite's words (generic/requantize.h): the result is r > 0 or more if the doubled high half of the product, which
// is floor((x * multiplier + 2^30) / 2^31), is at least r * 2^s - 2^(s-1). So stairs are where sum * multiplier first
// comes to (r - 1/2) * unit - 2^30, with unit = 2^(31+s). It goes beyond that by less than a multiplier, and each time
// by `step` less than the time before, modulo the multiplier.
typedef struct lanes {
  __mmask16 searched;
  int32_t lowest; // the same for all columns of a layer
  column columns[LANES];
  uint32_t multiplier[LANES], step[LANES], first_beyond[LANES];
  int32_t highest[LANES];
  double unit[LANES];
  float inverse_unit[LANES];
} lanes;

static void add_lane(lanes *l, size_t lane, const column *c, uint32_t multiplier, int32_t shift) {
  const uint64_t unit = UINT64_C(1) << (31 - shift);
  const uint64_t first = (2 * (uint64_t)c->lowest + 1) * (unit / 2) - (UINT64_C(1) << 30);
  const uint32_t left = (uint32_t)(first % multiplier);
  l->searched |= (__mmask16)(1U << lane);
  l->lowest = c->lowest;
  l->columns[lane] = *c;
  l->multiplier[lane] = multiplier;
  l->step[lane] = (uint32_t)(unit % multiplier);
  l->first_beyond[lane] = left > 0 ? multiplier - left : 0;
  l->highest[lane] = c->highest;
  l->unit[lane] = (double)unit;
  l->inverse_unit[lane] = (float)(1 / (double)unit);
}

// What must be added for the nearest whole number to be the result above the zero point, whatever the sum.
//
// Where a stair's sum is s and its product goes `beyond`, s * scale is (tie - (2^30 - beyond) / unit) * (1 + error),
// with an error of less than 2^-20. What that lacks of the tie is needed, but for what all stairs share
//
//   -tie * error - beyond / unit
//
// which float32 has wrong by less than 2^-20 of the scale (the error of the second part, which is left out) and 2^-35
// (2^-24 of the first part, three times).
static void find_rooms(const lanes *l, const float scale[LANES], room rooms[LANES]) {
  float slopes[LANES], mosts[LANES], leasts[LANES];
  for (size_t i = 0; i < LANES; i += 1)
    slopes[i] = l->searched >> i & 1 ? (float)(1 - (double)scale[i] * l->unit[i] / l->multiplier[i]) : 0;
  const __m512 slope = _mm512_loadu_ps(slopes), inverse_unit = _mm512_loadu_ps(l->inverse_unit);
  const __m512i step = _mm512_loadu_si512(l->step), multiplier = _mm512_loadu_si512(l->multiplier);
  const __m512i step_around = _mm512_sub_epi32(multiplier, step), highest = _mm512_loadu_si512(l->highest);
  const int32_t end = _mm512_mask_reduce_max_epi32(l->searched, highest);
  __m512i beyond = _mm512_loadu_si512(l->first_beyond);
  __m512 most = _mm512_set1_ps(-INFINITY), least = _mm512_set1_ps(INFINITY);
  for (int32_t r = l->lowest; r < end; r += 1) {
    const __mmask16 is_stair = _mm512_cmpgt_epi32_mask(highest, _mm512_set1_epi32(r));
    const __m512 turned = _mm512_mul_ps(_mm512_set1_ps((float)r + 0.5f), slope);
    const __m512 needed = _mm512_fnmadd_ps(_mm512_cvtepi32_ps(beyond), inverse_unit, turned);
    most = _mm512_mask_max_ps(most, is_stair, most, needed);
    least = _mm512_mask_min_ps(least, is_stair, least, needed);
    // Of the two the one that is below zero is a great number.
    beyond = _mm512_min_epu32(_mm512_sub_epi32(beyond, step), _mm512_add_epi32(beyond, step_around));
  }
  _mm512_storeu_ps(mosts, most);
  _mm512_storeu_ps(leasts, least);
  for (size_t i = 0; i < LANES; i += 1) {
    if (!(l->searched >> i & 1))
      continue;
    const double shared = 0x1p30 * (double)scale[i] / l->multiplier[i], wrong = 0x1p-20 * (double)scale[i] + 0x1p-35;
    rooms[i] = (room){shared + mosts[i] + wrong, shared + leasts[i] + (double)scale[i] - wrong};
  }
}

// The first multiple of `step` that is in from ... to modulo `modulus`, as a factor; UINT64_MAX if there is none.
// step < modulus, from <= to < modulus.
static uint64_t first_multiple(uint64_t step, uint64_t modulus, uint64_t from, uint64_t to) {
  if (from == 0)
    return 0;
  if (step == 0)
    return UINT64_MAX;
  const uint64_t factor = (from + step - 1) / step, above = factor * step;
  if (above <= to)
    return factor;
  // None before the modulus is passed. Where it was passed n times there is one inside if n * modulus leaves as much of
  // a step as one of these numbers needs to the multiple above it.
  const uint64_t passed = first_multiple(modulus % step, step, above - to, above - from);
  return passed == UINT64_MAX ? passed : (from + passed * modulus + step - 1) / step;
}

// Looks for the bias that brings the fraction of the room. No number here leaves 64 bits, nor 53 where it is a double:
// LEAST_SHIFT sees to that.
static bool find_bias(const column *c, float scale, room room, constants *found) {
  uint32_t scale_bits;
  memcpy(&scale_bits, &scale, sizeof scale_bits);
  // scale = step / unit, both whole; the ends of the room are multiples of 1 / unit as well.
  const double unit = maskd_power_of_two(127 + MANTISSA_BITS - 1 - (int32_t)(scale_bits >> 23));
  const uint64_t step = (uint64_t)((double)scale * unit), modulus = (uint64_t)unit;
  const int64_t from = (int64_t)(room.from * unit) + 1, to = (int64_t)(room.to * unit) - 1;
  if (from > to)
    return false;
  const int64_t least_moved = -c->least_sum, most_steps = FLOATS - 1 - c->greatest_sum - least_moved;
  const uint64_t first = ((uint64_t)from - (uint64_t)(least_moved + FLOATS) * step) & (modulus - 1);
  const uint64_t last = first + (uint64_t)(to - from);
  const uint64_t steps = last >= modulus ? 0 : first_multiple(step, modulus, first, last);
  if (steps > (uint64_t)most_steps)
    return false;
  found->moved = least_moved + (int64_t)steps;
  found->scale = scale;
  const double offset = (first_float + (double)found->moved) * (double)scale;
  const double whole = rint((room.from + room.to) / 2 - offset), added = offset + whole;
  found->addend = (float)(middle + c->result_zero + whole);
  return room.from < added && added < room.to;
}

// The scale nearest to the real one leaves the most room, but its neighbours leave another; those beyond leave none.
static void prove(lanes *l, constants found[LANES]) {
  static const int32_t neighbours[] = {0, 1, -1};
  for (size_t n = 0; n < sizeof neighbours / sizeof *neighbours && l->searched; n += 1) {
    float scales[LANES] = {0};
    for (size_t i = 0; i < LANES; i += 1) {
      if (l->searched >> i & 1) {
        const float nearest = (float)l->columns[i].scale;
        scales[i] = nearest + (float)neighbours[n] * (nextafterf(nearest, INFINITY) - nearest);
      }
    }
    room rooms[LANES];
    find_rooms(l, scales, rooms);
    for (size_t i = 0; i < LANES; i += 1) {
      if (l->searched >> i & 1 && rooms[i].from < rooms[i].to &&
          find_bias(&l->columns[i], scales[i], rooms[i], &found[i]))
        l->searched &= (__mmask16) ~(1U << i);
    }
  }
}

// Whether sums and results stay within the floats and shorts that hold them.
static bool is_open(const column *c) {
  return c->lowest < c->highest && c->greatest_sum - c->least_sum < FLOATS &&
         c->scale * (double)c->greatest_sum < reach && c->scale * (double)c->least_sum > -reach;
}

// Whether all results are the zero point: as those of channels whose weights are all but zero.
static bool is_constant(const column *c) {
  return c->scale * (double)c->greatest_sum < 0.25 && c->scale * (double)c->least_sum > -0.25;
}

static column column_of(int32_t sum, int32_t magnitude, size_t i, const maskd_epilogue *to) {
  const int64_t positive = ((int64_t)magnitude + sum) / 2, negative = positive - sum;
  return (column){
      .scale = maskd_real(to->multiplier[i], to->shift[i]),
      .least_sum = to->bias[i] - MOST_ACTIVATION * negative,
      .greatest_sum = to->bias[i] + MOST_ACTIVATION * positive,
      .lowest = to->minimum - to->zero_point,
      .highest = to->maximum - to->zero_point,
      .result_zero = to->zero_point + 128,
  };
}

// Finds what is plain at once, and leaves what must be searched to a lane.
static constants begin(column *c, size_t i, size_t lane, const maskd_epilogue *to, lanes *l) {
  const constants none = {0, -1, 0};
  if (to->minimum < to->zero_point || !is_open(c))
    return none;
  if (is_constant(c))
    return (constants){-c->least_sum, 0, (float)(middle + c->result_zero)};
  if (to->shift[i] < LEAST_SHIFT)
    return none;
  // One stair beyond the greatest sum keeps results from rising there.
  const int32_t beyond = (int32_t)(c->scale * (double)c->greatest_sum) + 2;
  if (beyond < c->highest)
    c->highest = beyond > c->lowest ? beyond : c->lowest + 1;
  add_lane(l, lane, c, (uint32_t)to->multiplier[i], to->shift[i]);
  return none;
}

void maskd_prove_rounding_avx512vnni(size_t columns, const int32_t *sums, const int32_t *magnitudes,
                                     const maskd_epilogue *to, int32_t *bias, float *scale, float *addend) {
  for (size_t first = 0; first < columns; first += LANES) {
    const size_t count = columns - first < LANES ? columns - first : LANES;
    constants found[LANES];
    lanes l = {0};
    for (size_t lane = 0; lane < count; lane += 1) {
      const size_t i = first + lane;
      column c = column_of(sums[i], magnitudes[i], i, to);
      found[lane] = begin(&c, i, lane, to, &l);
    }
    prove(&l, found);
    for (size_t lane = 0; lane < count; lane += 1) {
      const size_t i = first + lane;
      const bool is_missing = l.searched >> lane & 1;
      bias[i] = (int32_t)((uint32_t)to->bias[i] + (uint32_t)(is_missing ? 0 : found[lane].moved) + FIRST_BITS);
      scale[i] = is_missing ? -1 : found[lane].scale;
      addend[i] = found[lane].addend;
    }
  }
}

#pragma clang attribute pop

#endif
