#if defined(__x86_64__)

#include "../generic/generic.h"
#include "../nearest.h"
#include "avx512vnni.h"
#include "proven_add_avx512vnni.h"
#include <math.h>

// There are 65,536 pairs of values. For all but a few float32 is right by the bound of nearest.h, as the sum is not
// next to a tie; those few are added in integers as well. Where one differs, a little more or less is added to all, or
// either factor becomes one of its neighbours.

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                 \
                             apply_to = function)

enum { VALUES = 256, LANES = 16, BLOCK = 8, NUDGES = 16, NEIGHBOURS = 1 };
// For the range instruction: the greater one of two magnitudes, without a sign.
enum { GREATER_MAGNITUDE = 0xb };
static const float nudge_step = 0x1p-18f;
// Beyond it sums would leave their shorts.
static const double most_sum = 30000;

// Whether the lanes that are set in `unsure` hold what TFLite's integers give; `p` is of bytes that are values plus
// 128.
static bool are_exact(size_t left, size_t right, __m512i sums, uint32_t unsure, const maskd_add_s8_parameters *p) {
  const maskd_broadcast one = {.runs = 1, .count = 1, .left_step = 1, .right_step = 1};
  const int32_t least = p->minimum + 128, greatest = p->maximum + 128;
  int32_t bits[LANES];
  _mm512_storeu_si512(bits, sums);
  for (; unsure; unsure &= unsure - 1) {
    const size_t lane = (size_t)__builtin_ctz(unsure);
    const int8_t x = (int8_t)left, y = (int8_t)(right + lane);
    int8_t exact;
    maskd_add_s8_generic(&one, &x, &y, &exact, p);
    const int32_t sum = (int16_t)bits[lane], floored = sum < least ? least : sum;
    if ((floored > greatest ? greatest : floored) != (uint8_t)exact)
      return false;
  }
  return true;
}

// How near to a whole number a float must be to decide is `reach`. Returns whether the sums of sixteen neighbouring
// right values and BLOCK left ones are proven, of which one at least is not so near.
static bool are_proven(size_t left, size_t right, __m512i y, float reach, const maskd_proven_addition *a,
                       const maskd_add_s8_parameters *p) {
  for (size_t x = left; x < left + BLOCK; x += 1) {
    const __m512 sum = maskd_proven_sum(_mm512_set1_epi32((int32_t)x), y, a);
    const __m512 rest = _mm512_abs_ps(_mm512_reduce_ps(sum, _MM_FROUND_TO_NEAREST_INT));
    const __mmask16 unsure = _mm512_cmp_ps_mask(rest, _mm512_set1_ps(reach), _CMP_NLT_UQ);
    if (unsure && !are_exact(x, right, maskd_whole(sum), unsure, p))
      return false;
  }
  return true;
}

// Goes through all pairs.
static bool proves(const maskd_add_s8_parameters *p, float reach) {
  const maskd_proven_addition a = maskd_proven_addition_of(p);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (size_t right = 0; right < VALUES; right += LANES) {
    const __m512i y = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)right));
    for (size_t left = 0; left < VALUES; left += BLOCK) {
      __m512 rest = _mm512_setzero_ps();
#pragma clang loop unroll(full)
      for (size_t x = 0; x < BLOCK; x += 1) {
        const __m512 sum = maskd_proven_sum(_mm512_set1_epi32((int32_t)(left + x)), y, &a);
        rest = _mm512_range_ps(rest, _mm512_reduce_ps(sum, _MM_FROUND_TO_NEAREST_INT), GREATER_MAGNITUDE);
      }
      const __mmask16 unsure = _mm512_cmp_ps_mask(rest, _mm512_set1_ps(reach), _CMP_NLT_UQ);
      if (unsure && !are_proven(left, right, y, reach, &a, p))
        return false;
    }
  }
  return true;
}

// 0, 1, -1, 2, -2 ... up to either end.
static float step(int32_t index) {
  return (float)(index % 2 ? (index + 1) / 2 : -index / 2);
}

// The distance to the next float.
static float unit_of(float value) {
  return nextafterf(fabsf(value), INFINITY) - fabsf(value);
}

// Looks for an addend.
static bool find_addend(maskd_add_s8_parameters *p, float addend, float reach) {
  for (int32_t i = 0; i <= 2 * NUDGES; i += 1) {
    p->proven_addend = addend + step(i) * nudge_step;
    if (proves(p, reach))
      return true;
  }
  return false;
}

void maskd_prove_add_s8_avx512vnni(maskd_add_s8_parameters *parameters) {
  maskd_add_s8_parameters p = *parameters;
  p.left_flip = p.right_flip = p.result_flip = 0x80;
  const maskd_linear_sum line = maskd_linear_sum_of(&p);
  const double spread = 255 * ((double)line.left_factor + fabs((double)line.right_factor));
  const float left_unit = unit_of(line.left_factor), right_unit = unit_of(line.right_factor);
  const float moved = NUDGES * nudge_step + NEIGHBOURS * 255 * (left_unit + right_unit);
  const float reach = line.reach - moved;
  parameters->is_proven = false;
  if (!(reach >= 0.25f) || spread + fabs((double)line.addend) > most_sum)
    return;
  for (int32_t i = 0; i < (2 * NEIGHBOURS + 1) * (2 * NEIGHBOURS + 1); i += 1) {
    p.proven_left_factor = line.left_factor + step(i / (2 * NEIGHBOURS + 1)) * left_unit;
    p.proven_right_factor = line.right_factor + step(i % (2 * NEIGHBOURS + 1)) * right_unit;
    if (!find_addend(&p, line.addend + 128, reach))
      continue;
    parameters->is_proven = true;
    parameters->proven_left_factor = p.proven_left_factor;
    parameters->proven_right_factor = p.proven_right_factor;
    parameters->proven_addend = p.proven_addend;
    return;
  }
}

#pragma clang attribute pop

#endif
