// Products with stored weight matrices.
//
// A *format* says how a row of weights lies in memory; all it must bring is a way to expand a piece of a row
// into f32. A *kernel set* is one instruction set's micro-kernel together with what depends on its panel form.
// The blocked product (product.c) knows neither: it packs a block of W into panels through expand + turn while
// the block is in cache, and lets the micro-kernel eat them. Formats and instruction sets never multiply.
//
// Every function is pure: no allocation, no threads, no state. An element of Y is summed over k in an order that
// only the length of the reduction fixes (blocks of k_block, ascending inside), so neither tiling nor threads
// can change its bits. Where an operand is not finite, neither is the row or column of Y that it belongs to.
#pragma once
#include <stdint.h>

// How values are stored. The affine formats are MLX's: codes of b bits in one little-endian bit stream per row,
// value = code * scale + bias with a scale and a bias for each group of 32, 64 or 128 columns. The number formats are codes
// of a small number type, a byte each or (E2M1) two in a byte, the first in its low half: value = number * scale with a scale
// for each group of columns, and for MLT_U8 (number - zero) * scale, rounded once. See products/number_formats.h. Then the
// block formats of ggml: a row is blocks of 32 or 256 weights, which hold their codes and scales themselves; see
// products/kernels_blocks.h.
typedef enum mlt_format : int32_t {
  MLT_F32, MLT_BF16, MLT_F16,
  MLT_AFFINE2, MLT_AFFINE3, MLT_AFFINE4, MLT_AFFINE5, MLT_AFFINE6, MLT_AFFINE8,
  MLT_E2M1, MLT_E4M3, MLT_E5M2, MLT_I8, MLT_U8,
  MLT_Q4_0, MLT_Q4_1, MLT_Q5_0, MLT_Q5_1, MLT_Q8_0, MLT_Q2_K, MLT_Q3_K, MLT_Q4_K, MLT_Q5_K, MLT_Q6_K,
  MLT_IQ4_NL, MLT_IQ4_XS, MLT_MXFP4,
} mlt_format;
#define MLT_FORMATS 27

// Weights and bytes of a block.
int64_t mlt_block_size(mlt_format format);
int64_t mlt_block_bytes(mlt_format format);

// A frozen matrix W[rows, columns] as it lies in memory (often a mapped file: any alignment).
typedef struct mlt_matrix {
  const void *values;        // row r begins at values + r * row_bytes
  int64_t rows, columns;
  int64_t row_bytes;
  mlt_format format;
  mlt_format scale_format;   // affine, numbers: the type of scales and biases, MLT_F32, MLT_BF16 or MLT_F16
  const void *scales, *biases;  // affine: [rows, columns / group]; numbers: [rows, groups of a row], biases are zeros of U8
  int64_t group;             // affine: columns that share a scale: 32, 64 or 128, a divisor of columns; numbers: any number of
                             // columns (E2M1: a multiple of 16), the last group may be shorter
  const int32_t *column_groups;  // numbers: the group of each column, where groups are no runs of columns; then `group` is
                                 // the number of groups of a row, and scales and zeros are f32. Else NULL
} mlt_matrix;

// Expands W[row, begin ..< begin + count] to f32. begin and (affine, blocks) count are multiples of 32. Bit-exact and equal
// in every kernel set: affine is round(round(code * scale) + bias) in f32, with no fused multiply-add; numbers are
// round((number - zero) * scale), where the difference is exact; blocks are what ggml's dequantize_row functions give.
typedef void mlt_expand(const mlt_matrix *w, int64_t row, int64_t begin, int64_t count, float *out);

// Y[i, n] = X[i, :] . W[n, :] for m <= MLT_DOT_ROWS rows of X and begin <= n < end, straight from the codes.
// x and y are the first rows; ldx, ldy the distance between rows. The order of the sum does not depend on m.
typedef void mlt_dot(const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x, int64_t ldx,
                     float *y, int64_t ldy);
#define MLT_DOT_ROWS 8

// The blocked product works on 32-bit lanes. `step` successive k of one row or column become a unit of `lanes` lanes: one
// f32 each, a pair of bf16, or 64 integers of 16 bits and what they are multiples of. The last unit is filled with zeros.

// Y tile [mr, nr] (+)= X tile * panel. The X tile is [units][lanes][mr], the panel [units][lanes][nr]. Overwrites Y
// unless `add`.
typedef void mlt_micro(int64_t units, const float *x, const float *panel, float *y, int64_t ldy, int32_t add);

// The two ways into lanes. `turn`: `rows` rows of f32, each `count` long and k running along them, become lanes
// [units][lanes][width]; rows <= width, missing ones are zeros. `lay`: `rows` <= step successive k, each a row of f32
// that runs along the columns, become one unit in every panel of nr columns; panels lie `stride` lanes apart, and
// columns past `count` are zeros.
typedef void mlt_turn(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t width, float *out);
typedef void mlt_lay(const float *in, int64_t ld, int64_t rows, int64_t count, int64_t stride, float *out);

#define MLT_MAX_TILE_ROWS 16
#define MLT_MAX_PANEL 64
typedef struct mlt_kernels {
  const char *name;          // of the instruction set, as the manifest records it
  int32_t mr, nr;            // rows of an X tile, columns of a panel
  int32_t step, lanes;       // values of k in a unit, and the lanes that it takes
  int32_t k_block;           // values of k that are packed at a time: fixes the order of summation
  int32_t piece;             // columns of Y to compute at a time, so that their packed block stays in the cache
  mlt_micro *micro[MLT_MAX_TILE_ROWS + 1];  // by the rows of the tile, 1 ... mr
  mlt_turn *turn;
  mlt_lay *lay;
  mlt_expand *const *expand;  // by format
  mlt_dot *const *dot;       // by format
} mlt_kernels;

// The kernel sets this machine can run, best first; NULL past the last. The last one is portable C, the reference.
const mlt_kernels *mlt_kernels_available(int32_t index);
// The best of them, as the manifest names it: "avx512", "avx2", "neon" or "portable".
const char *mlt_instruction_set(void);

// The kernel sets for products with operands of 16 bits that this machine can run, best first; NULL past the last. They
// end with the references in portable C.
const mlt_kernels *mlt_kernels_of_16_bits(int32_t index);
// The best of them, or NULL if f32 products are as fast.
const mlt_kernels *mlt_fast_16_bits(void);

// Expands a whole row of W.
void mlt_expand_row(const mlt_kernels *, const mlt_matrix *w, int64_t row, float *out);
// The dot products of few rows: see mlt_dot.
void mlt_dot_rows(const mlt_kernels *, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x,
                  int64_t ldx, float *y, int64_t ldy);

// ---- the blocked product --------------------------------------------------------------------------------------
// Forward:  Y[m, rows] = X[m, columns] . W^T.   Back: Y[m, columns] = X[m, rows] . W.
// The caller cuts the outputs into pieces (multiples of nr), and gives each call its own scratch.

// Lanes (4 bytes each) of all X tiles together; X is packed once, then shared by all pieces.
int64_t mlt_packed_lanes(const mlt_kernels *, int64_t m, int64_t k);
// Packs rows begin ..< end of X[m, k] (begin a multiple of mr).
void mlt_pack_rows(const mlt_kernels *, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t begin,
                   int64_t end, float *packed);
// The same of X that lies transposed, [k, m]; only for sets whose lanes are f32.
void mlt_pack_columns(const mlt_kernels *, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t begin,
                      int64_t end, float *packed);
// Lanes of scratch that a piece of `count` output columns needs.
int64_t mlt_product_scratch(const mlt_kernels *, int64_t count);
// Computes the columns begin ..< end of Y (begin a multiple of nr), or adds to them.
void mlt_product(const mlt_kernels *, const mlt_matrix *w, int32_t back, int64_t m, const float *packed,
                 int64_t begin, int64_t end, float *y, int64_t ldy, int32_t add, float *scratch);
