// Chooses kernel sets by what the running CPU can do, and a kernel of a set by the format of the weights.
#include <stddef.h>

#include "block_formats.h"
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

const mlt_kernels *mlt_kernels_of_16_bits(int32_t index) {
  const mlt_kernels *fast = mlt_fast_16_bits();
  if (fast && index-- == 0) return fast;
#if defined(__x86_64__)
  if (mlt_has_avx512_vnni() && fast != &mlt_avx512vnni && index-- == 0) return &mlt_avx512vnni;
  if (mlt_has_avx512() && index-- == 0) return &mlt_avx512bf16_emulated;
#endif
  return index == 0 ? &mlt_portable_bf16 : index == 1 ? &mlt_portable_int16 : NULL;
}

const mlt_kernels *mlt_fast_16_bits(void) {
#if defined(__x86_64__)
  if (mlt_has_avx512_bf16()) return &mlt_avx512bf16;
  if (mlt_has_avx512_vnni()) return &mlt_avx512vnni;
#elif defined(__aarch64__)
  if (mlt_has_bf16()) return &mlt_neon_bf16;
#endif
  return NULL;
}

const char *mlt_instruction_set(void) { return mlt_kernels_available(0)->name; }

int64_t mlt_block_size(mlt_format format) { return block_size(format); }
int64_t mlt_block_bytes(mlt_format format) { return block_bytes_of(format); }

void mlt_expand_row(const mlt_kernels *set, const mlt_matrix *w, int64_t row, float *out) {
  set->expand[w->format](w, row, 0, w->columns, out);
}

void mlt_dot_rows(const mlt_kernels *set, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x,
                  int64_t ldx, float *y, int64_t ldy) {
  set->dot[w->format](w, begin, end, m, x, ldx, y, ldy);
}
