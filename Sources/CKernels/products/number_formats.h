// Expanding codes of small number types, sixteen at a time: E2M1, E4M3 and E5M2 (OCP Microscaling Formats 1.0, table 1; OCP 8-bit
// Floating Point Specification 1.0) and integers of 8 bits. Written over vectors that the compiler maps to the registers of
// the set it is compiled for; included under the set's instructions, and where products and sums are not fused.
#pragma once
#include "common.h"
#include "kernels.h"

typedef float sixteen __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t sixteen_words __attribute__((ext_vector_type(16), aligned(4)));
typedef int32_t sixteen_signed __attribute__((ext_vector_type(16), aligned(4)));
typedef uint8_t sixteen_bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef int8_t sixteen_signed_bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef uint8_t eight_bytes __attribute__((ext_vector_type(8), aligned(1)));

// Functions that take vectors are all inlined, so it does not matter how a call would pass them.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

// Exponent and mantissa of a code, shifted into place, are the value times a power of two, which a multiplication takes away:
// exactly, for f32 has all the exponents that occur, and subnormal codes become normal numbers by it.
INLINE sixteen numbers_of(const mlt_format format, sixteen_words code) {
  switch (format) {
  case MLT_E2M1:
    return __builtin_bit_cast(sixteen, (code & 8) << 28 | __builtin_bit_cast(sixteen_words, __builtin_bit_cast(sixteen, (code & 7) << 22) * 0x1p126f));
  case MLT_E4M3: {
    const sixteen_words rest = code & 0x7f;
    const sixteen_words finite = __builtin_bit_cast(sixteen_words, __builtin_bit_cast(sixteen, rest << 20) * 0x1p120f);
    return __builtin_bit_cast(sixteen, (code & 0x80) << 24 | (rest == 0x7f ? (sixteen_words)0x7fc00000 : finite));
  }
  case MLT_E5M2: {
    const sixteen_words rest = (code & 0x7f) << 21;
    const sixteen_words finite = __builtin_bit_cast(sixteen_words, __builtin_bit_cast(sixteen, rest) * 0x1p112f);
    return __builtin_bit_cast(sixteen, (code & 0x80) << 24 | (rest >= 0x0f800000 ? rest | 0x7f800000 : finite));
  }
  default: return __builtin_convertvector(__builtin_bit_cast(sixteen_signed, code), sixteen);
  }
}

// The codes of sixteen columns from column i on, a multiple of 16 for E2M1.
INLINE sixteen_words codes16(const mlt_format format, const uint8_t *row, int64_t i) {
  if (format == MLT_E2M1) {
    eight_bytes pairs;
    memcpy(&pairs, row + i / 2, sizeof pairs);
    const eight_bytes low = pairs & 15, high = pairs >> 4;
    return __builtin_convertvector(
        __builtin_shufflevector(low, high, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15), sixteen_words);
  }
  if (format == MLT_I8) {
    sixteen_signed_bytes bytes;
    memcpy(&bytes, row + i, sizeof bytes);
    return __builtin_bit_cast(sixteen_words, __builtin_convertvector(bytes, sixteen_signed));
  }
  sixteen_bytes bytes;
  memcpy(&bytes, row + i, sizeof bytes);
  return __builtin_convertvector(bytes, sixteen_words);
}

// Fewer than sixteen of them, and zeros.
INLINE sixteen_words codes_left(const mlt_format format, const uint8_t *row, int64_t i, int64_t count) {
  uint8_t some[16] = {0};
  memcpy(some, row + (format == MLT_E2M1 ? i / 2 : i), (size_t)(format == MLT_E2M1 ? (count + 1) / 2 : count));
  return codes16(format, some, 0);
}

INLINE void expand_numbers(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                           float *out) {
  const uint8_t *p = row_at(w, row);
  const int has_zeros = format == MLT_U8 && w->biases;
  if (w->column_groups) {
    const float *scales = (const float *)w->scales + row * w->group;
    const float *zeros = has_zeros ? (const float *)w->biases + row * w->group : NULL;
    for (int64_t i = 0; i < count; i += 16) {
      const int64_t some = min64(16, count - i);
      const int32_t *groups = w->column_groups + begin + i;
      const sixteen_words code = some == 16 ? codes16(format, p, begin + i) : codes_left(format, p, begin + i, some);
      float scale[16] = {0}, zero[16] = {0};
      for (int64_t j = 0; j < some; j++) scale[j] = scales[groups[j]];
      if (zeros)
        for (int64_t j = 0; j < some; j++) zero[j] = zeros[groups[j]];
      const sixteen values = (numbers_of(format, code) - *(const sixteen *)zero) * *(const sixteen *)scale;
      memcpy(out + i, &values, (size_t)some * sizeof(float));
    }
    return;
  }
  const int64_t row_groups = (w->columns + w->group - 1) / w->group;
  for (int64_t i = 0; i < count;) {
    const int64_t in_row = (begin + i) / w->group, g = row * row_groups + in_row;
    const int64_t end = min64(count, (in_row + 1) * w->group - begin);
    const float scale = float_at(w->scales, w->scale_format, g);
    const float zero = has_zeros ? float_at(w->biases, w->scale_format, g) : 0;
    for (; i + 16 <= end; i += 16) {
      const sixteen number = numbers_of(format, codes16(format, p, begin + i));
      *(sixteen *)(out + i) = (format == MLT_U8 ? number - zero : number) * scale;
    }
    if (i < end) {
      const sixteen number = numbers_of(format, codes_left(format, p, begin + i, end - i));
      const sixteen values = (format == MLT_U8 ? number - zero : number) * scale;
      memcpy(out + i, &values, (size_t)(end - i) * sizeof(float));
      i = end;
    }
  }
}
#pragma clang diagnostic pop
