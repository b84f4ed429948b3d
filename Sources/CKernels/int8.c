// Products with 8-bit activations: turning weights, packing activations, and the loop over tiles and panels. It knows
// no instruction set; see mlt_int8.h for the layouts.
//
// Few rows of x (one tile): panels stream by once, one at a time, which is bound by memory. Many: two panels stay in
// the cache for all tiles, and 4-bit codes are widened there to bytes, since splitting them anew for each tile costs
// an eighth of the time. Columns are cut into blocks so that two widened panels and a tile of x stay in the
// second-level cache.
#include <stddef.h>

#include "cpu.h"
#include "int8_kernels.h"

// Columns of a block: two panels of bytes take 128 KiB.
#ifndef BLOCK_COLUMNS
#define BLOCK_COLUMNS 2048
#endif
// Rows of x from which widening 4-bit panels pays.
#ifndef WIDENING_ROWS
#define WIDENING_ROWS 24
#endif
#ifndef TOGETHER
#define TOGETHER 3
#endif

const mlt_int8_kernels *mlt_int8_available(int32_t index) {
#if defined(__x86_64__)
  if (mlt_has_avx512() && __builtin_cpu_supports("avx512vnni") && index-- == 0) return &mlt_int8_avx512;
  if (mlt_has_avx2() && index-- == 0) return &mlt_int8_avx2;
#endif
  return index == 0 ? &mlt_int8_portable : NULL;
}

// ---- weights ------------------------------------------------------------------------------------------------------

int32_t mlt_turns(const mlt_matrix *w) { return w->format == MLT_AFFINE4 || w->format == MLT_AFFINE8; }

INLINE int64_t words_of(int64_t group, int32_t bits) { return group * bits / 32; }

static int64_t panel_bytes(int64_t columns, int64_t group, int32_t bits, mlt_format type) {
  return columns / group * group_bytes(words_of(group, bits), type);
}

int64_t mlt_turned_bytes(const mlt_matrix *w) {
  int64_t panels = (w->rows + MLT_PANEL_ROWS - 1) / MLT_PANEL_ROWS;
  return panels * panel_bytes(w->columns, w->group, w->format == MLT_AFFINE4 ? 4 : 8, w->scale_format);
}

// Moves code i of eight from half-byte i to byte i mod 4, its low half for i < 4: a perfect shuffle.
INLINE uint32_t shuffled(uint32_t word) {
  uint32_t t = (word ^ (word >> 8)) & 0x0000ff00;
  word ^= t ^ (t << 8);
  t = (word ^ (word >> 4)) & 0x00f000f0;
  return word ^ t ^ (t << 4);
}

void mlt_turn_rows(const mlt_matrix *w, int64_t begin, int64_t end, uint8_t *panels) {
  const int32_t bits = w->format == MLT_AFFINE4 ? 4 : 8;
  const int64_t words = words_of(w->group, bits), groups = w->columns / w->group, size = scale_bytes(w->scale_format);
  const int64_t step = group_bytes(words, w->scale_format);
  for (int64_t n = begin; n < end; n += MLT_PANEL_ROWS) {
    const int64_t rows = min64(MLT_PANEL_ROWS, w->rows - n);
    uint8_t *panel = panels + n / MLT_PANEL_ROWS * groups * step;
    for (int64_t g = 0; g < groups; g++, panel += step) {
      uint32_t *out = (uint32_t *)panel;
      uint8_t *scales = panel + MLT_PANEL_ROWS * 4 * words, *biases = scales + MLT_PANEL_ROWS * size;
      if (rows < MLT_PANEL_ROWS) memset(panel, 0, (size_t)step);
      for (int64_t r = 0; r < rows; r++) {
        uint32_t row[32];
        memcpy(row, row_at(w, n + r) + g * words * 4, (size_t)words * 4);
        if (bits == 4) for (int64_t i = 0; i < words; i++) row[i] = shuffled(row[i]);
        for (int64_t i = 0; i < words; i++) out[i * MLT_PANEL_ROWS + r] = row[i];
        const int64_t at = ((n + r) * groups + g) * size;
        memcpy(scales + r * size, (const char *)w->scales + at, (size_t)size);
        memcpy(biases + r * size, (const char *)w->biases + at, (size_t)size);
      }
    }
  }
}

// Widens groups of a 4-bit panel: each word becomes two words of four codes.
static void widen(const uint8_t *panel, int64_t groups, int64_t words, mlt_format type, uint8_t *out) {
  const int64_t lanes = words * MLT_PANEL_ROWS, scales = MLT_PANEL_ROWS * 2 * scale_bytes(type);
  for (int64_t g = 0; g < groups; g++) {
    const uint32_t *from = (const uint32_t *)panel;
    uint32_t *to = (uint32_t *)out;
    for (int64_t i = 0; i < lanes; i += MLT_PANEL_ROWS, to += 2 * MLT_PANEL_ROWS)
      for (int64_t r = 0; r < MLT_PANEL_ROWS; r++) {
        to[r] = from[i + r] & 0x0f0f0f0f;
        to[MLT_PANEL_ROWS + r] = from[i + r] >> 4 & 0x0f0f0f0f;
      }
    memcpy(to, from + lanes, (size_t)scales);
    panel += 4 * lanes + scales;
    out += 8 * lanes + scales;
  }
}

// ---- activations --------------------------------------------------------------------------------------------------

int64_t mlt_int8_tile_rows(const mlt_int8_kernels *set, int64_t m) {
  const int64_t tiles = (m + set->rows - 1) / set->rows;
  return tiles == 0 ? 1 : (m + tiles - 1) / tiles;
}

// 32-bit words of one packed row and group: codes, scale and sum.
INLINE int64_t packed_words(int64_t group) { return group / 4 + 2; }

int64_t mlt_int8_packed_bytes(int64_t m, int64_t k, int64_t group) { return m * (k / group) * packed_words(group) * 4; }

void mlt_int8_pack(const mlt_int8_kernels *set, const float *x, int64_t ldx, int64_t m, int64_t k, int64_t group,
                   int64_t begin, int64_t end, uint32_t *packed) {
  const int64_t tile = mlt_int8_tile_rows(set, m), groups = k / group, words = group / 4;
  for (int64_t row = begin; row < end; row += tile) {
    const int64_t rows = min64(tile, m - row);
    uint32_t *out = packed + row * groups * packed_words(group);
    for (int64_t g = 0; g < groups; g++, out += rows * packed_words(group))
      for (int64_t r = 0; r < rows; r++) {
        uint32_t codes[32];
        int32_t sum;
        const float scale = set->round(x + (row + r) * ldx + g * group, group, (int8_t *)codes, &sum);
        for (int64_t i = 0; i < words; i++) out[i * rows + r] = codes[i];
        out[words * rows + r] = float_bits(scale);
        out[(words + 1) * rows + r] = float_bits(scale * (float)sum);
      }
  }
}

// ---- product ------------------------------------------------------------------------------------------------------

INLINE int32_t widens(const mlt_int8_kernels *set, const mlt_turned *w, int64_t m) {
  return set->widens && w->bits == 4 && m >= WIDENING_ROWS;
}

int64_t mlt_int8_scratch(const mlt_int8_kernels *set, const mlt_turned *w, int64_t m) {
  if (!widens(set, w, m)) return 0;
  return set->panels * panel_bytes(min64(w->columns, BLOCK_COLUMNS), w->group, 8, w->scale_format);
}

void mlt_int8_product(const mlt_int8_kernels *set, const mlt_turned *w, int64_t m, const uint32_t *packed,
                      int64_t begin, int64_t end, float *y, int64_t ldy, uint8_t *scratch) {
  const int64_t tile = mlt_int8_tile_rows(set, m), all = w->columns / w->group, words = words_of(w->group, w->bits);
  const int64_t step = group_bytes(words, w->scale_format);
  const int32_t wide = widens(set, w, m), bits = wide ? 8 : w->bits;
  const int64_t together = m >= TOGETHER ? set->panels : 1;
  const int64_t block = m > set->rows ? BLOCK_COLUMNS / w->group : all;
  for (int64_t n = begin; n < end; n += together * MLT_PANEL_ROWS) {
    const int64_t panels = min64(together, (end - n + MLT_PANEL_ROWS - 1) / MLT_PANEL_ROWS);
    const int64_t columns = min64(panels * MLT_PANEL_ROWS, end - n);
    mlt_int8_micro *const *micro = set->micro[bits == 4][panels - 1];
    for (int64_t g = 0; g < all; g += block) {
      const int64_t groups = min64(block, all - g);
      mlt_panels part = {w->panels + (n / MLT_PANEL_ROWS * all + g) * step, all * step, groups, (int32_t)words,
                         w->scale_format};
      if (wide) {
        const int64_t size = panel_bytes(groups * w->group, w->group, 8, w->scale_format);
        for (int64_t p = 0; p < panels; p++)
          widen(part.bytes + p * part.stride, groups, words, w->scale_format, scratch + p * size);
        part = (mlt_panels){scratch, size, groups, 2 * (int32_t)words, w->scale_format};
      }
      for (int64_t row = 0; row < m; row += tile) {
        const int64_t rows = min64(tile, m - row);
        micro[rows](&part, packed + (row * all + g * rows) * packed_words(w->group), y + row * ldy + n, ldy, columns,
                    g > 0);
      }
    }
  }
}
