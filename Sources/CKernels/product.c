// The blocked product. For a piece of output columns: pack a block of W into panels while it is in cache, then run
// the micro-kernel over all tiles of X. Neither the format nor the instruction set is known here.
//
// The block of k is long, since a long inner loop is what micro-kernels like. The packed block stays in the
// second-level cache (144 columns x 512 x 4 bytes = 288 KiB) while X streams past it.
#include "common.h"

enum {
  K_BLOCK = 512,  // fixes the order of summation: see mlt_matrix.h
  PIECE = 128,    // columns of a row that are expanded at a time; a multiple of 32
};

static int64_t steps(const mlt_kernels *s, int64_t k) { return (k + s->step - 1) / s->step; }

// ---- X ---------------------------------------------------------------------------------------------------------

int64_t mlt_packed_lanes(const mlt_kernels *s, int64_t m, int64_t k) { return steps(s, k) * m; }

void mlt_pack_rows(const mlt_kernels *s, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t begin,
                   int64_t end, float *packed) {
  for (int64_t i = begin; i < end; i += s->mr) {
    const int64_t rows = min64(s->mr, m - i);
    s->turn(x + i * ldx, ldx, rows, k, rows, packed + i * steps(s, k));
  }
}

// ---- W ---------------------------------------------------------------------------------------------------------

// W^T: rows n0 ..< n0 + count of W become columns of panels; k runs along the rows of W.
static void pack_forward(const mlt_kernels *s, const mlt_matrix *w, int64_t k0, int64_t kc, int64_t n0, int64_t count,
                         float *rows, float *block) {
  mlt_expand *expand = s->expand[w->format];
  for (int64_t n = 0; n < count; n += s->nr, block += steps(s, kc) * s->nr) {
    const int64_t height = min64(s->nr, count - n);
    for (int64_t k = 0; k < kc; k += PIECE) {
      const int64_t width = min64(PIECE, kc - k);
      for (int64_t r = 0; r < height; r++) expand(w, n0 + n + r, k0 + k, width, rows + r * PIECE);
      s->turn(rows, PIECE, height, width, s->nr, block + steps(s, k) * s->nr);
    }
  }
}

// W: columns n0 ..< n0 + count stay columns; k runs over the rows of W. Expansion begins and ends at multiples of 32.
static void pack_back(const mlt_kernels *s, const mlt_matrix *w, int64_t k0, int64_t kc, int64_t n0, int64_t count,
                      float *rows, float *block) {
  mlt_expand *expand = s->expand[w->format];
  const int64_t first = n0 / 32 * 32, width = min64(round_up(n0 + count, 32), w->columns) - first;
  for (int64_t k = 0; k < kc; k += s->step) {
    const int64_t height = min64(s->step, kc - k);
    for (int64_t r = 0; r < height; r++) expand(w, k0 + k + r, first, width, rows + r * width);
    s->lay(rows + n0 - first, width, height, count, steps(s, kc) * s->nr, block + steps(s, k) * s->nr);
  }
}

// ---- Y ---------------------------------------------------------------------------------------------------------

// The last panel may be wider than what is left of Y: through a whole tile beside it.
static void edge_tile(const mlt_kernels *s, int64_t rows, int64_t columns, int64_t kc, const float *x,
                      const float *panel, float *y, int64_t ldy, int32_t add) {
  float tile[MLT_MAX_TILE_ROWS * MLT_MAX_PANEL];
  s->micro[rows](steps(s, kc), x, panel, tile, s->nr, 0);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++)
      y[i * ldy + j] = add ? y[i * ldy + j] + tile[i * s->nr + j] : tile[i * s->nr + j];
}

int64_t mlt_product_scratch(const mlt_kernels *s, int64_t count) {
  const int64_t forward = s->nr * PIECE, back = s->step * (count + 2 * 32);
  return steps(s, K_BLOCK) * round_up(count, s->nr) + (forward > back ? forward : back);
}

void mlt_product(const mlt_kernels *s, const mlt_matrix *w, int32_t back, int64_t m, const float *packed,
                 int64_t begin, int64_t end, float *y, int64_t ldy, float *scratch) {
  const int64_t k = back ? w->rows : w->columns, count = end - begin;
  float *block = scratch, *rows = scratch + steps(s, K_BLOCK) * round_up(count, s->nr);
  for (int64_t k0 = 0; k0 < k; k0 += K_BLOCK) {
    const int64_t kc = min64(K_BLOCK, k - k0), panel = steps(s, kc) * s->nr;
    (back ? pack_back : pack_forward)(s, w, k0, kc, begin, count, rows, block);
    for (int64_t n = 0; n < count; n += s->nr)
      for (int64_t i = 0; i < m; i += s->mr) {
        const int64_t height = min64(s->mr, m - i), width = min64(s->nr, count - n);
        const float *x = packed + i * steps(s, k) + steps(s, k0) * height, *p = block + n / s->nr * panel;
        float *tile = y + i * ldy + begin + n;
        if (width == s->nr) s->micro[height](steps(s, kc), x, p, tile, ldy, k0 > 0);
        else edge_tile(s, height, width, kc, x, p, tile, ldy, k0 > 0);
      }
  }
}
