// What the running CPU can do; every kind of kernel set is chosen by these.
#pragma once

#if defined(__x86_64__)
static inline int mlt_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static inline int mlt_has_avx512_vnni(void) { return mlt_has_avx512() && __builtin_cpu_supports("avx512vnni"); }
static inline int mlt_has_avx512_bf16(void) { return mlt_has_avx512() && __builtin_cpu_supports("avx512bf16"); }

static inline int mlt_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
#endif
