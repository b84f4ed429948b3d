// Small inline helpers that all kernels share: scalar conversions, unaligned loads, code extraction.
#pragma once
#include <stdint.h>
#include <string.h>

#include "mlt_matrix.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t round_up(int64_t x, int64_t m) { return (x + m - 1) / m * m; }

INLINE uint32_t float_bits(float f) { uint32_t u; memcpy(&u, &f, 4); return u; }
INLINE float bits_float(uint32_t u) { float f; memcpy(&f, &u, 4); return f; }

INLINE float bf16_value(uint16_t h) { return bits_float((uint32_t)h << 16); }

// Shifts exponent and mantissa into place and corrects the exponent's bias by a multiplication, which is exact and
// turns subnormals into normal numbers.
INLINE float f16_value(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7fff) << 13;
  uint32_t finite = float_bits(bits_float(rest) * 0x1p112f), special = rest | 0x7f800000;
  return bits_float(sign | (rest >= 0x0f800000 ? special : finite));
}

INLINE uint16_t bf16_bits(float f) {
  uint32_t u = float_bits(f);
  uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16, quiet = (u >> 16) | 0x40;
  return (uint16_t)((u & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

INLINE uint16_t f16_bits(float f) {
  uint32_t u = float_bits(f), a = u & 0x7fffffff, sign = (u >> 16) & 0x8000;
  uint32_t normal = (a - 0x38000000 + 0xfff + ((a >> 13) & 1)) >> 13;
  // Below 2^-14 the unit is 2^-24, which is the unit of 0.5: the addition rounds.
  uint32_t tiny = float_bits(bits_float(a) + 0.5f) - 0x3f000000;
  uint32_t large = a > 0x7f800000 ? 0x7e00 | ((a >> 13) & 0x1ff) : 0x7c00;
  return (uint16_t)(sign | (a >= 0x47800000 ? large : a < 0x38800000 ? tiny : normal));
}

// Value i of an array of f32, bf16 or f16 at any address.
INLINE float float_at(const void *array, mlt_format type, int64_t i) {
  if (type == MLT_F32) { float f; memcpy(&f, (const char *)array + 4 * i, 4); return f; }
  uint16_t h;
  memcpy(&h, (const char *)array + 2 * i, 2);
  return type == MLT_BF16 ? bf16_value(h) : f16_value(h);
}

INLINE const uint8_t *row_at(const mlt_matrix *w, int64_t row) {
  return (const uint8_t *)w->values + row * w->row_bytes;
}

// The `bits` bytes that hold eight codes; reads not one byte more.
INLINE uint64_t eight_codes(const uint8_t *p, const int bits) {
  uint64_t v = 0;
  memcpy(&v, p, (size_t)bits);
  return v;
}
