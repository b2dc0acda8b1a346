#ifndef MASKD_PAIRS_H
#define MASKD_PAIRS_H

#include "kernels.h"

// Weights for a product that adds int8 products in int16 (maskd_gemm_shape.has_pairs). Two products always fit there,
// four where the magnitudes of their weights sum to 255 at most. So a block's depth values, sixteen a step, are put
// into pairs of steps of which as many as can be found have that in every lane of every column: lanes are the eight
// int16 in which both halves of both steps meet. A block begins with this header, then `deltas`, then its weights in
// that order:
//
//   strong pairs, then other pairs: for two columns and then the other two, those of the first step, those of the
//   second what is left: one or two steps, column by column, or one pair of whose second step the last eight are
//   missing
typedef struct maskd_pairs {
  int32_t strong, weak; // how many pairs of each kind
  uint32_t rest;        // of the steps that are left, bits of maskd_rest
  int32_t first; // where the first step's activations are, in bytes from where those of a tile of four rows begin
} maskd_pairs;

// deltas[i] leads from the activations of one step, in this order, to those of the next, and from the last to the first
// of the next tile: bytes where a tile has four rows.
enum { MASKD_PAIRS_STEP = 16, MASKD_PAIRS_COLUMNS = 4, MASKD_PAIRS_STRIDE = 64 };

typedef enum maskd_rest {
  MASKD_REST_STEP = 1,   // a whole step
  MASKD_REST_EIGHT = 2,  // behind it, a step of which only the first eight count
  MASKD_REST_STRONG = 4, // both, and they fit as a strong pair does
} maskd_rest;

// Rows deeper than this keep their order.
enum { MASKD_PAIRS_MOST_STEPS = 576 };

static inline size_t maskd_pairs_header_bytes(size_t steps) {
  return sizeof(maskd_pairs) + (steps + 3) / 4 * 4 * sizeof(int32_t);
}

// From a block to the next.
static inline size_t maskd_pairs_block_bytes(size_t steps) {
  return maskd_pairs_header_bytes(steps) + steps * MASKD_PAIRS_STRIDE;
}

// Lays one block out: `columns` columns of `depth` weights, `depth` apart; missing ones are zero.
void maskd_pack_pairs(size_t columns, size_t depth, const int8_t *weights, char *block);

// Whether a block that anyone may have written has as many steps as belong to the depth, all within their tile.
bool maskd_pairs_stay_inside(size_t depth, const char *block);

#endif
