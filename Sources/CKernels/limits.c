// The loops behind mlt_limits.h. A peak keeps enough independent sums in registers to hide the latency of its
// instruction (4 to 5 cycles at two a cycle need 8 to 10), and nothing else: no loads, no stores.
#include "mlt_limits.h"

#include <stddef.h>
#include <string.h>

#include "common.h"

// A loop of `sums` chains of one step each, repeated 8 times a round. `opaque` keeps a value in a register and the
// compiler from seeing that all of them are the same.
#define REPEATS 8
#define PEAK(name, target, vector, register_class, sums, step)                                      \
  target static float name(int64_t rounds) {                                                        \
    vector a[sums], x;                                                                              \
    memset(&x, 0, sizeof x);                                                                        \
    memset(a, 0, sizeof a);                                                                         \
    __asm__ volatile("" : "+" register_class(x));                                                   \
    for (int64_t round = 0; round < rounds; round++) {                                              \
      UNROLL for (int repeat = 0; repeat < REPEATS; repeat++) {                                     \
        UNROLL for (int i = 0; i < sums; i++) {                                                     \
          a[i] = step;                                                                              \
          __asm__ volatile("" : "+" register_class(a[i]));                                          \
        }                                                                                           \
      }                                                                                             \
    }                                                                                               \
    float first;                                                                                    \
    UNROLL for (int i = 1; i < sums; i++) __asm__ volatile("" : : register_class(a[i]));            \
    memcpy(&first, a, sizeof first);                                                                \
    return first;                                                                                   \
  }
// Multiplications and additions of a round, when a step does `products` of them in each of `lanes` lanes.
#define OPERATIONS(sums, lanes, products) (2.0 * REPEATS * (sums) * (lanes) * (products))

#if !defined(__aarch64__)
// Without SIMD of ours: a row in the first-level cache, by whatever the compiler makes of it.
#define ROW 1024
static float portable_f32(int64_t rounds) {
  float x[ROW] = {0}, y[ROW] = {0};
  for (int64_t round = 0; round < rounds; round++) {
    __asm__ volatile("" : : "r"(x), "r"(y) : "memory");
    for (int i = 0; i < ROW; i++) y[i] += x[i] * 1.5f;
  }
  __asm__ volatile("" : : "r"(y) : "memory");
  return y[0];
}
static const mlt_peak peak_portable = {"f32", "compiled C", 2.0 * ROW, portable_f32};
#endif

INLINE uint64_t read_words(const void *bytes, int64_t count) {
  const uint64_t *p = __builtin_assume_aligned(bytes, 64);
  uint64_t all = 0;
  for (int64_t i = 0; i < count / 8; i++) all |= p[i];
  return all;
}

#if defined(__x86_64__)
#include <immintrin.h>

#include "cpu.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX_VNNI __attribute__((target("avx2,avxvnni")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

PEAK(avx2_f32, AVX2, __m256, "x", 12, _mm256_fmadd_ps(x, x, a[i]))
PEAK(avx2_int16, AVX2, __m256i, "x", 12, _mm256_add_epi32(a[i], _mm256_madd_epi16(x, x)))
// Bytes are multiplied in pairs, widened to 32 bits and added: three instructions.
PEAK(avx2_int8, AVX2, __m256i, "x", 12,
     _mm256_add_epi32(a[i], _mm256_madd_epi16(_mm256_maddubs_epi16(x, a[i]), x)))
PEAK(avx_vnni_int16, AVX_VNNI, __m256i, "x", 12, _mm256_dpwssd_avx_epi32(a[i], x, x))
PEAK(avx_vnni_int8, AVX_VNNI, __m256i, "x", 12, _mm256_dpbusd_avx_epi32(a[i], x, x))
PEAK(avx512_f32, AVX512, __m512, "v", 16, _mm512_fmadd_ps(x, x, a[i]))
PEAK(vnni_int16, VNNI, __m512i, "v", 16, _mm512_dpwssd_epi32(a[i], x, x))
PEAK(vnni_int8, VNNI, __m512i, "v", 16, _mm512_dpbusd_epi32(a[i], x, x))
PEAK(bf16_bf16, BF16, __m512, "v", 16, _mm512_dpbf16_ps(a[i], (__m512bh)x, (__m512bh)x))

static const mlt_peak peak_avx512_f32 = {"f32", "AVX-512 vfmadd", OPERATIONS(16, 16, 1), avx512_f32};
static const mlt_peak peak_avx2_f32 = {"f32", "AVX2 vfmadd", OPERATIONS(12, 8, 1), avx2_f32};
static const mlt_peak peak_bf16 = {"bf16", "AVX512-BF16 vdpbf16ps", OPERATIONS(16, 16, 2), bf16_bf16};
static const mlt_peak peak_vnni_int16 = {"int16", "AVX512-VNNI vpdpwssd", OPERATIONS(16, 16, 2), vnni_int16};
static const mlt_peak peak_avx_vnni_int16 = {"int16", "AVX-VNNI vpdpwssd", OPERATIONS(12, 8, 2), avx_vnni_int16};
static const mlt_peak peak_avx2_int16 = {"int16", "AVX2 vpmaddwd", OPERATIONS(12, 8, 2), avx2_int16};
static const mlt_peak peak_vnni_int8 = {"int8", "AVX512-VNNI vpdpbusd", OPERATIONS(16, 16, 4), vnni_int8};
static const mlt_peak peak_avx_vnni_int8 = {"int8", "AVX-VNNI vpdpbusd", OPERATIONS(12, 8, 4), avx_vnni_int8};
static const mlt_peak peak_avx2_int8 = {"int8", "AVX2 vpmaddubsw", OPERATIONS(12, 8, 4), avx2_int8};

// Eight lines at a time, and the lines of the page ahead asked for: one stream of a Zen 5 core gains 10 % by that.
AVX512 static uint64_t read_avx512(const char *p, int64_t count) {
  __m512i a[8];
  UNROLL for (int i = 0; i < 8; i++) a[i] = _mm512_setzero_si512();
  for (const char *end = p + count; p < end; p += 512) {
    UNROLL for (int i = 0; i < 8; i++) {
      _mm_prefetch(p + 4096 + 64 * i, _MM_HINT_T0);
      a[i] = _mm512_or_si512(a[i], _mm512_load_si512(p + 64 * i));
    }
  }
  UNROLL for (int i = 1; i < 8; i++) a[0] = _mm512_or_si512(a[0], a[i]);
  return (uint64_t)_mm512_reduce_or_epi64(a[0]);
}
AVX2 static uint64_t read_avx2(const char *p, int64_t count) { return read_words(p, count); }

uint64_t mlt_read_all(const void *bytes, int64_t count) {
  if (mlt_has_avx512()) return read_avx512(bytes, count);
  if (mlt_has_avx2()) return read_avx2(bytes, count);
  return read_words(bytes, count);
}

static int32_t list_peaks(const mlt_peak *peaks[]) {
  int32_t n = 0;
  const int wide = mlt_has_avx512(), narrow = mlt_has_avx2();
  const int vnni = mlt_has_avx512_vnni(), avx_vnni = __builtin_cpu_supports("avxvnni");
  if (wide) peaks[n++] = &peak_avx512_f32;
  if (narrow) peaks[n++] = &peak_avx2_f32;
  if (n == 0) peaks[n++] = &peak_portable;
  if (mlt_has_avx512_bf16()) peaks[n++] = &peak_bf16;
  if (vnni) peaks[n++] = &peak_vnni_int16;
  if (!vnni && avx_vnni) peaks[n++] = &peak_avx_vnni_int16;
  if (narrow) peaks[n++] = &peak_avx2_int16;
  if (vnni) peaks[n++] = &peak_vnni_int8;
  if (!vnni && avx_vnni) peaks[n++] = &peak_avx_vnni_int8;
  if (narrow) peaks[n++] = &peak_avx2_int8;
  return n;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

#include "cpu.h"

#define BASE
#define DOT_PRODUCT __attribute__((target("dotprod")))
#define INT8_MATRIX __attribute__((target("i8mm")))
#define BFLOAT16 __attribute__((target("bf16")))

PEAK(neon_f32, BASE, float32x4_t, "w", 16, vfmaq_f32(a[i], x, x))
PEAK(neon_int16, BASE, int32x4_t, "w", 16, vmlal_s16(a[i], vget_low_s16(vreinterpretq_s16_s32(x)), vget_low_s16(vreinterpretq_s16_s32(x))))
PEAK(neon_sdot, DOT_PRODUCT, int32x4_t, "w", 16, vdotq_s32(a[i], vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(x)))
PEAK(neon_smmla, INT8_MATRIX, int32x4_t, "w", 16, vmmlaq_s32(a[i], vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(x)))
PEAK(neon_bfdot, BFLOAT16, float32x4_t, "w", 16, vbfdotq_f32(a[i], (bfloat16x8_t)x, (bfloat16x8_t)x))
PEAK(neon_bfmmla, BFLOAT16, float32x4_t, "w", 16, vbfmmlaq_f32(a[i], (bfloat16x8_t)x, (bfloat16x8_t)x))

static const mlt_peak peak_neon_f32 = {"f32", "NEON fmla", OPERATIONS(16, 4, 1), neon_f32};
static const mlt_peak peak_bfmmla = {"bf16", "NEON bfmmla", OPERATIONS(16, 4, 4), neon_bfmmla};
static const mlt_peak peak_bfdot = {"bf16", "NEON bfdot", OPERATIONS(16, 4, 2), neon_bfdot};
static const mlt_peak peak_neon_int16 = {"int16", "NEON smlal", OPERATIONS(16, 4, 1), neon_int16};
static const mlt_peak peak_smmla = {"int8", "NEON smmla", OPERATIONS(16, 4, 8), neon_smmla};
static const mlt_peak peak_sdot = {"int8", "NEON sdot", OPERATIONS(16, 4, 4), neon_sdot};

uint64_t mlt_read_all(const void *bytes, int64_t count) { return read_words(bytes, count); }

static int32_t list_peaks(const mlt_peak *peaks[]) {
  int32_t n = 0;
  peaks[n++] = &peak_neon_f32;
  if (mlt_has_bf16()) peaks[n++] = &peak_bfmmla;
  if (mlt_has_bf16()) peaks[n++] = &peak_bfdot;
  peaks[n++] = &peak_neon_int16;
  if (mlt_has_int8_matrix()) peaks[n++] = &peak_smmla;
  if (mlt_has_dot_product()) peaks[n++] = &peak_sdot;
  return n;
}

#else
uint64_t mlt_read_all(const void *bytes, int64_t count) { return read_words(bytes, count); }

static int32_t list_peaks(const mlt_peak *peaks[]) {
  peaks[0] = &peak_portable;
  return 1;
}
#endif

const mlt_peak *mlt_peaks_available(int32_t index) {
  const mlt_peak *peaks[16];
  return index < list_peaks(peaks) ? peaks[index] : NULL;
}
