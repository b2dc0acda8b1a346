#ifndef KERNELCHECK_CHECK_H
#define KERNELCHECK_CHECK_H

#include "kernels.h"
#include <stdbool.h>

// One kernel of the table, and how it is checked and timed.
typedef struct check {
  const char *kernel;
  // The family's function, to see which families share one.
  void (*(*function)(const maskd_kernels *family))(void);
  // Runs the family's kernel against `generic` (the generic one against the oracle) on all its cases.
  void (*run)(const maskd_kernels *family, const maskd_kernels *generic);
  // A job of fixed size, the same for every family; returns the multiplications or elements that it did.
  size_t (*prepare_job)(const maskd_kernels *family);
  void (*job)(const maskd_kernels *family);
} check;

extern const check check_pack_gemm_s8, check_pack_gemm_f32, check_gemm_s8, check_gemm_s8_to_f32, check_depthwise_s8,
    check_depthwise_s8_to_f32, check_depthwise_s8_s16, check_row_sums_s8, check_gemm_f32, check_depthwise_f32,
    check_lookup_s8, check_add_s8, check_mul_s8, check_average_pool_s8, check_max_pool_s8, check_mean_s8,
    check_arithmetic_f32, check_sums_of_columns_f32, check_range_f32, check_quantize_f32_s8, check_divide_f32_s8,
    check_prove_rounding;

// Names the case that runs now; said when it fails or touches forbidden memory. `format` as for printf.
void case_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Counts a difference; the first few of a kernel are printed. `format` as for printf.
void case_differs(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Whether this kernel has failed often enough to stop looking.
bool checks_should_stop(void);

#endif
