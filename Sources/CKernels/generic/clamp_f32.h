#ifndef MASKD_GENERIC_CLAMP_F32_H
#define MASKD_GENERIC_CLAMP_F32_H

// Both comparisons are false for a value that is not a number, which so passes through.
static inline float maskd_clamp_f32(float value, float minimum, float maximum) {
  const float floored = value < minimum ? minimum : value;
  return floored > maximum ? maximum : floored;
}

#endif
