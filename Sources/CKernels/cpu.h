// What the running CPU can do; every kind of kernel set is chosen by these.
#pragma once

#if defined(__x86_64__)
#include <cpuid.h>

static inline int mlt_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static inline int mlt_has_avx512_vnni(void) { return mlt_has_avx512() && __builtin_cpu_supports("avx512vnni"); }
static inline int mlt_has_avx512_bf16(void) { return mlt_has_avx512() && __builtin_cpu_supports("avx512bf16"); }

static inline int mlt_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

// `__builtin_cpu_supports` does not know the SHA extensions: leaf 7, EBX bit 29.
static inline int mlt_has_sha256(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) && __builtin_cpu_supports("sse4.1");
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

// The bits are those of the kernel, arch/arm64/include/uapi/asm/hwcap.h.
static inline int mlt_has_sha256(void) { return (getauxval(AT_HWCAP) & 1 << 6) != 0; }
static inline int mlt_has_dot_product(void) { return (getauxval(AT_HWCAP) & 1 << 20) != 0; }
static inline int mlt_has_int8_matrix(void) { return (getauxval(AT_HWCAP2) & 1 << 13) != 0; }
static inline int mlt_has_bf16(void) { return (getauxval(AT_HWCAP2) & 1 << 14) != 0; }
#endif
