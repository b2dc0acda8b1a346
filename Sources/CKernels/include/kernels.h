#ifndef MASKD_KERNELS_H
#define MASKD_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The door of the kernels: one table of function pointers for each instruction-set family, filled once from what the
// processor has. A kernel allocates nothing, keeps no state and starts no thread. It reads its operands from first to
// last element and not a byte beyond, and writes its result and not a byte beyond, unless it says otherwise here.
// Every count (rows, columns, taps, depth, pixels, channels) is at least 1. Strides are in bytes. No pointer needs an
// alignment above that of its type. Results never overlap operands, but for the elementwise kernels, whose result may
// be one of the operands itself (not a part of one).
//
// Activations are int8. A legacy uint8 tensor is stored as its int8 twin (value - 128, zero point - 128). Where the
// family's multiply instruction wants unsigned activations, the operands of its convolutions are stored as value + 128
// (see maskd_gemm_shape.activation_offset): in memory the highest bit is flipped, in this header's formulas nothing
// changes. Integer sums are int32 and wrap around, as TFLite's do; every family gives the same bits.

// Arrays with an entry for each column or channel have their length rounded up to a multiple of this. What lies in the
// padding is read and not used.
#define MASKD_COLUMN_PAD 32

typedef enum maskd_rounding {
  // Saturating rounding doubling high multiply, then a rounding right shift: what TFLite does in convolutions.
  MASKD_ROUND_TWICE = 0,
  // One product in double precision, rounded once, a tie away from zero: what TFLite does in FULLY_CONNECTED since its
  // reference kernel rescales with real numbers.
  MASKD_ROUND_ONCE = 1,
  // The result is float32 and not rounded at all: dynamic range.
  MASKD_TO_FLOAT = 2,
} maskd_rounding;

// What becomes of the int32 sum of a column. All arrays are padded to a multiple of MASKD_COLUMN_PAD; those that the
// rounding does not read may be null.
typedef struct maskd_epilogue {
  // Added to the sum of products. Holds the layer's bias and all that the zero points contribute for a whole column.
  const int32_t *bias;
  // For MASKD_ROUND_TWICE: real scale = multiplier * 2^(shift - 31), where multiplier is 0 or in 2^30 ..< 2^31 and
  // shift in -31 ... 30.
  const int32_t *multiplier;
  const int32_t *shift;
  // Whether every shift of the layer is in -22 ... -1, as those of trained models are: a shorter way is then open.
  bool shifts_right;
  // Null, or what the family's prove_rounding found: the rounding in float32 then needs no check. Not with row_terms.
  const int32_t *proven_bias;
  const float *proven_scale;
  const float *proven_addend;
  // For MASKD_ROUND_ONCE: the real scale, finite and at least 0. Products beyond int32 become its ends.
  const double *scale;
  int32_t zero_point; // of the result
  int32_t minimum;    // the fused activation, in quantized units: -128 <= minimum <= maximum <= 127
  int32_t maximum;
  // 0, or 0x80 where the result is read as an activation with an offset of 128: flips that bit of each result.
  uint8_t result_flip;
  // For MASKD_TO_FLOAT: result = clamp(sum * factor + addend), where sum includes the bias. The product may be fused
  // with its sum.
  const float *factor;
  const float *addend;
  float float_minimum;
  float float_maximum;
  // For MASKD_TO_FLOAT: null, or the least and the greatest value so far, zero among them, which the kernel moves to
  // take its results in.
  float *range;
  maskd_rounding rounding;
} maskd_epilogue;

// Matrix product through pointers: a 1x1 convolution has one tap, a KxK convolution K*K taps, a matrix product one.
//
//   result[r][c] = epilogue(bias[c] + row_terms[r] + sum over t, k of operands[t * mr + r][k] * weights[c][t][k])
//
// Computes the columns `first` ..< `first + columns`, where `first` is a multiple of MASKD_COLUMN_PAD: `packed` and the
// arrays of the epilogue are those of the whole layer, `result` is where column `first` of row 0 goes, int8 or float.
// `operands` holds taps * mr pointers, tap by tap, each to `depth` int8 values; the pointers of rows beyond `rows` are
// never read. `packed` is what `maskd_pack_gemm_s8` made for the same family. `row_terms` is null, or has one entry a
// row: what a weight zero point contributes. 1 <= rows <= mr.
typedef void (*maskd_gemm_s8_function)(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                       const int8_t *const *operands, const void *packed, const int32_t *row_terms,
                                       void *result, size_t result_stride, const maskd_epilogue *epilogue);

// Looks for constants with which the sums of a column can be rounded in float32 without a check of each result, and
// proves that they give the same results for every sum that can be: what the bias, a scale and an addend mean is the
// family's own. `sums` and `magnitudes` are those of the weights and of their magnitudes, for each column. For
// MASKD_ROUND_TWICE with shifts_right; only where the activation begins at the zero point or above is there any. A
// column that has none gets a scale of -1. The arrays of results are padded as those of the epilogue.
typedef void (*maskd_prove_rounding_function)(size_t columns, const int32_t *sums, const int32_t *magnitudes,
                                              const maskd_epilogue *to, int32_t *bias, float *scale, float *addend);

// How the window of a depthwise convolution lies over a row of results: bytes from one place to the next.
typedef struct maskd_depthwise_window {
  size_t height;      // taps, at least 1
  size_t width;       // taps, at least 1
  size_t tap_step;    // from a tap to its neighbour on the right
  size_t pixel_step;  // from the first tap of a result to that of the next
  size_t result_step; // from a result pixel to the next
  // Columns of padding that are not in memory, 0 or 1: under the first window of a row and under the last one. Each
  // byte of theirs reads `outside`. Other than 0 only for families that pad (`pads_depthwise_s8`) and windows of 3x3
  // taps side by side, one or two pixels apart.
  size_t left;
  size_t right;
  int8_t outside;
} maskd_depthwise_window;

// Depthwise convolution of `rows` rows of `pixels` neighbouring results, all taps inside memory:
//
//   result[r][p][c] = epilogue(bias[c] + sum over y, x of
//                              taps[r * height + y][p * pixel_step + x * tap_step + c] * weights[y][x][c])
//
// `taps` has a pointer for each row of the window over each row of results, to the first tap of the first result. A row
// of results begins `result_step` behind the last result of the one before. `packed` is what the family's
// pack_depthwise_s8 made of int8 weights [y][x][c]. Operands are stored with the family's activation offset.
typedef void (*maskd_depthwise_s8_function)(size_t rows, size_t pixels, size_t channels,
                                            const maskd_depthwise_window *window, const int8_t *const *taps,
                                            const void *packed, void *result, const maskd_epilogue *epilogue);

// Bytes that pack_depthwise_s8 writes, or SIZE_MAX where a size_t can't hold them.
typedef size_t (*maskd_packed_depthwise_s8_bytes_function)(size_t height, size_t width, size_t channels);
typedef void (*maskd_pack_depthwise_s8_function)(size_t height, size_t width, size_t channels, const int8_t *weights,
                                                 void *packed);

// Depthwise convolution for weights with a zero point, as legacy uint8 models have it:
//
//   result[p][c] = epilogue(bias[c] + sum over t of operands[p * taps + t][c] * weights[t][c])
//
// Weights are int16 (weight minus its zero point), tap by tap, each tap padded to a multiple of MASKD_COLUMN_PAD
// channels. Operands are stored as they are, whatever the family's activation offset.
typedef void (*maskd_depthwise_s8_s16_function)(size_t pixels, size_t channels, size_t taps,
                                                const int8_t *const *operands, const int16_t *weights, int8_t *result,
                                                size_t result_stride, const maskd_epilogue *epilogue);

// sums[r] = sum over t, k of operands[t * mr + r][k], without the activation offset.
typedef void (*maskd_row_sums_s8_function)(size_t rows, size_t mr, size_t taps, size_t depth,
                                           const int8_t *const *operands, int32_t *sums);

// The float twin of gemm_s8, with columns as there.
//
//   result[r][c] = clamp(sum over t, k of operands[t * mr + r][k] * weights[c][t][k] + bias[c])
//
// `bias` is padded to a multiple of MASKD_COLUMN_PAD. A result that is not a number stays so. The generic kernel sums
// the products in the order t, k from zero, adds the bias last, and fuses no product with its sum, which is what the
// TFLite reference kernels do, to the bit; the others may add in any order, and fuse.
typedef void (*maskd_gemm_f32_function)(size_t rows, size_t first, size_t columns, size_t taps, size_t depth,
                                        const float *const *operands, const float *packed, const float *bias,
                                        float minimum, float maximum, float *result, size_t result_stride);

// The float twin of depthwise_s8, with sums as in gemm_f32. Weights are tap by tap, [y][x], each tap padded to a
// multiple of MASKD_COLUMN_PAD channels, and `bias` is padded the same way.
typedef void (*maskd_depthwise_f32_function)(size_t pixels, size_t channels, const maskd_depthwise_window *window,
                                             const float *const *rows, const float *weights, const float *bias,
                                             float minimum, float maximum, float *result);

// Two operands that are broadcast to `runs` runs of `count` results. A step leads from one element of a run to the
// next: 1, or 0 where one value stands for the whole run. A stride leads from one run to the next; that of an operand
// is 0 where all runs read the same, that of the result is `count` at least.
typedef struct maskd_broadcast {
  size_t runs;
  size_t count;
  size_t left_step;
  size_t left_stride;
  size_t right_step;
  size_t right_stride;
  size_t result_stride;
} maskd_broadcast;

typedef enum maskd_arithmetic {
  MASKD_ADD,
  MASKD_SUBTRACT,
  MASKD_MULTIPLY,
  MASKD_DIVIDE,
  MASKD_MAXIMUM,
  MASKD_MINIMUM,
  MASKD_PRELU,      // left where that is at least 0, else left * right
  MASKD_HARD_SWISH, // left * min(max(left + 3, 0), 6) / 6, whatever right is
} maskd_arithmetic;

// result = clamp(left ... right) of floats, broadcast as maskd_broadcast says, with the range of what is written: null,
// or as in maskd_range_f32_function. Every family gives the same bits.
typedef void (*maskd_arithmetic_f32_function)(maskd_arithmetic operation, const maskd_broadcast *shape,
                                              const float *left, const float *right, float minimum, float maximum,
                                              float *result, float *range);

// sums[c] = sum over r of values[r * stride + c], row by row from zero; the stride is in floats. Every family gives the
// same bits.
typedef void (*maskd_sums_of_columns_f32_function)(size_t columns, size_t rows, size_t stride, const float *values,
                                                   float *sums);

// Moves range[0], the least, and range[1], the greatest value so far, to take `count` more in. What is not a number is
// passed over.
typedef void (*maskd_range_f32_function)(size_t count, const float *values, float *range);

// result = saturate(round(value * inverse_scale) + zero_point) ^ flip, a tie away from zero, as TFLite quantizes
// activations. Every family gives the same bits, but for what is more than 2^30 steps from zero, infinite or no number:
// that becomes any byte.
typedef struct maskd_quantization {
  float inverse_scale;
  int32_t zero_point;
  uint8_t flip; // 0x80 where the result is stored with an activation offset of 128, else 0
} maskd_quantization;

typedef void (*maskd_quantize_f32_s8_function)(size_t count, const float *values, const maskd_quantization *to,
                                               int8_t *result);

// QUANTIZE: result = saturate(round(value / scale) + zero_point) ^ flip, a tie away from zero; what is not a number
// becomes -128. `scale` is above zero and finite.
typedef struct maskd_division {
  float scale;
  int32_t zero_point;
  uint8_t flip; // as in maskd_quantization
} maskd_division;

typedef void (*maskd_divide_f32_s8_function)(size_t count, const float *values, const maskd_division *by,
                                             int8_t *result);

// A function of one int8 value: result[i] = table[values[i]], where a value is read as an unsigned byte. What an
// operand or a result with an activation offset asks for is a matter of the order and the content of the 256 entries.
typedef void (*maskd_lookup_s8_function)(size_t count, const int8_t *values, const int8_t *table, int8_t *result);

// ADD and SUB as TFLite computes them in int8. With x the operand minus its zero point:
//
//   result = clamp(zero_point + rescale(rescale_left(x_left << 20) ± rescale_right(x_right << 20)))
//
// where each rescaling rounds twice. Multipliers and shifts as in maskd_epilogue. A flip is 0, or 0x80 where the
// operand or the result is stored with an activation offset of 128.
typedef struct maskd_add_s8_parameters {
  int32_t left_zero_point;
  int32_t left_multiplier;
  int32_t left_shift;
  int32_t right_zero_point;
  int32_t right_multiplier;
  int32_t right_shift;
  int32_t multiplier; // of the result
  int32_t shift;
  int32_t zero_point;
  int32_t minimum;
  int32_t maximum;
  bool subtract; // left - right instead of left + right
  uint8_t left_flip;
  uint8_t right_flip;
  uint8_t result_flip;
  // What the family's prove_add_s8 found: the sum in float32 then needs no check.
  bool is_proven;
  float proven_left_factor, proven_right_factor, proven_addend;
} maskd_add_s8_parameters;

typedef void (*maskd_add_s8_function)(const maskd_broadcast *shape, const int8_t *left, const int8_t *right,
                                      int8_t *result, const maskd_add_s8_parameters *parameters);

// Looks for factors with which float32 gives TFLite's result for each of the 65,536 pairs of values, and notes them, in
// the family's own form.
typedef void (*maskd_prove_add_s8_function)(maskd_add_s8_parameters *parameters);

// result = clamp(zero_point + rescale((left - left_zero_point) * (right - right_zero_point))), rounded twice. Flips as
// in maskd_add_s8_parameters.
typedef struct maskd_mul_s8_parameters {
  int32_t left_zero_point;
  int32_t right_zero_point;
  int32_t multiplier;
  int32_t shift;
  int32_t zero_point;
  int32_t minimum;
  int32_t maximum;
  uint8_t left_flip;
  uint8_t right_flip;
  uint8_t result_flip;
} maskd_mul_s8_parameters;

typedef void (*maskd_mul_s8_function)(const maskd_broadcast *shape, const int8_t *left, const int8_t *right,
                                      int8_t *result, const maskd_mul_s8_parameters *parameters);

typedef enum maskd_average_rounding {
  // What TFLite does with int8.
  MASKD_AVERAGE_HALF_AWAY_FROM_ZERO = 0,
  // What TFLite does with uint8, whose values are never negative: for the int8 twin of a uint8 tensor.
  MASKD_AVERAGE_HALF_UP = 1,
} maskd_average_rounding;

typedef struct maskd_pool_s8_parameters {
  int32_t minimum; // -128 <= minimum <= maximum <= 127
  int32_t maximum;
  maskd_average_rounding rounding; // of averages
  // 0, or 0x80 where operand and result are stored with an activation offset of 128.
  uint8_t operand_flip;
  uint8_t result_flip;
} maskd_pool_s8_parameters;

// One result pixel: result[c] = clamp(round(sum over t of operands[t][c] / taps)). Only taps inside the picture are
// given, so `taps` is what the sum is divided by. taps < 2^23.
typedef void (*maskd_average_pool_s8_function)(size_t channels, size_t taps, const int8_t *const *operands,
                                               int8_t *result, const maskd_pool_s8_parameters *parameters);

// One result pixel: result[c] = clamp(maximum over t of operands[t][c]).
typedef void (*maskd_max_pool_s8_function)(size_t channels, size_t taps, const int8_t *const *operands, int8_t *result,
                                           const maskd_pool_s8_parameters *parameters);

// MEAN as TFLite computes it in int8: the division is part of the multiplier. Flips as in maskd_pool_s8_parameters.
typedef struct maskd_mean_s8_parameters {
  int32_t offset;     // what the zero points of a whole column sum to
  int32_t multiplier; // 0 ..< 2^31
  int32_t shift;      // -31 ... 30
  int32_t zero_point;
  uint8_t operand_flip;
  uint8_t result_flip;
} maskd_mean_s8_parameters;

// result[c] = saturate(zero_point + rescale((sum over r of values[r * stride + c]) - offset)), rounded twice.
typedef void (*maskd_mean_s8_function)(size_t columns, size_t rows, size_t stride, const int8_t *values, int8_t *result,
                                       const maskd_mean_s8_parameters *parameters);

// Multiplies and adds in registers alone, `repeats` times over, as fast as the family's own int8 multiply instruction
// goes. Returns the multiply-accumulates done: with the time that it took, the most that a kernel of the family can
// reach.
typedef uint64_t (*maskd_multiply_peak_s8_function)(size_t repeats);

// The shape of one family's matrix product.
typedef struct maskd_gemm_shape {
  size_t mr;           // rows of a tile
  size_t nr;           // columns of a packed block; divides MASKD_COLUMN_PAD
  size_t kr;           // depth values that stand together for one column
  size_t weight_bytes; // 1: packed as int8; 2: packed as int16; 4: float
  // 128 where the instruction wants unsigned activations, else 0. Operands of gemm_s8, depthwise_s8 and row_sums_s8 are
  // stored with it added. The caller takes activation_offset * (sum of the column's weights) from the bias.
  int32_t activation_offset;
  // Whether the taps of a column stand together as one tap of taps * depth values, padded once.
  bool is_dense;
  // 0, or bytes before the first block, of which the first says whether any weight is -128.
  size_t header_bytes;
  // Whether blocks are laid out as pairs.h says, each in an order of its own. With nr 4, kr 16, is_dense.
  bool has_pairs;
} maskd_gemm_shape;

typedef struct maskd_kernels {
  const char *family; // "generic", "avx2", "avx512vnni", "neon", "dotprod", "i8mm"
  maskd_gemm_shape gemm_s8_shape;
  maskd_gemm_s8_function gemm_s8;
  maskd_prove_rounding_function prove_rounding; // null where the family's convolutions have no use for it
  maskd_depthwise_s8_function depthwise_s8;
  bool pads_depthwise_s8; // whether windows may leave a row: see maskd_depthwise_window
  maskd_packed_depthwise_s8_bytes_function packed_depthwise_s8_bytes;
  maskd_pack_depthwise_s8_function pack_depthwise_s8;
  maskd_depthwise_s8_s16_function depthwise_s8_s16;
  maskd_row_sums_s8_function row_sums_s8;
  maskd_gemm_shape gemm_f32_shape;
  maskd_gemm_f32_function gemm_f32;
  maskd_depthwise_f32_function depthwise_f32;
  maskd_arithmetic_f32_function arithmetic_f32;
  maskd_sums_of_columns_f32_function sums_of_columns_f32;
  maskd_range_f32_function range_f32;
  maskd_quantize_f32_s8_function quantize_f32_s8;
  maskd_divide_f32_s8_function divide_f32_s8;
  maskd_lookup_s8_function lookup_s8;
  maskd_add_s8_function add_s8;
  maskd_prove_add_s8_function prove_add_s8; // null where the family has no use for it
  maskd_mul_s8_function mul_s8;
  maskd_average_pool_s8_function average_pool_s8;
  maskd_max_pool_s8_function max_pool_s8;
  maskd_multiply_peak_s8_function multiply_peak_s8;
  maskd_mean_s8_function mean_s8;
} maskd_kernels;

// The families that this build has and this processor runs, best first; "generic" is always the last.
// Returns how many there are; writes at most `capacity` of them. `families` may be null when `capacity` is 0.
// The tables live as long as the program. May be called from any thread.
size_t maskd_kernels_available(const maskd_kernels **families, size_t capacity);

// The family of that name, or null where this build or this processor lacks it.
const maskd_kernels *maskd_kernels_named(const char *family);

// Bytes that `maskd_pack_gemm_s8` writes, or SIZE_MAX where a size_t can't hold them.
size_t maskd_packed_gemm_s8_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth);

// Lays int8 weights [column][tap][depth] out in the order in which the family's kernel reads them: for each block of nr
// columns, for each tap, for each kr depth values, nr groups of kr. Missing columns and depth values are zero. The
// shape says whether a header comes first, and whether blocks have an order of their own.
//
// A layer may be packed a part at a time, from first to last: `weights` and `sums` are those of the columns `first` ..<
// `first + columns`, where `first` is a multiple of nr; `packed` is where the whole layer begins. sums[c] becomes the
// sum of a column's weights, which wraps around.
void maskd_pack_gemm_s8(const maskd_gemm_shape *shape, size_t first, size_t columns, size_t taps, size_t depth,
                        const int8_t *weights, void *packed, int32_t *sums);

// Whether packed weights that anyone may have written, of as many bytes as these sizes take, make the kernel read no
// activations but those it is given. Only weights in an order of their own could.
bool maskd_packed_gemm_s8_stays_inside(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth,
                                       const void *packed);

// magnitudes[c] = sum over k of the magnitude of weights[c][k].
void maskd_sum_magnitudes_s8(size_t columns, size_t per_column, const int8_t *weights, int32_t *magnitudes);

// The same for float weights and `gemm_f32_shape`, without sums.
size_t maskd_packed_gemm_f32_bytes(const maskd_gemm_shape *shape, size_t columns, size_t taps, size_t depth);
void maskd_pack_gemm_f32(const maskd_gemm_shape *shape, size_t first, size_t columns, size_t taps, size_t depth,
                         const float *weights, float *packed);

// sums[c] = sum over t of weights[t][c], which wraps around: what a depthwise convolution's weights sum to.
void maskd_sum_channels_s8(size_t taps, size_t channels, const int8_t *weights, int32_t *sums);

// A sum over packed weights that are kept in a file: tells damage, not forgery, and keeps up with the memory. `bytes`
// may be null where `count` is 0.
uint64_t maskd_checksum(const void *bytes, size_t count);

#endif
