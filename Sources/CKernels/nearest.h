#ifndef MASKD_NEAREST_H
#define MASKD_NEAREST_H

#include "kernels.h"
#include <string.h>

// ADD and MUL in float32, with a bound for all that the float loses and for what TFLite loses in its own roundings. A
// value that is nearer to its whole number than `reach` is rounded as TFLite rounds it; one that is not lies next to a
// tie and must be computed in TFLite's integers. Where the bound says nothing `reach` is negative: no value is nearer.

static inline float maskd_reach(double error) {
  // The last term is for this very conversion.
  return error < 0.25 ? (float)(0.5 - error - 0x1p-20) : -1.0f;
}

// 2^exponent, for exponents of normal numbers.
static inline double maskd_power_of_two(int32_t exponent) {
  const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

// The factor that a multiplier and a shift stand for.
static inline double maskd_real(int32_t multiplier, int32_t shift) {
  return multiplier * maskd_power_of_two(shift - 31);
}

// result ≈ left * left_factor + right * right_factor + addend, where operands are int8 values plus 128 and the zero
// point is in the sum.
typedef struct maskd_linear_sum {
  float left_factor, right_factor, addend, reach;
} maskd_linear_sum;

// TFLite rescales each operand with an error of at most one unit, and a unit is `unit` steps of the result; it then
// rounds to the multiples of 2^shift, off by half of one. The float rounds either factor, the addend, the products and
// the sums, by 2^-24 of each at most; an operand is at most 255 from its zero point, and at most 255.
static inline maskd_linear_sum maskd_linear_sum_of(const maskd_add_s8_parameters *p) {
  const double unit = maskd_real(p->multiplier, p->shift);
  const float left = (float)(unit * maskd_real(p->left_multiplier, p->left_shift + 20));
  const float right = (float)(unit * maskd_real(p->right_multiplier, p->right_shift + 20));
  const float signed_right = p->subtract ? -right : right;
  const double addend =
      p->zero_point - (p->left_zero_point + 128) * (double)left - (p->right_zero_point + 128) * (double)signed_right;
  const double spread = 255 * ((double)left + (double)right), offset = addend < 0 ? -addend : addend;
  // Factors, products, the addend, the first sum, and the second.
  const double losses = spread + spread + offset + (offset + 255 * (double)left) + (128 + spread);
  const double error = 2 * unit + maskd_power_of_two(p->shift - 1) + 0x1p-24 * losses;
  const bool is_bounded = p->left_shift <= 0 && p->right_shift <= 0 && p->shift < 0 && spread < 0x1p22;
  return (maskd_linear_sum){
      .left_factor = left,
      .right_factor = signed_right,
      .addend = (float)addend,
      .reach = is_bounded ? maskd_reach(error) : -1.0f,
  };
}

// result ≈ zero point + product * factor ± nudge, the sign being that of the product.
typedef struct maskd_scaled_product {
  float factor, nudge, reach;
} maskd_scaled_product;

// With a shift to the right, s, TFLite's two roundings are
//   floor(product * factor + 1/2 + 2^-(s+1)), and for products below zero floor(product * factor + 1/2 - 2^-(s+1)),
// so the nudge makes ties of whatever decides. Products, at most 255^2, are exact in a float; the factor is rounded
// once and the rest twice (2^-24 of at most 255^2 * factor + nudge each).
static inline maskd_scaled_product maskd_scaled_product_of(const maskd_mul_s8_parameters *p) {
  const float factor = (float)maskd_real(p->multiplier, p->shift);
  return (maskd_scaled_product){
      .factor = factor,
      .nudge = (float)maskd_power_of_two(p->shift - 1),
      .reach = p->shift < 0 ? maskd_reach(0x1p-6 * (double)factor + 0x1p-22) : -1.0f,
  };
}

#endif
