#ifndef MASKD_KERNELS_H
#define MASKD_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The door of the kernels: one table of function pointers for each instruction-set family, filled once from what the
// processor has. A kernel allocates nothing, keeps no state and starts no thread. It reads its operands from first to
// last element and not a byte beyond, and writes its result and not a byte beyond, unless it says otherwise here.
//
// Activations are int8. A legacy uint8 tensor is stored as its int8 twin (value - 128, zero point - 128).

// How an int32 accumulator becomes an int8 result. Arrays have `columns` entries, rounded up to a multiple of
// `MASKD_COLUMN_PAD`; what lies in the padding is read and not used.
#define MASKD_COLUMN_PAD 32

typedef enum maskd_rounding {
  // Saturating rounding doubling high multiply, then a rounding right shift: what TFLite does in convolutions.
  MASKD_ROUND_TWICE = 0,
  // One 64-bit product, one rounding shift: what TFLite does in FULLY_CONNECTED.
  MASKD_ROUND_ONCE = 1,
} maskd_rounding;

typedef struct maskd_requantization {
  // Added to the sum of products. Holds the layer's bias and all that the zero points contribute for a whole column.
  const int32_t *bias;
  // real scale = multiplier * 2^(shift - 31); multiplier is 0 or in 2^30 ..< 2^31.
  const int32_t *multiplier;
  const int32_t *shift;
  int32_t zero_point; // of the result
  int32_t minimum;    // the fused activation, in quantized units
  int32_t maximum;
  maskd_rounding rounding;
} maskd_requantization;

// Matrix product through pointers: a 1x1 convolution has one tap, a KxK convolution K*K taps, a matrix product one.
//
//   result[r][c] = requantize(bias[c] + row_terms[r] + sum over t, k of operands[t * mr + r][k] * weights[c][t][k])
//
// `operands` holds taps * mr pointers, tap by tap, each to `depth` int8 values; rows beyond `rows` are never read.
// `packed` is what `maskd_pack_gemm_s8` made for the same family. `row_terms` is null, or has one entry a row: what a
// weight zero point contributes. `result_stride` is in bytes. 1 <= rows <= mr.
typedef void (*maskd_gemm_s8_function)(size_t rows, size_t columns, size_t taps, size_t depth,
                                       const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                       int8_t *result, size_t result_stride, const maskd_requantization *requantization);

// Depthwise convolution of `pixels` neighbouring results in one row of the picture:
//
//   result[p][c] = requantize(bias[c] + sum over t of operands[p * taps + t][c] * weights[t][c])
//
// Weights are int16 (weight minus its zero point), tap by tap, each tap padded to a multiple of MASKD_COLUMN_PAD
// channels.
typedef void (*maskd_depthwise_s8_function)(size_t pixels, size_t channels, size_t taps, const int8_t *const *operands,
                                            const int16_t *weights, int8_t *result, size_t result_stride,
                                            const maskd_requantization *requantization);

// sums[r] = sum over t, k of operands[t * mr + r][k].
typedef void (*maskd_row_sums_s8_function)(size_t rows, size_t mr, size_t taps, size_t depth,
                                           const int8_t *const *operands, int32_t *sums);

// The shape of one family's matrix product.
typedef struct maskd_gemm_shape {
  size_t mr;           // rows of a tile
  size_t nr;           // columns of a packed block
  size_t kr;           // depth values that stand together for one column
  size_t weight_bytes; // 1: packed as int8; 2: packed as int16
  // What the kernel adds to each activation before it multiplies (128 where the instruction wants unsigned
  // activations). The caller takes activation_offset * (sum of the column's weights) from the bias.
  int32_t activation_offset;
} maskd_gemm_shape;

typedef struct maskd_kernels {
  const char *family; // "generic", "avx2", "avx512vnni", "neon", "dotprod"
  maskd_gemm_shape gemm_s8_shape;
  maskd_gemm_s8_function gemm_s8;
  maskd_depthwise_s8_function depthwise_s8;
  maskd_row_sums_s8_function row_sums_s8;
} maskd_kernels;

// The families that this build has and this processor runs, best first; "generic" is always the last.
// Returns how many there are; writes at most `capacity` of them.
size_t maskd_kernels_available(const maskd_kernels **families, size_t capacity);

// The family of that name, or null where this build or this processor lacks it.
const maskd_kernels *maskd_kernels_named(const char *family);

// Bytes that `maskd_pack_gemm_s8` writes.
size_t maskd_packed_gemm_s8_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth);

// Lays int8 weights [column][tap][depth] out in the order in which the family's kernel reads them: for each block of nr
// columns, for each tap, for each kr depth values, nr groups of kr. Missing columns and depth values are zero.
void maskd_pack_gemm_s8(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth, const int8_t *weights,
                        void *packed);

#endif
