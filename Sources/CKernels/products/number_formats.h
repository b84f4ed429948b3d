// Expanding codes of small number types, sixteen at a time: E2M1, E4M3 and E5M2 (OCP Microscaling Formats 1.0, table 1; OCP 8-bit
// Floating Point Specification 1.0) and integers of 8 bits. Written over vectors that the compiler maps to the registers of
// the set it is compiled for; included under the set's instructions, and where products and sums are not fused.
#pragma once
#include "common.h"
#include "kernels.h"

typedef float sixteen __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t sixteen_words __attribute__((ext_vector_type(16), aligned(4)));
typedef uint16_t sixteen_shorts __attribute__((ext_vector_type(16), aligned(2)));
typedef int32_t sixteen_signed __attribute__((ext_vector_type(16), aligned(4)));
typedef uint8_t sixteen_bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef int8_t sixteen_signed_bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef uint8_t eight_bytes __attribute__((ext_vector_type(8), aligned(1)));

// Functions that take vectors are all inlined, so it does not matter how a call would pass them.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

// Bits of f16 as f32. Where the set has an instruction for it, subnormal numbers cost nothing.
INLINE sixteen halves_as_floats(sixteen_words half) {
#ifdef MLT_CONVERTS_HALVES
  typedef _Float16 sixteen_halves __attribute__((ext_vector_type(16), aligned(2)));
  return __builtin_convertvector(
      __builtin_bit_cast(sixteen_halves, __builtin_convertvector(half, sixteen_shorts)), sixteen);
#else
  const sixteen_words rest = (half & 0x7fff) << 13;  // as f16_value does it
  const sixteen_words finite = __builtin_bit_cast(sixteen_words, __builtin_bit_cast(sixteen, rest) * 0x1p112f);
  return __builtin_bit_cast(sixteen, (half & 0x8000) << 16 | (rest >= 0x0f800000 ? rest | 0x7f800000 : finite));
#endif
}

// Exponent and mantissa of a code, put where f16 has them, are the value times a power of two: exactly, also of subnormal codes.
INLINE sixteen numbers_of(const mlt_format format, sixteen_words code) {
  switch (format) {
  case MLT_E2M1: return halves_as_floats((code & 8) << 12 | (code & 7) << 9) * 0x1p14f;
  case MLT_E4M3: {
    const sixteen finite = halves_as_floats((code & 0x80) << 8 | (code & 0x7f) << 7) * 0x1p8f;
    const sixteen_words nan = (code & 0x80) << 24 | 0x7fc00000;
    return __builtin_bit_cast(sixteen, (code & 0x7f) == 0x7f ? nan : __builtin_bit_cast(sixteen_words, finite));
  }
  case MLT_E5M2: return halves_as_floats(code << 8);
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

// The entries of a table that sixteen columns name.
INLINE sixteen entries16(const float *table, const int32_t *places) {
  sixteen values;
  UNROLL for (int i = 0; i < 16; i++) values[i] = table[places[i]];
  return values;
}

// Columns whose groups are listed one by one.
INLINE void expand_listed(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                          float *out) {
  const uint8_t *p = row_at(w, row);
  const float *scales = (const float *)w->scales + row * w->group;
  const float *zeros = format == MLT_U8 && w->biases ? (const float *)w->biases + row * w->group : NULL;
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t some = min64(16, count - i);
    int32_t places[16] = {0};
    memcpy(places, w->column_groups + begin + i, (size_t)some * sizeof(int32_t));
    sixteen number = numbers_of(format, some == 16 ? codes16(format, p, begin + i) : codes_left(format, p, begin + i, some));
    if (zeros) number -= entries16(zeros, places);
    number *= entries16(scales, places);
    memcpy(out + i, &number, (size_t)some * sizeof(float));
  }
}

INLINE void expand_numbers(const mlt_format format, const mlt_matrix *w, int64_t row, int64_t begin, int64_t count,
                           float *out) {
  if (w->column_groups) {
    expand_listed(format, w, row, begin, count, out);
    return;
  }
  const uint8_t *p = row_at(w, row);
  const int64_t group = w->group, first = begin / group;
  int64_t g = row * ((w->columns + group - 1) / group) + first, end = (first + 1) * group - begin;
  for (int64_t i = 0; i < count; g++, end += group) {
    const float scale = float_at(w->scales, w->scale_format, g);
    const float zero = format == MLT_U8 && w->biases ? float_at(w->biases, w->scale_format, g) : 0;
    const int64_t last = min64(count, end);
    for (; i + 16 <= last; i += 16) {
      const sixteen number = numbers_of(format, codes16(format, p, begin + i));
      *(sixteen *)(out + i) = (format == MLT_U8 ? number - zero : number) * scale;
    }
    if (i < last) {
      const sixteen number = numbers_of(format, codes_left(format, p, begin + i, last - i));
      const sixteen values = (format == MLT_U8 ? number - zero : number) * scale;
      memcpy(out + i, &values, (size_t)(last - i) * sizeof(float));
      i = last;
    }
  }
}
#pragma clang diagnostic pop
