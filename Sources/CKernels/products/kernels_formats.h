// What a kernel set makes of its `expand` and `dot_row` for each format: the functions that its tables list, and the tables
// mlt_SET_expand and mlt_SET_dot. Included where both stand, with MLT_SET defined as the set's name.
#include "kernels.h"
#include "kernels_blocks.h"
#include "kernels_expanded.h"

#define TABLE_OF(set, what) mlt_##set##_##what
#define TABLE(set, what) TABLE_OF(set, what)

// More than four rows of X go in two turns, the second with the row of W in the first-level cache.
INLINE void dot(const mlt_format format, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x,
                int64_t ldx, float *y, int64_t ldy) {
  if (format > MLT_LAST_DIRECT) {
    dot_expanded(format, w, begin, end, m, x, ldx, y, ldy);
    return;
  }
  for (int64_t n = begin; n < end; n++)
    for (int64_t i = 0; i < m; i += 4) {
      const float *xi = x + i * ldx;
      float *yi = y + i * ldy;
      switch (m - i) {
      case 1: dot_row(format, 1, w, n, xi, ldx, yi, ldy); break;
      case 2: dot_row(format, 2, w, n, xi, ldx, yi, ldy); break;
      case 3: dot_row(format, 3, w, n, xi, ldx, yi, ldy); break;
      default: dot_row(format, 4, w, n, xi, ldx, yi, ldy);
      }
    }
}

#define DEFINE_EXPAND(FORMAT, name)                                                                                \
  static void expand_##name(const mlt_matrix *w, int64_t row, int64_t begin, int64_t count, float *out) {          \
    expand(FORMAT, w, row, begin, count, out);                                                                     \
  }
#define DEFINE_DOT(FORMAT, name)                                                                                   \
  static void dot_##name(const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x, int64_t ldx,  \
                         float *y, int64_t ldy) {                                                                  \
    dot(FORMAT, w, begin, end, m, x, ldx, y, ldy);                                                                 \
  }
MLT_EACH_FORMAT(DEFINE_EXPAND)
MLT_EACH_FORMAT(DEFINE_DOT)

#define EXPAND(FORMAT, name) [FORMAT] = expand_##name,
#define DOT(FORMAT, name) [FORMAT] = dot_##name,
mlt_expand *const TABLE(MLT_SET, expand)[MLT_FORMATS] = {MLT_EACH_FORMAT(EXPAND) MLT_EACH_BLOCK_FORMAT(EXPAND)};
mlt_dot *const TABLE(MLT_SET, dot)[MLT_FORMATS] = {MLT_EACH_FORMAT(DOT) MLT_EACH_BLOCK_FORMAT(DOT)};
