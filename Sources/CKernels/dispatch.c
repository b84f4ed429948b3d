// Chooses kernel sets by what the running CPU can do, and a kernel of a set by the format of the weights.
#include <stddef.h>

#include "cpu.h"
#include "kernels.h"

const mlt_kernels *mlt_kernels_available(int32_t index) {
#if defined(__x86_64__)
  if (mlt_has_avx512() && index-- == 0) return &mlt_avx512;
  if (mlt_has_avx2() && index-- == 0) return &mlt_avx2;
#elif defined(__aarch64__)
  if (index-- == 0) return &mlt_neon;
#endif
  return index == 0 ? &mlt_portable : NULL;
}

const char *mlt_instruction_set(void) { return mlt_kernels_available(0)->name; }

void mlt_expand_row(const mlt_kernels *set, const mlt_matrix *w, int64_t row, float *out) {
  set->expand[w->format](w, row, 0, w->columns, out);
}

void mlt_dot_rows(const mlt_kernels *set, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x,
                  int64_t ldx, float *y, int64_t ldy) {
  set->dot[w->format](w, begin, end, m, x, ldx, y, ldy);
}
