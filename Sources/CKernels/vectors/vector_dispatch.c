// Chooses vector kernel sets by what the running CPU can do.
#include <stddef.h>

#include "cpu.h"
#include "vector_sets.h"

const mlt_vector_kernels *mlt_vector_kernels_available(int index) {
#if defined(__x86_64__)
  if (mlt_has_avx512() && index-- == 0) return &mlt_vector_avx512;
  if (mlt_has_avx2() && index-- == 0) return &mlt_vector_avx2;
#endif
  return index == 0 ? &mlt_vector_portable : NULL;
}
