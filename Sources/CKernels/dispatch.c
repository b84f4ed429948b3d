// Chooses kernel sets by what the running CPU can do.
#include "kernels.h"
#include <stddef.h>

const mlt_kernels *mlt_kernels_available(int32_t index) {
#if defined(__x86_64__)
  const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (avx512 && index-- == 0) return &mlt_avx512;
  if (avx2 && index-- == 0) return &mlt_avx2;
#elif defined(__aarch64__)
  if (index-- == 0) return &mlt_neon;
#endif
  return index == 0 ? &mlt_portable : NULL;
}

const char *mlt_instruction_set(void) { return mlt_kernels_available(0)->name; }
