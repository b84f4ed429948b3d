// Affine quantization, bit for bit as MLX's CPU backend does it (mlx 0.32, affine_quantize), and its inverse. In f32:
//
//     lo, hi = least and greatest weight of the group
//     scale = max((hi - lo) / (2^bits - 1), 1e-7), negated unless |lo| > |hi|
//     edge = the one of lo, hi with the greater magnitude (hi in a tie);  q = rint(edge / scale)
//     if q != 0: scale = edge / q, bias = edge;  else bias = 0
//     code = clamp(rint((weight - bias) / scale), 0, 2^bits - 1)
//
// with rint to even. Codes come from the f32 scale and bias, which are rounded to the weights' type only when stored.
// The kernel in affine_rows.h is written once and compiled for each instruction set. One Ice Lake thread quantizes 1.85
// billion bf16 weights a second to 4 bits with AVX-512 (two thirds of what its one division a weight allows), 1.5 with
// AVX2, 0.9 with neither.
#include "mlt_affine.h"

#include <math.h>

#include "common.h"
#include "cpu.h"
#include "mlt_packed.h"

#pragma STDC FP_CONTRACT OFF

enum { LANES = 16 };

typedef float floats __attribute__((ext_vector_type(16), aligned(4)));
typedef double doubles __attribute__((ext_vector_type(16), aligned(8)));
typedef uint32_t words __attribute__((ext_vector_type(16), aligned(4)));
typedef uint16_t halves __attribute__((ext_vector_type(16), aligned(2)));
typedef uint8_t bytes __attribute__((ext_vector_type(16), aligned(1)));

// A float in the bits of a type, and back.
INLINE uint32_t stored(const mlt_format type, float value) {
  return type == MLT_F32 ? float_bits(value) : type == MLT_BF16 ? bf16_bits(value) : f16_bits(value);
}
INLINE float value(const mlt_format type, uint32_t bits) {
  return type == MLT_F32 ? bits_float(bits) : type == MLT_BF16 ? bf16_value((uint16_t)bits) : f16_value((uint16_t)bits);
}
INLINE void store(const mlt_format type, void *array, int64_t i, uint32_t bits) {
  if (type == MLT_F32) ((uint32_t *)array)[i] = bits;
  else ((uint16_t *)array)[i] = (uint16_t)bits;
}

// Packs 32 codes, one in a byte, into 4 * bits bytes: first brings the eight codes of each word together.
INLINE void pack(const int bits, const uint8_t code[32], uint8_t *out) {
  if (bits == 8) {
    memcpy(out, code, 32);
    return;
  }
  const uint64_t pairs = 0x00ff00ff00ff00ff, quads = 0x0000ffff0000ffff, eights = 0x00000000ffffffff;
  uint64_t four[4];
  memcpy(four, code, 32);
  UNROLL for (int i = 0; i < 4; i++) {
    four[i] = (four[i] & pairs) | (four[i] >> 8 & pairs) << bits;
    four[i] = (four[i] & quads) | (four[i] >> 16 & quads) << 2 * bits;
    four[i] = (four[i] & eights) | four[i] >> 32 << 4 * bits;
  }
  UNROLL for (int i = 0; i < 4; i++) memcpy(out + i * bits, four + i, (size_t)bits);
}

// Functions that take vectors are all inlined, so it does not matter how a call would pass them.
#pragma clang diagnostic ignored "-Wpsabi"

#define NAME(name) name##_portable
#include "affine_rows.h"
#undef NAME

#if defined(__x86_64__)
#define NAME(name) name##_avx2
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "affine_rows.h"
#pragma clang attribute pop
#undef NAME

#define NAME(name) name##_avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)
#include "affine_rows.h"
#pragma clang attribute pop
#undef NAME
#endif

const mlt_affine_kernel *mlt_affine_available(int32_t index) {
#if defined(__x86_64__)
  static const mlt_affine_kernel avx512 = {"avx512", quantize_avx512}, avx2 = {"avx2", quantize_avx2};
  if (mlt_has_avx512() && index-- == 0) return &avx512;
  if (mlt_has_avx2() && index-- == 0) return &avx2;
#endif
  static const mlt_affine_kernel portable = {"portable", quantize_portable};
  return index == 0 ? &portable : NULL;
}

int64_t mlt_affine_quantize(mlt_format type, const void *weights, int64_t rows, int64_t columns, int32_t bits,
                            int64_t group, void *codes, void *scales, void *biases, double *errors) {
  return mlt_affine_available(0)->quantize(type, weights, rows, columns, bits, group, codes, scales, biases, errors);
}

void mlt_affine_dequantize(mlt_format type, const void *codes, const void *scales, const void *biases, int64_t rows,
                           int64_t columns, int32_t bits, int64_t group, void *out) {
  const uint8_t *p = codes;
  for (int64_t g = 0; g < rows * (columns / group); g++) {
    const float scale = float_at(scales, type, g), bias = float_at(biases, type, g);
    for (int64_t i = g * group; i < (g + 1) * group; i += 8, p += bits) {
      const uint64_t eight = eight_codes(p, bits);
      for (int j = 0; j < 8; j++) {
        float scaled = (float)(eight >> bits * j & ((1u << bits) - 1)) * scale;
        if (type != MLT_F32) scaled = type == MLT_BF16 ? bf16_value(bf16_bits(scaled)) : f16_value(f16_bits(scaled));
        store(type, out, i + j, stored(type, scaled + bias));
      }
    }
  }
}

void mlt_affine_pack(const uint8_t *codes, int64_t count, int32_t bits, uint8_t *out) {
  for (int64_t i = 0; i < count; i += 32) {
    uint8_t *to = out + i / 8 * bits;
    switch (bits) {  // a constant for each
    case 2: pack(2, codes + i, to); break;
    case 3: pack(3, codes + i, to); break;
    case 4: pack(4, codes + i, to); break;
    case 5: pack(5, codes + i, to); break;
    case 6: pack(6, codes + i, to); break;
    default: pack(8, codes + i, to);
    }
  }
}
