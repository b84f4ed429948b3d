// Every set of 8-bit kernels beside the portable one, bit for bit: few rows and many, odd shapes, all types of scales.
#include "check.h"
#include "mlt_int8.h"

static uint64_t state = 9;

static float *product(const mlt_int8_kernels *set, const mlt_turned *w, int64_t m, const float *x) {
  uint32_t *packed = aligned_bytes(mlt_int8_packed_bytes(m, w->columns, w->group));
  uint8_t *scratch = aligned_bytes(mlt_int8_scratch(set, w, m));
  float *y = malloc((size_t)(m * w->rows) * 4);
  memset(y, 0xff, (size_t)(m * w->rows) * 4);
  mlt_int8_pack(set, x, w->columns, m, w->columns, w->group, 0, m, packed);
  for (int64_t n = 0; n < w->rows; n += 64)
    mlt_int8_product(set, w, m, packed, n, min64(w->rows, n + 64), y, w->rows, scratch);
  free(packed), free(scratch);
  return y;
}

static void check_one(const mlt_int8_kernels *set, const mlt_int8_kernels *reference, const mlt_matrix *matrix) {
  uint8_t *panels = aligned_bytes(mlt_turned_bytes(matrix));
  mlt_turn_rows(matrix, 0, matrix->rows, panels);
  const mlt_turned w = {.panels = panels, .rows = matrix->rows, .columns = matrix->columns, .group = matrix->group,
                        .bits = matrix->format == MLT_AFFINE8 ? 8 : 4, .scale_format = matrix->scale_format};
  static const int64_t batches[] = {0, 1, 2, 3, 4, 5, 8, 11, 12, 13, 24, 37};
  for (int i = 0; i < 12; i++) {
    const int64_t m = batches[i];
    float *x = random_floats(m * w.columns, &state), *y = product(set, &w, m, x), *z = product(reference, &w, m, x);
    CHECK(memcmp(y, z, (size_t)(m * w.rows) * 4) == 0, "%s: %ld rows by %d bits, groups of %ld, %ld x %ld: %g", set->name,
          (long)m, w.bits, (long)w.group, (long)w.rows, (long)w.columns, difference(y, z, m * w.rows));
    free(x), free(y), free(z);
  }
  free(panels);
}

void check_int8(void) {
  static const int64_t shapes[][2] = {{1, 1}, {15, 2}, {16, 3}, {17, 1}, {33, 5}, {64, 4}, {81, 2}};
  int32_t count = 0;
  while (mlt_int8_available(count)) count++;
  const mlt_int8_kernels *reference = mlt_int8_available(count - 1);
  for (int32_t i = 0; i < count - 1; i++) {
    const mlt_int8_kernels *set = mlt_int8_available(i);
    const int before = failures;
    for (int s = 0; s < 7 * 2 * 9; s++) {
      const int64_t group = 32 << s / 14 % 3, rows = shapes[s % 7][0], columns = shapes[s % 7][1] * group;
      const int bits = s / 7 % 2 ? 8 : 4;
      const mlt_format scales = (mlt_format)(s / 42);
      const mlt_matrix w = {
          .rows = rows, .columns = columns, .format = bits == 8 ? MLT_AFFINE8 : MLT_AFFINE4, .row_bytes = columns * bits / 8,
          .values = unaligned_bytes(rows * columns * bits / 8, &state), .scale_format = scales, .group = group,
          .scales = random_values(scales, rows * columns / group, &state),
          .biases = random_values(scales, rows * columns / group, &state),
      };
      check_one(set, reference, &w);
    }
    printf("8 bits, %s beside %s: %s\n", set->name, reference->name, failures > before ? "differ" : "agree");
  }
}
