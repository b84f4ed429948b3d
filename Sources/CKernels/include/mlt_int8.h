// Products of affine 4- and 8-bit weights with activations in 8 bits, for inference.
//
// Activations are rounded to int8 with one scale per row and group of columns (the groups of the weights), so that
//     y[m, n] = sum over groups g, ascending:  xs[m, g] (s[n, g] sum_k q[n, k] xq[m, k] + b[n, g] sum_k xq[m, k])
// has exact integer sums inside a group, and two f32 multiply-adds per group: first the bias, then the codes. Every
// kernel set does these in this order, so the bits of a result depend on x and W alone: not on the other rows of x, on
// how rows of W are cut into pieces, nor on the instruction set. Rounding x costs about 5.5e-3 rms of the product.
//
// Weights are *turned* once into panels of 16 rows, one stream in the order in which the kernel eats it and as large
// as the stored form. A 32-bit lane belongs to one row:
//     group 0:  word 0 of rows 0 ... 15 | word 1 of rows 0 ... 15 | ... | 16 scales | 16 biases      group 1: ...
// A word of 8-bit codes holds four successive columns. A word of 4-bit codes holds eight: columns 0 ... 3 in the low
// halves of its bytes, 4 ... 7 in the high ones, so activations have one order for both. Scales and biases keep their
// type. Rows that a last panel lacks have codes, scales and biases of zero.
//
// Packed activations are tiles of rows; a tile holds, per group:
//     columns 0 ... 3 of each row (32 bits) | columns 4 ... 7 of each row | ... | the scales | scale x sum of codes
//
// A value with magnitude below 2^-100 counts as zero if its group has none above; a row that holds a NaN or an infinity
// gives NaN everywhere.
#pragma once
#include <stdint.h>

#include "mlt_matrix.h"

#define MLT_PANEL_ROWS 16
#define MLT_INT8_TILE_ROWS 8
#define MLT_INT8_PANELS 3

// A turned matrix: `panels` is aligned to 64 bytes.
typedef struct mlt_turned {
  const uint8_t *panels;
  int64_t rows, columns, group;
  int32_t bits;  // of a code: 4 or 8
  mlt_format scale_format;
} mlt_turned;

// Part of a panel, or of several that lie `stride` bytes apart: `groups` successive groups.
typedef struct mlt_panels {
  const uint8_t *bytes;
  int64_t stride, groups;
  int32_t words;  // of one row and group
  int32_t ahead;  // bytes to prefetch ahead of what is read, 0 where it comes from a cache
  mlt_format scale_format;
} mlt_panels;

// Y[rows of the tile, columns] = product of a tile of packed x with panels, added to Y if `add`; columns that panels have
// past `columns` are dropped.
typedef void mlt_int8_micro(const mlt_panels *w, const uint32_t *x, float *y, int64_t ldy, int64_t columns, int32_t add);
// Rounds one group of x; codes are int8 in order. Returns the scale.
typedef float mlt_int8_round(const float *x, int64_t count, int8_t *codes, int32_t *sum);

// Widens groups of a 4-bit panel to the form of an 8-bit one: each of `words` becomes two.
typedef void mlt_int8_widen(const uint8_t *panel, int64_t groups, int64_t words, mlt_format scale_format, uint8_t *out);

typedef struct mlt_int8_kernels {
  const char *name;
  int32_t rows;            // of the largest tile
  int32_t panels;          // that a tile meets at once when there are many rows
  mlt_int8_round *round;
  mlt_int8_widen *widen;   // for 4-bit panels that meet many rows, or NULL if nothing is gained
  mlt_int8_micro *micro[2][MLT_INT8_PANELS][MLT_INT8_TILE_ROWS + 1];  // by 8 bits or 4, panels - 1, rows of the tile
} mlt_int8_kernels;

// The kernel sets this machine can run, best first; NULL past the last. The last one is portable C, the reference.
const mlt_int8_kernels *mlt_int8_available(int32_t index);

// ---- weights ------------------------------------------------------------------------------------------------------

// Bytes of the turned form of an affine matrix of 4 or 8 bits; those of one panel are mlt_turned_bytes of 16 rows.
int64_t mlt_turned_bytes(const mlt_matrix *w);
// Turns the panels that hold rows begin ..< end (begin a multiple of 16, end one too or the last row) into their
// place in `panels`, which is where the whole turned matrix begins.
void mlt_turn_rows(const mlt_matrix *w, int64_t begin, int64_t end, uint8_t *panels);

// ---- products -----------------------------------------------------------------------------------------------------

// Rows of a tile for m rows of x: all tiles have as many, but the last.
int64_t mlt_int8_tile_rows(const mlt_int8_kernels *, int64_t m);
// Bytes of x[m, k] when packed; any alignment to 4 will do.
int64_t mlt_int8_packed_bytes(int64_t m, int64_t k, int64_t group);
// Packs rows begin ..< end of x[m, k] (begin a multiple of the rows of a tile) into their place in `packed`.
void mlt_int8_pack(const mlt_int8_kernels *, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t group,
                   int64_t begin, int64_t end, uint32_t *packed);
// Bytes of scratch, aligned to 64, that each call of mlt_int8_product needs.
int64_t mlt_int8_scratch(const mlt_int8_kernels *, const mlt_turned *w, int64_t m);
// Y[m, n] for rows begin ..< end of W (begin a multiple of 16, end one too or the last row).
void mlt_int8_product(const mlt_int8_kernels *, const mlt_turned *w, int64_t m, const uint32_t *packed,
                      int64_t begin, int64_t end, float *y, int64_t ldy, uint8_t *scratch);
