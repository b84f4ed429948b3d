// The block formats of ggml in numbers (ggml/src/ggml-common.h): how large a block is, and the values that codes of
// non-linear formats stand for.
#pragma once
#include "common.h"

// Sixteen lanes, which the compiler maps to the registers there are. Functions that take them are all inlined, so it does
// not matter how a call would pass them.
#pragma clang diagnostic ignored "-Wpsabi"
typedef float block_floats __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t block_words __attribute__((ext_vector_type(16), aligned(4)));
typedef uint8_t block_bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef int8_t block_signed __attribute__((ext_vector_type(16), aligned(1)));

INLINE int64_t block_size(mlt_format format) {
  return format < MLT_Q4_0 ? 1 : (format >= MLT_Q2_K && format <= MLT_Q6_K) || format == MLT_IQ4_XS ? 256 : 32;
}

INLINE int64_t block_bytes_of(mlt_format format) {
  switch (format) {
  case MLT_Q4_0: return 2 + 16;                // scale, codes
  case MLT_Q4_1: return 4 + 16;                // scale, least value, codes
  case MLT_Q5_0: return 2 + 4 + 16;            // scale, fifth bits, codes
  case MLT_Q5_1: return 4 + 4 + 16;            // scale, least value, fifth bits, codes
  case MLT_Q8_0: return 2 + 32;                // scale, codes
  case MLT_Q2_K: return 16 + 64 + 4;           // scales and mins of 16 parts, codes, what these are multiples of
  case MLT_Q3_K: return 32 + 64 + 12 + 2;      // third bits, codes, scales of 16 parts, what these are multiples of
  case MLT_Q4_K: return 4 + 12 + 128;          // multiples of what, scales and mins of 8 parts, codes
  case MLT_Q5_K: return 4 + 12 + 32 + 128;     // the same, fifth bits before the codes
  case MLT_Q6_K: return 128 + 64 + 16 + 2;     // codes, their upper bits, scales of 16 parts, multiples of what
  case MLT_IQ4_NL: return 2 + 16;              // scale, codes
  case MLT_IQ4_XS: return 2 + 2 + 4 + 128;     // multiple of what, upper and lower bits of 8 scales, codes
  case MLT_MXFP4: return 1 + 16;               // exponent, codes
  default: return 0;
  }
}

// What the codes of the IQ4 formats stand for, and twice what those of MXFP4 do.
static const int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const int8_t mxfp4_doubles[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

INLINE float half_at(const uint8_t *p) { return float_at(p, MLT_F16, 0); }

// Half of 2^(exponent - 127): what a doubled value of MXFP4 is multiplied by.
INLINE float mxfp4_half_scale(uint8_t exponent) {
  return bits_float(exponent < 2 ? 0x00200000u << exponent : (uint32_t)(exponent - 1) << 23);
}

// Scale and min of part 0 ... 7 of a block of Q4_K or Q5_K: six bits each, twelve bytes for all.
INLINE void six_bit_pair(const uint8_t *p, int part, int *scale, int *min) {
  if (part < 4) {
    *scale = p[part] & 63;
    *min = p[part + 4] & 63;
  } else {
    *scale = (p[part + 4] & 15) | p[part - 4] >> 6 << 4;
    *min = p[part + 4] >> 4 | p[part] >> 6 << 4;
  }
}
