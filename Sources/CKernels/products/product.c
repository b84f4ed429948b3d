// The blocked product. For a piece of output columns: pack a block of W into panels while it is in cache, then run
// the micro-kernel over all tiles of X. Neither the format nor the instruction set is known here.
//
// The block of k is long, since a long inner loop is what micro-kernels like. The packed block stays in the
// second-level cache while X streams past it.
#include "common.h"

// Columns of a row that are expanded at a time, so that all rows of a unit stay in the first-level cache.
enum {
  PIECE = 128,      // forward: a multiple of 32 and of every step
  BACK_PIECE = 96,  // back: a multiple of 32 and of every nr
};

static int64_t units(const mlt_kernels *s, int64_t k) { return (k + s->step - 1) / s->step; }
// Lanes of one row or column.
static int64_t lanes(const mlt_kernels *s, int64_t k) { return units(s, k) * s->lanes; }

// ---- X ---------------------------------------------------------------------------------------------------------

int64_t mlt_packed_lanes(const mlt_kernels *s, int64_t m, int64_t k) { return lanes(s, k) * m; }

void mlt_pack_rows(const mlt_kernels *s, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t begin,
                   int64_t end, float *packed) {
  for (int64_t i = begin; i < end; i += s->mr) {
    const int64_t rows = min64(s->mr, m - i);
    s->turn(x + i * ldx, ldx, rows, k, rows, packed + i * lanes(s, k));
  }
}

void mlt_pack_columns(const mlt_kernels *s, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t begin,
                      int64_t end, float *packed) {
  for (int64_t q = 0; q < k; q++)
    for (int64_t i = begin; i < end; i += s->mr) {
      const int64_t rows = min64(s->mr, m - i);
      for (int64_t r = 0; r < rows; r++) packed[i * k + q * rows + r] = x[q * ldx + i + r];
    }
}

// ---- W ---------------------------------------------------------------------------------------------------------

// Asks for a piece of a row that will be expanded soon. Rows lie far apart, so the hardware sees too many short streams
// to run ahead by itself.
static void prefetch(const mlt_matrix *w, int64_t bits, int64_t row, int64_t column, int64_t count) {
  if (row >= w->rows) return;
  const uint8_t *p = row_at(w, row) + column * bits / 8;
  for (int64_t i = 0; i < count * bits / 8; i += 64) __builtin_prefetch(p + i, 0, 2);
}

// W^T: rows n0 ..< n0 + count of W become columns of panels; k runs along the rows of W.
static void pack_forward(const mlt_kernels *s, const mlt_matrix *w, int64_t k0, int64_t kc, int64_t n0, int64_t count,
                         float *rows, float *block) {
  mlt_expand *expand = s->expand[w->format];
  const int64_t bits = 8 * w->row_bytes / w->columns;
  for (int64_t n = 0; n < count; n += s->nr, block += lanes(s, kc) * s->nr) {
    const int64_t height = min64(s->nr, count - n);
    for (int64_t k = 0; k < kc; k += PIECE) {
      const int64_t width = min64(PIECE, kc - k);
      for (int64_t r = 0; r < height; r++) {
        prefetch(w, bits, n0 + n + r, k0 + k + PIECE, PIECE);
        expand(w, n0 + n + r, k0 + k, width, rows + r * PIECE);
      }
      s->turn(rows, PIECE, height, width, s->nr, block + lanes(s, k) * s->nr);
    }
  }
}

// W: columns n0 ..< n0 + count stay columns; k runs over the rows of W. Expansion begins and ends at multiples of 32.
static void pack_back(const mlt_kernels *s, const mlt_matrix *w, int64_t k0, int64_t kc, int64_t n0, int64_t count,
                      float *rows, float *block) {
  mlt_expand *expand = s->expand[w->format];
  const int64_t panel = lanes(s, kc) * s->nr, bits = 8 * w->row_bytes / w->columns;
  const int64_t ahead = s->step > 16 ? s->step : 16;
  for (int64_t n = 0; n < count; n += BACK_PIECE) {
    const int64_t first = (n0 + n) / 32 * 32, columns = min64(BACK_PIECE, count - n);
    const int64_t width = min64(round_up(n0 + n + columns, 32), w->columns) - first;
    for (int64_t k = 0; k < kc; k += s->step) {
      const int64_t height = min64(s->step, kc - k);
      for (int64_t r = 0; r < height; r++) {
        prefetch(w, bits, k0 + k + r + ahead, first, width);
        expand(w, k0 + k + r, first, width, rows + r * width);
      }
      s->lay(rows + n0 + n - first, width, height, columns, panel, block + n / s->nr * panel + lanes(s, k) * s->nr);
    }
  }
}

// ---- Y ---------------------------------------------------------------------------------------------------------

// The last panel may be wider than what is left of Y: through a whole tile beside it.
static void edge_tile(const mlt_kernels *s, int64_t rows, int64_t columns, int64_t kc, const float *x,
                      const float *panel, float *y, int64_t ldy, int32_t add) {
  float tile[MLT_MAX_TILE_ROWS * MLT_MAX_PANEL];
  s->micro[rows](units(s, kc), x, panel, tile, s->nr, 0);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++)
      y[i * ldy + j] = add ? y[i * ldy + j] + tile[i * s->nr + j] : tile[i * s->nr + j];
}

int64_t mlt_product_scratch(const mlt_kernels *s, int64_t count) {
  const int64_t forward = s->nr * PIECE, back = s->step * (BACK_PIECE + 2 * 32);
  return lanes(s, s->k_block) * round_up(count, s->nr) + (forward > back ? forward : back);
}

void mlt_product(const mlt_kernels *s, const mlt_matrix *w, int32_t back, int64_t m, const float *packed,
                 int64_t begin, int64_t end, float *y, int64_t ldy, int32_t add, float *scratch) {
  const int64_t k = back ? w->rows : w->columns, count = end - begin;
  float *block = scratch, *rows = scratch + lanes(s, s->k_block) * round_up(count, s->nr);
  for (int64_t k0 = 0; k0 < k; k0 += s->k_block) {
    const int64_t kc = min64(s->k_block, k - k0), panel = lanes(s, kc) * s->nr;
    (back ? pack_back : pack_forward)(s, w, k0, kc, begin, count, rows, block);
    for (int64_t i = 0; i < m; i += s->mr)
      for (int64_t n = 0; n < count; n += s->nr) {
        const int64_t height = min64(s->mr, m - i), width = min64(s->nr, count - n);
        const float *x = packed + i * lanes(s, k) + lanes(s, k0) * height, *p = block + n / s->nr * panel;
        float *tile = y + i * ldy + begin + n;
        for (int64_t r = 0; r < height; r++)
          for (int64_t c = 0; c < width; c += 16) __builtin_prefetch(tile + r * ldy + c, 1, 3);
        if (width == s->nr) s->micro[height](units(s, kc), x, p, tile, ldy, add || k0 > 0);
        else edge_tile(s, height, width, kc, x, p, tile, ldy, add || k0 > 0);
      }
  }
}
