// Sixteen lanes: masks of the first of them, and sixteen vectors turned in registers, which packers of rows are made of.
#pragma once
#include <immintrin.h>

#include "common.h"

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

INLINE __mmask16 first_lanes(int64_t count) {
  return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

// 16 x 16 transposition: 64 shuffles for 16 vectors.
INLINE void transpose16(__m512 r[16]) {
  __m512 t[16];
  UNROLL for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    const __m512 *s = t + 4 * i;
    r[4 * i] = _mm512_shuffle_ps(s[0], s[2], 0x44);
    r[4 * i + 1] = _mm512_shuffle_ps(s[0], s[2], 0xee);
    r[4 * i + 2] = _mm512_shuffle_ps(s[1], s[3], 0x44);
    r[4 * i + 3] = _mm512_shuffle_ps(s[1], s[3], 0xee);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

#pragma clang attribute pop
