#ifndef MASKD_NEON_H
#define MASKD_NEON_H

#include "kernels.h"

void maskd_gemm_s8_28x4_neon(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                             const int8_t *const *operands, const void *packed, const int32_t *row_terms, void *result,
                             size_t result_stride, const maskd_epilogue *epilogue);

// The same for processors that keep the order of instructions: more of them, in fewer cycles there.
void maskd_gemm_s8_28x4_neon_in_order(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                      const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                      void *result, size_t result_stride, const maskd_epilogue *epilogue);

void maskd_depthwise_s8_s16_neon(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                 const int16_t *weights, int8_t *result, size_t result_stride,
                                 const maskd_epilogue *epilogue);

void maskd_depthwise_s8_neon(size_t rows, size_t pixels, size_t channels, const maskd_depthwise_window *window,
                             const int8_t *const *taps, const void *packed, void *result,
                             const maskd_epilogue *epilogue);
size_t maskd_packed_depthwise_s8_bytes_neon(size_t height, size_t width, size_t channels);
void maskd_pack_depthwise_s8_neon(size_t height, size_t width, size_t channels, const int8_t *weights, void *packed);

void maskd_row_sums_s8_neon(size_t rows, size_t mr, size_t taps, size_t depth, const int8_t *const *operands,
                            int32_t *sums);

void maskd_lookup_s8_neon(size_t count, const int8_t *values, const int8_t *table, int8_t *result);

void maskd_add_s8_neon(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_add_s8_parameters *parameters);

void maskd_mul_s8_neon(const maskd_broadcast *shape, const int8_t *left, const int8_t *right, int8_t *result,
                       const maskd_mul_s8_parameters *parameters);

void maskd_average_pool_s8_neon(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                const maskd_pool_s8_parameters *parameters);

void maskd_max_pool_s8_neon(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                            const maskd_pool_s8_parameters *parameters);

void maskd_mean_s8_neon(size_t columns, size_t rows, size_t stride, const int8_t *values, int8_t *result,
                        const maskd_mean_s8_parameters *parameters);

void maskd_quantize_f32_s8_neon(size_t count, const float *values, const maskd_quantization *to, int8_t *result);

uint64_t maskd_multiply_peak_s8_neon(size_t repeats);

// Puts the float kernels on the table.
void maskd_install_float_neon(maskd_kernels *table);

#endif
