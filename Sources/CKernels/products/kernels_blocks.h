// The block formats of ggml: expansion and dot products, 32 weights at a time. Every value is bit for bit that of ggml's
// dequantize_row functions (ggml/src/ggml-quants.c): products of a scale and a code that f32 holds exactly are in any
// order, the others in ggml's. Included with the set's instructions at hand, after the set has defined
//   block_lookup         the bytes of a table that sixteen codes below 16 name
//   block_multiply_add   a * b + sum
//   block_half           a number from its f16 bits, at full speed for subnormal ones too, which scales often are
#pragma once
#include "block_formats.h"
#include "kernels.h"

INLINE block_bytes bytes_at(const uint8_t *p) {
  block_bytes v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE float scale_at(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, 2);
  return block_half(bits);
}
INLINE block_floats floats_of(block_bytes v) { return __builtin_convertvector(v, block_floats); }
INLINE block_floats signed_floats_of(block_bytes v) {
  return __builtin_convertvector(__builtin_bit_cast(block_signed, v), block_floats);
}

// Sixteen bits as bytes of 0 and 16.
INLINE block_bytes fifth_bits(uint32_t bits) {
  const block_words lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return __builtin_convertvector(((block_words)bits >> lane & 1) << 4, block_bytes);
}

// Sixteen codes of `bits` bits that lie `shift` bits up in their bytes; shifted together, since bytes alone can't be.
INLINE block_bytes codes_at(const uint8_t *p, int shift, int bits) {
  typedef uint64_t longs __attribute__((ext_vector_type(2)));
  longs v;
  memcpy(&v, p, sizeof v);
  return __builtin_bit_cast(block_bytes, v >> (uint64_t)shift) & (uint8_t)((1 << bits) - 1);
}

// Scale of part 0 ... 15 of a block of Q3_K, six bits less 32: four lie in bytes 0 ... 7, two in bytes 8 ... 11.
INLINE int q3_scale(const uint8_t *p, int part) {
  const int low = part < 8 ? p[part] & 15 : p[part - 8] >> 4;
  return (low | (p[8 + part % 4] >> 2 * (part / 4) & 3) << 4) - 32;
}

// Weights 32 * part ... of a block.
INLINE void block_part(const mlt_format format, const uint8_t *b, int part, block_floats out[2]) {
  switch (format) {
  case MLT_Q4_0: {
    const float d = scale_at(b);
    UNROLL for (int h = 0; h < 2; h++) out[h] = (floats_of(codes_at(b + 2, 4 * h, 4)) - 8.0f) * d;
    break;
  }
  case MLT_Q4_1: {
    const float d = scale_at(b), least = scale_at(b + 2);
    UNROLL for (int h = 0; h < 2; h++) out[h] = floats_of(codes_at(b + 4, 4 * h, 4)) * d + least;
    break;
  }
  case MLT_Q5_0: {
    const float d = scale_at(b);
    uint32_t fifth;
    memcpy(&fifth, b + 2, 4);
    UNROLL for (int h = 0; h < 2; h++)
      out[h] = (floats_of(codes_at(b + 6, 4 * h, 4) | fifth_bits(fifth >> 16 * h)) - 16.0f) * d;
    break;
  }
  case MLT_Q5_1: {
    const float d = scale_at(b), least = scale_at(b + 2);
    uint32_t fifth;
    memcpy(&fifth, b + 4, 4);
    UNROLL for (int h = 0; h < 2; h++)
      out[h] = floats_of(codes_at(b + 8, 4 * h, 4) | fifth_bits(fifth >> 16 * h)) * d + least;
    break;
  }
  case MLT_Q8_0: {
    const float d = scale_at(b);
    UNROLL for (int h = 0; h < 2; h++) out[h] = signed_floats_of(bytes_at(b + 2 + 16 * h)) * d;
    break;
  }
  case MLT_Q2_K: {
    const float d = scale_at(b + 80), least = scale_at(b + 82);
    const uint8_t *codes = b + 16 + 32 * (part / 4);
    UNROLL for (int h = 0; h < 2; h++) {
      const uint8_t pair = b[2 * part + h];
      const float scale = d * (float)(pair & 15), min = least * (float)(pair >> 4);
      out[h] = floats_of(codes_at(codes + 16 * h, 2 * (part % 4), 2)) * scale - min;
    }
    break;
  }
  case MLT_Q3_K: {
    const float d = scale_at(b + 108);
    const uint8_t *codes = b + 32 + 32 * (part / 4);
    UNROLL for (int h = 0; h < 2; h++) {
      const float scale = d * (float)q3_scale(b + 96, 2 * part + h);
      const block_bytes third = codes_at(b + 16 * h, part, 1) << 2;
      out[h] = (floats_of(codes_at(codes + 16 * h, 2 * (part % 4), 2) | third) - 4.0f) * scale;
    }
    break;
  }
  case MLT_Q4_K:
  case MLT_Q5_K: {
    int scale, min;
    six_bit_pair(b + 4, part, &scale, &min);
    const float d = scale_at(b) * (float)scale, least = scale_at(b + 2) * (float)min;
    const uint8_t *codes = b + (format == MLT_Q4_K ? 16 : 48) + 32 * (part / 2);
    UNROLL for (int h = 0; h < 2; h++) {
      block_bytes code = codes_at(codes + 16 * h, 4 * (part % 2), 4);
      if (format == MLT_Q5_K) code |= codes_at(b + 16 + 16 * h, part, 1) << 4;
      out[h] = floats_of(code) * d - least;
    }
    break;
  }
  case MLT_Q6_K: {
    const float d = scale_at(b + 208);
    const uint8_t *low = b + 64 * (part / 4) + 32 * (part % 2), *high = b + 128 + 32 * (part / 4);
    UNROLL for (int h = 0; h < 2; h++) {
      const float scale = d * (float)(int8_t)b[192 + 2 * part + h];
      const block_bytes upper = codes_at(high + 16 * h, 2 * (part % 4), 2) << 4;
      out[h] = (floats_of(codes_at(low + 16 * h, part % 4 / 2 * 4, 4) | upper) - 32.0f) * scale;
    }
    break;
  }
  case MLT_IQ4_NL: {
    const float d = scale_at(b);
    UNROLL for (int h = 0; h < 2; h++)
      out[h] = signed_floats_of(block_lookup(iq4_values, codes_at(b + 2, 4 * h, 4))) * d;
    break;
  }
  case MLT_IQ4_XS: {
    uint16_t upper;
    memcpy(&upper, b + 2, 2);
    const int scale = ((b[4 + part / 2] >> 4 * (part % 2) & 15) | (upper >> 2 * part & 3) << 4) - 32;
    const float d = scale_at(b) * (float)scale;
    UNROLL for (int h = 0; h < 2; h++)
      out[h] = signed_floats_of(block_lookup(iq4_values, codes_at(b + 8 + 16 * part, 4 * h, 4))) * d;
    break;
  }
  default: {
    const float d = mxfp4_half_scale(b[0]);
    UNROLL for (int h = 0; h < 2; h++)
      out[h] = signed_floats_of(block_lookup(mxfp4_doubles, codes_at(b + 1, 4 * h, 4))) * d;
  }
  }
}

INLINE const uint8_t *block_at(const mlt_format format, const uint8_t *row, int64_t k) {
  return row + k / block_size(format) * block_bytes_of(format);
}
INLINE int part_at(const mlt_format format, int64_t k) { return (int)(k % block_size(format) / 32); }

INLINE void expand_blocks(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                          float *out) {
  const uint8_t *p = row_at(w, row);
  for (int64_t k = begin; k < begin + count; k += 32, out += 32) {
    block_floats values[2];
    block_part(format, block_at(format, p, k), part_at(format, k), values);
    memcpy(out, values, sizeof values);
  }
}

// Row n of W with `rows` rows of X.
INLINE void dot_row_of_blocks(const mlt_format format, const int rows, const mlt_matrix *w, int64_t n, const float *x,
                              int64_t ldx, float *y, int64_t ldy) {
  const uint8_t *p = row_at(w, n);
  block_floats sums[8];
  UNROLL for (int i = 0; i < 2 * rows; i++) sums[i] = 0.0f;
  for (int64_t k = 0; k < w->columns; k += 32) {
    block_floats values[2];
    block_part(format, block_at(format, p, k), part_at(format, k), values);
    UNROLL for (int i = 0; i < rows; i++)
      UNROLL for (int h = 0; h < 2; h++) {
        const block_floats xs = *(const block_floats *)(x + i * ldx + k + 16 * h);
        sums[2 * i + h] = block_multiply_add(values[h], xs, sums[2 * i + h]);
      }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    const block_floats all = sums[2 * i] + sums[2 * i + 1];
    const __typeof__(all.lo) eight = all.lo + all.hi;
    const __typeof__(eight.lo) four = eight.lo + eight.hi;
    const __typeof__(four.lo) two = four.lo + four.hi;
    y[i * ldy + n] = two.x + two.y;
  }
}

// More than four rows of X go in two turns, the second with the row of W in the first-level cache.
INLINE void dot_blocks(const mlt_format format, const mlt_matrix *w, int64_t begin, int64_t end, int64_t m,
                       const float *x, int64_t ldx, float *y, int64_t ldy) {
  for (int64_t n = begin; n < end; n++)
    for (int64_t i = 0; i < m; i += 4) {
      const float *xi = x + i * ldx;
      float *yi = y + i * ldy;
      switch (m - i) {
      case 1: dot_row_of_blocks(format, 1, w, n, xi, ldx, yi, ldy); break;
      case 2: dot_row_of_blocks(format, 2, w, n, xi, ldx, yi, ldy); break;
      case 3: dot_row_of_blocks(format, 3, w, n, xi, ldx, yi, ldy); break;
      default: dot_row_of_blocks(format, 4, w, n, xi, ldx, yi, ldy);
      }
    }
}

#define DEFINE_EXPAND_BLOCKS(FORMAT, name)                                                                         \
  static void expand_##name(const mlt_matrix *w, int64_t row, int64_t begin, int64_t count, float *out) {          \
    expand_blocks(FORMAT, w, row, begin, count, out);                                                              \
  }
#define DEFINE_DOT_BLOCKS(FORMAT, name)                                                                            \
  static void dot_##name(const mlt_matrix *w, int64_t begin, int64_t end, int64_t m, const float *x, int64_t ldx,  \
                         float *y, int64_t ldy) {                                                                  \
    dot_blocks(FORMAT, w, begin, end, m, x, ldx, y, ldy);                                                          \
  }
MLT_EACH_BLOCK_FORMAT(DEFINE_EXPAND_BLOCKS)
MLT_EACH_BLOCK_FORMAT(DEFINE_DOT_BLOCKS)
