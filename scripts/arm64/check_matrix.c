// Every kernel set of this machine beside the portable one, products of 16 bits too: expanding, few rows, the blocked product
// both ways, on every format, with odd shapes and unaligned weights.
#include "check.h"
#include "products/kernels.h"

static const int bits_of[MLT_FORMATS] = {32, 16, 16, 2, 3, 4, 5, 6, 8, 4, 8, 8, 8, 8};
static uint64_t state = 1;

// Rows of ggml's blocks: random codes, and scales that are neither infinite nor NaN.
static uint8_t *random_blocks(mlt_format format, int64_t count) {
  const int64_t bytes = mlt_block_bytes(format);
  uint8_t *blocks = unaligned_bytes(count * bytes, &state);
  for (int64_t i = 0; i < count; i++) {
    uint8_t *b = blocks + i * bytes;
    if (format == MLT_MXFP4) b[0] = (uint8_t)(120 + b[0] % 8);
    if (format == MLT_MXFP4) continue;
    const int64_t last = format == MLT_Q2_K ? 4 : 2;
    uint8_t *halves = format == MLT_Q2_K || format == MLT_Q3_K || format == MLT_Q6_K ? b + bytes - last : b;
    const int two = format == MLT_Q4_1 || format == MLT_Q5_1 || format == MLT_Q2_K || format == MLT_Q4_K || format == MLT_Q5_K;
    for (int h = 0; h <= two; h++) halves[2 * h + 1] = (uint8_t)(0x2c | (halves[2 * h + 1] & 3));
  }
  return blocks;
}

static mlt_matrix random_matrix(mlt_format format, mlt_format scales, int64_t group, int64_t rows, int64_t columns) {
  mlt_matrix w = {.rows = rows, .columns = columns, .format = format, .row_bytes = columns * bits_of[format] / 8};
  if (format < MLT_AFFINE2) {
    w.values = random_values(format, rows * columns, &state);
  } else if (format >= MLT_Q4_0) {
    w.row_bytes = columns / mlt_block_size(format) * mlt_block_bytes(format);
    w.values = random_blocks(format, rows * columns / mlt_block_size(format));
  } else if (format > MLT_AFFINE8) {
    uint8_t *codes = unaligned_bytes(rows * w.row_bytes, &state);
    if (format == MLT_E4M3 || format == MLT_E5M2)  // neither infinite nor NaN
      for (int64_t i = 0; i < rows * w.row_bytes; i++) codes[i] = (uint8_t)((codes[i] & 0x80) | (codes[i] & 0x7f) % 0x7b);
    const int64_t groups = rows * ((columns + group - 1) / group);
    w.values = codes, w.scale_format = scales, w.group = group;
    w.scales = random_values(scales, groups, &state);
    if (format == MLT_U8) w.biases = random_values(scales, groups, &state);
  } else {
    w.values = unaligned_bytes(rows * w.row_bytes, &state);
    w.scale_format = scales, w.group = group;
    w.scales = random_values(scales, rows * columns / group, &state);
    w.biases = random_values(scales, rows * columns / group, &state);
  }
  return w;
}

static float *product(const mlt_kernels *set, const mlt_matrix *w, int back, int64_t m, const float *x) {
  const int64_t k = back ? w->rows : w->columns, n = back ? w->columns : w->rows, piece = 2 * set->nr;
  float *packed = aligned_bytes(4 * mlt_packed_lanes(set, m, k)), *y = malloc((size_t)(m * n) * 4);
  float *scratch = aligned_bytes(4 * mlt_product_scratch(set, piece));
  memset(y, 0xff, (size_t)(m * n) * 4);
  mlt_pack_rows(set, x, k, m, k, 0, m, packed);
  for (int64_t n0 = 0; n0 < n; n0 += piece)
    mlt_product(set, w, back, m, packed, n0, min64(n, n0 + piece), y, n, 0, scratch);
  free(packed), free(scratch);
  return y;
}

static void check_rows(const mlt_kernels *set, const mlt_kernels *reference, const mlt_matrix *w) {
  const int64_t rows = w->rows, columns = w->columns;
  float *row = malloc((size_t)columns * 4), *expected = malloc((size_t)columns * 4);
  for (int64_t r = 0; r < rows; r++) {
    mlt_expand_row(set, w, r, row), mlt_expand_row(reference, w, r, expected);
    CHECK(memcmp(row, expected, (size_t)columns * 4) == 0, "%s: expanding format %d, %ld x %ld, row %ld", set->name,
          w->format, (long)rows, (long)columns, (long)r);
  }
  // f32 sums of up to 1,200 products of values up to 255: each addition may lose half a unit of a partial sum, which is more of
  // the sum where blocks cancel.
  const double most = w->format >= MLT_Q4_0 ? 1e-4 : 1e-5;
  float *x = random_floats(MLT_DOT_ROWS * columns, &state), *y = malloc((size_t)rows * 4 * MLT_DOT_ROWS);
  float *z = malloc((size_t)rows * 4 * MLT_DOT_ROWS);
  for (int64_t few = 1; few <= MLT_DOT_ROWS; few++) {
    mlt_dot_rows(set, w, 0, rows, few, x, columns, y, rows), mlt_dot_rows(reference, w, 0, rows, few, x, columns, z, rows);
    CHECK(difference(y, z, few * rows) < most, "%s: %ld rows of x by format %d, %ld x %ld: %g", set->name, (long)few,
          w->format, (long)rows, (long)columns, difference(y, z, few * rows));
  }
  free(x), free(y), free(z), free(row), free(expected);
}

static void check_products(const mlt_kernels *set, const mlt_kernels *reference, const mlt_matrix *w, int64_t m) {
  for (int back = 0; back < 2; back++) {
    const int64_t k = back ? w->rows : w->columns, n = back ? w->columns : w->rows;
    float *x = random_floats(m * k, &state), *y = product(set, w, back, m, x), *z = product(reference, w, back, m, x);
    CHECK(difference(y, z, m * n) < (w->format >= MLT_Q4_0 ? 1e-4 : 1e-5), "%s: product%s of format %d, %ld x %ld x %ld: %g", set->name,
          back ? " back" : "", w->format, (long)m, (long)w->rows, (long)w->columns, difference(y, z, m * n));
    free(x), free(y), free(z);
  }
}

static void check_set(const mlt_kernels *set, const mlt_kernels *reference, int with_rows) {
  static const int64_t plain[][2] = {{1, 1}, {2, 15}, {7, 16}, {8, 17}, {33, 31}, {47, 129}, {49, 130}, {97, 511},
                                     {5, 513}, {530, 40}};
  static const int64_t affine[][2] = {{1, 1}, {3, 2}, {47, 3}, {48, 4}, {13, 5}, {513, 1}, {17, 17}};
  static const int64_t tiles[] = {1, 2, 7, 8, 9, 12, 13, 31};
  const int before = failures;
  for (int format = 0; format < MLT_FORMATS; format++)
    for (int s = 0; s < (format < MLT_AFFINE2 ? 10 : 7); s++) {
      const int64_t group = 32 << s % 3;
      const mlt_matrix w =
          format < MLT_AFFINE2
              ? random_matrix((mlt_format)format, MLT_F32, 0, plain[s][0], plain[s][1])
              : random_matrix((mlt_format)format, (mlt_format)(s % 3), group, affine[s][0],
                              format >= MLT_Q4_0 ? 256 * (affine[s][1] % 4 + 1)
                                                 : affine[s][1] * group - (format > MLT_E2M1 ? 5 : 0));
      if (with_rows) check_rows(set, reference, &w);
      check_products(set, reference, &w, tiles[s % 8]);
    }
  printf("matrices, %s beside %s: %s\n", set->name, reference->name, failures > before ? "differ" : "agree");
}

void check_matrices(void) {
  int32_t count = 0;
  while (mlt_kernels_available(count)) count++;
  for (int32_t i = 0; i < count - 1; i++) check_set(mlt_kernels_available(i), &mlt_portable, 1);
  // Of 16 bits: the reference of a set is the one that rounds as it does.
  for (int32_t i = 0; mlt_kernels_of_16_bits(i); i++) {
    const mlt_kernels *set = mlt_kernels_of_16_bits(i);
    const mlt_kernels *reference = set->step == 2 ? &mlt_portable_bf16 : &mlt_portable_int16;
    if (set != reference) check_set(set, reference, set->expand != mlt_portable_expand);
  }
}
