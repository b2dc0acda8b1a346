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
enum { LANES = 8, MOST_ACTIVATION = 255, LEAST_SHIFT = -14, MANTISSA_BITS = 24 };
static const double first_float = FLOATS, middle = 0x1.8p23, reach = 32000;

typedef struct column {
  double multiplier, scale, unit;  // scale = multiplier / unit
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

// What must be added for the nearest whole number to be the result above the zero point, whatever the sum.
//
// In TFLite's words (generic/requantize.h): the result is r > 0 or more if the doubled high half of the product, which
// is floor((x * multiplier + 2^30) / 2^31), is at least r * 2^s - 2^(s-1). The least such x is a quotient of integers,
// rounded up; what is left of a product after the nearest quotient has few bits, so that the fused operation is exact.
static room room_for_addend(const column *c, double scale) {
  const __m512d multiplier = _mm512_set1_pd(c->multiplier), inverse = _mm512_set1_pd(1 / c->multiplier);
  const __m512d unit = _mm512_set1_pd(c->unit), factor = _mm512_set1_pd(scale), last = _mm512_set1_pd(c->highest - 0.5);
  __m512d next = _mm512_add_pd(_mm512_set1_pd(c->lowest + 0.5), _mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7));
  __m512d most = _mm512_set1_pd(-INFINITY), least = _mm512_set1_pd(INFINITY);
  for (int32_t r = c->lowest; r < c->highest; r += LANES, next = _mm512_add_pd(next, _mm512_set1_pd(LANES))) {
    const __m512d tie = _mm512_min_pd(next, last);
    const __m512d product = _mm512_fmsub_pd(tie, unit, _mm512_set1_pd(0x1p30));
    const __m512d nearest = _mm512_roundscale_pd(_mm512_mul_pd(product, inverse), _MM_FROUND_TO_NEAREST_INT);
    const __m512d left = _mm512_fmsub_pd(nearest, multiplier, product);
    const __m512d stair =
        _mm512_mask_add_pd(nearest, _mm512_movepi64_mask(_mm512_castpd_si512(left)), nearest, _mm512_set1_pd(1));
    const __m512d needed = _mm512_fnmadd_pd(stair, factor, tie);
    most = _mm512_max_pd(most, needed);
    least = _mm512_min_pd(least, needed);
  }
  return (room){_mm512_reduce_max_pd(most), _mm512_reduce_min_pd(least) + scale};
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

// The scale nearest to the real one leaves the most room, but its neighbours leave another.
static bool prove(const column *c, constants *found) {
  static const int32_t neighbours[] = {0, 1, -1, 2, -2, 3, -3};
  const float nearest = (float)c->scale, step = nextafterf(nearest, INFINITY) - nearest;
  for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i += 1) {
    const float scale = nearest + (float)neighbours[i] * step;
    const room room = room_for_addend(c, (double)scale);
    if (room.from < room.to && find_bias(c, scale, room, found))
      return true;
  }
  return false;
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

void maskd_prove_rounding_avx512vnni(size_t columns, const int32_t *sums, const int32_t *magnitudes,
                                     const maskd_epilogue *to, int32_t *bias, float *scale, float *addend) {
  for (size_t i = 0; i < columns; i += 1) {
    const int64_t positive = ((int64_t)magnitudes[i] + sums[i]) / 2, negative = positive - sums[i];
    column c = {
        .multiplier = to->multiplier[i],
        .scale = maskd_real(to->multiplier[i], to->shift[i]),
        .unit = maskd_power_of_two(31 - to->shift[i]),
        .least_sum = to->bias[i] - MOST_ACTIVATION * negative,
        .greatest_sum = to->bias[i] + MOST_ACTIVATION * positive,
        .lowest = to->minimum - to->zero_point,
        .highest = to->maximum - to->zero_point,
        .result_zero = to->zero_point + 128,
    };
    const constants none = {0, -1, 0};
    constants found = none;
    if (to->minimum < to->zero_point || !is_open(&c)) {
      found = none;
    } else if (is_constant(&c)) {
      found = (constants){-c.least_sum, 0, (float)(middle + c.result_zero)};
    } else if (to->shift[i] >= LEAST_SHIFT) {
      // One stair beyond the greatest sum keeps results from rising there.
      const int32_t beyond = (int32_t)(c.scale * (double)c.greatest_sum) + 2;
      if (beyond < c.highest)
        c.highest = beyond > c.lowest ? beyond : c.lowest + 1;
      if (!prove(&c, &found))
        found = none;
    }
    bias[i] = (int32_t)((uint32_t)to->bias[i] + (uint32_t)found.moved + FIRST_BITS);
    scale[i] = found.scale;
    addend[i] = found.addend;
  }
}

#pragma clang attribute pop

#endif
