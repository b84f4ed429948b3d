// Products with 8-bit activations: turning weights, packing activations, and the loop over tiles and panels. It knows
// no instruction set; see mlt_int8.h for the layouts.
//
// One tile of x: panels stream by once, which is bound by memory. Many tiles: a few panels stay in the cache for all of
// them, and 4-bit codes are widened there to bytes, so that no tile splits them anew. A block of columns is long, since
// a new one costs adding into Y, but three widened panels of it stay in the second-level cache.
//
// One Ice Lake thread with AVX-512 VNNI, weights 8192 x 2048 in groups of 64: 1 to 4 rows read the weights at 0.95 to 1.0
// of the memory's bandwidth (two threads alike), 8 rows at 0.94 (8 bits) and 0.74 (4 bits); 512 rows run at 60 to 62 %
// of the vpdpbusd peak, where scaling each group leaves 80 %: 3.4 to 3.6 times OpenBLAS
// on f32 in the same run.
#include <stddef.h>

#include "cpu.h"
#include "int8_kernels.h"

// Columns of a block: three widened panels take 200 KiB.
#define BLOCK_COLUMNS 4096
// How far ahead weights are prefetched that are read once.
#define AHEAD 4096
// Rows of x from which widening 4-bit panels pays.
#define WIDENING_ROWS 24
// Rows from which a tile meets several panels at once.
#define TOGETHER 3

const mlt_int8_kernels *mlt_int8_available(int32_t index) {
#if defined(__x86_64__)
  if (mlt_has_avx512_vnni() && index-- == 0) return &mlt_int8_avx512;
  if (mlt_has_avx2() && index-- == 0) return &mlt_int8_avx2;
#elif defined(__aarch64__)
  if (mlt_has_dot_product() && index-- == 0) return &mlt_int8_neon;
#endif
  return index == 0 ? &mlt_int8_portable : NULL;
}

// ---- weights ------------------------------------------------------------------------------------------------------

INLINE int64_t words_of(int64_t group, int32_t bits) { return group * bits / 32; }

static int64_t panel_bytes(int64_t columns, int64_t group, int32_t bits, mlt_format type) {
  return columns / group * group_bytes(words_of(group, bits), type);
}

int64_t mlt_turned_bytes(const mlt_matrix *w) {
  int64_t panels = (w->rows + MLT_PANEL_ROWS - 1) / MLT_PANEL_ROWS;
  return panels * panel_bytes(w->columns, w->group, w->format == MLT_AFFINE4 ? 4 : 8, w->scale_format);
}

// Four words: the vector that every 64-bit machine has.
typedef uint32_t quad __attribute__((vector_size(16)));

// Moves code i of eight from half-byte i to byte i mod 4, its low half for i < 4: a perfect shuffle.
INLINE quad shuffled(quad word) {
  quad t = (word ^ (word >> 8)) & 0x0000ff00;
  word ^= t ^ (t << 8);
  t = (word ^ (word >> 4)) & 0x00f000f0;
  return word ^ t ^ (t << 4);
}

// Four words of four rows become four rows of four words.
INLINE void transpose(quad v[4]) {
  quad a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5), b = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
  quad c = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7), d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
  v[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  v[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  v[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  v[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

// One group of the panel whose first row is n; rows that the matrix lacks are left alone.
INLINE void turn_group(const int bits, const int size, const mlt_matrix *w, int64_t n, int64_t rows, int64_t g,
                       uint8_t *panel) {
  const int64_t words = words_of(w->group, bits), groups = w->columns / w->group;
  for (int64_t r = 0; r < rows; r += 4) {
    const uint8_t *codes[4];  // rows past the last stand for zeros: the last row is read, then cleared
    UNROLL for (int j = 0; j < 4; j++) {
      codes[j] = row_at(w, n + min64(r + j, rows - 1)) + g * words * 4;
      // Sixteen short streams are more than the hardware follows: the next panel is asked for ahead.
      __builtin_prefetch(codes[j] + MLT_PANEL_ROWS * w->row_bytes);
    }
    for (int64_t i = 0; i < words; i += 4) {
      quad v[4];
      UNROLL for (int j = 0; j < 4; j++) {
        memcpy(&v[j], codes[j] + 4 * i, 16);
        if (r + j >= rows) v[j] = (quad){0, 0, 0, 0};
        if (bits == 4) v[j] = shuffled(v[j]);
      }
      transpose(v);
      UNROLL for (int j = 0; j < 4; j++) memcpy(panel + 4 * ((i + j) * MLT_PANEL_ROWS + r), &v[j], 16);
    }
  }
  uint8_t *scales = panel + MLT_PANEL_ROWS * 4 * words, *biases = scales + MLT_PANEL_ROWS * size;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = ((n + r) * groups + g) * size;
    memcpy(scales + r * size, (const char *)w->scales + at, (size_t)size);
    memcpy(biases + r * size, (const char *)w->biases + at, (size_t)size);
  }
}

// One Ice Lake thread turns some 3 GB/s of 4-bit weights and 5 of 8 bits.
void mlt_turn_rows(const mlt_matrix *w, int64_t begin, int64_t end, uint8_t *panels) {
  const int32_t bits = w->format == MLT_AFFINE4 ? 4 : 8;
  const int64_t groups = w->columns / w->group, step = group_bytes(words_of(w->group, bits), w->scale_format);
  for (int64_t n = begin; n < end; n += MLT_PANEL_ROWS) {
    const int64_t rows = min64(MLT_PANEL_ROWS, w->rows - n);
    uint8_t *panel = panels + n / MLT_PANEL_ROWS * groups * step;
    if (rows < MLT_PANEL_ROWS) memset(panel, 0, (size_t)(groups * step));
    for (int64_t g = 0; g < groups; g++, panel += step) {
      if (bits == 4 && w->scale_format != MLT_F32) turn_group(4, 2, w, n, rows, g, panel);
      else if (bits == 4) turn_group(4, 4, w, n, rows, g, panel);
      else if (w->scale_format != MLT_F32) turn_group(8, 2, w, n, rows, g, panel);
      else turn_group(8, 4, w, n, rows, g, panel);
    }
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
  return set->widen && w->bits == 4 && m >= WIDENING_ROWS;
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
                         m <= set->rows ? AHEAD : 0, w->scale_format};
      if (wide) {
        const int64_t size = panel_bytes(groups * w->group, w->group, 8, w->scale_format);
        for (int64_t p = 0; p < panels; p++)
          set->widen(part.bytes + p * part.stride, groups, words, w->scale_format, scratch + p * size);
        part = (mlt_panels){scratch, size, groups, 2 * (int32_t)words, 0, w->scale_format};
      }
      for (int64_t row = 0; row < m; row += tile) {
        const int64_t rows = min64(tile, m - row);
        micro[rows](&part, packed + (row * all + g * rows) * packed_words(w->group), y + row * ldy + n, ldy, columns,
                    g > 0);
      }
    }
  }
}
