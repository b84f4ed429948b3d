// Dot products of few rows for formats that bring just their expansion: a piece of a row of W is expanded to where the
// first-level cache holds it, and multiplied with each row of X. Included where the set's `expand` stands.
#pragma once
#include "common.h"
#include "number_formats.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

enum { EXPANDED = 256, SUMS = 4 };  // columns of a piece, a multiple of 16 * SUMS; running sums that hide the latency

INLINE void dot_expanded(const mlt_format format, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m,
                         const float *x, int64_t ldx, float *y, int64_t ldy) {
  for (int64_t n = begin; n < end; n++) {
    float values[EXPANDED], rest[MLT_DOT_ROWS] = {0};
    sixteen sums[MLT_DOT_ROWS][SUMS];
    for (int64_t i = 0; i < m; i++)
      UNROLL for (int j = 0; j < SUMS; j++) sums[i][j] = 0;
    for (int64_t k = 0; k < w->columns; k += EXPANDED) {
      const int64_t count = min64(EXPANDED, w->columns - k), whole = count / (16 * SUMS) * (16 * SUMS);
      expand(format, w, n, k, count, values);
      for (int64_t i = 0; i < m; i++) {
        const float *xi = x + i * ldx + k;
        sixteen s[SUMS];
        UNROLL for (int j = 0; j < SUMS; j++) s[j] = sums[i][j];
        for (int64_t c = 0; c < whole; c += 16 * SUMS)
          UNROLL for (int j = 0; j < SUMS; j++)
            s[j] = __builtin_elementwise_fma(*(const sixteen *)(values + c + 16 * j), *(const sixteen *)(xi + c + 16 * j),
                                             s[j]);
        UNROLL for (int j = 0; j < SUMS; j++) sums[i][j] = s[j];
        for (int64_t c = whole; c < count; c++) rest[i] += values[c] * xi[c];
      }
    }
    for (int64_t i = 0; i < m; i++) {
      const sixteen sum = (sums[i][0] + sums[i][1]) + (sums[i][2] + sums[i][3]);
      const __typeof__(sum.lo) a = sum.lo + sum.hi;
      const __typeof__(a.lo) b = a.lo + a.hi;
      const __typeof__(b.lo) c = b.lo + b.hi;
      y[i * ldy + n] = c.x + c.y + rest[i];
    }
  }
}
#pragma clang diagnostic pop
