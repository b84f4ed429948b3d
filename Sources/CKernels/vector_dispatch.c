// Chooses vector kernel sets by what the running CPU can do.
#include <stddef.h>

#include "vector_sets.h"

const mlt_vector_kernels *mlt_vector_kernels_available(int index) {
#if defined(__x86_64__)
  const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx512 && index-- == 0) return &mlt_vector_avx512;
  if (avx2 && index-- == 0) return &mlt_vector_avx2;
#endif
  return index == 0 ? &mlt_vector_portable : NULL;
}
