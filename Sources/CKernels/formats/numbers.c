// Quantizing to small floats in groups, bit for bit as MLX's CPU backend does it (mlx 0.32, fp_quantize). In f32:
//
//     scale = max |weight| / largest number (6 for E2M1, 448 for E4M3), rounded to the type of the weights
//     powers:  2^e with e = ceil(log2(scale)), 0 for a group of zeros, held to -127 ... 127, stored as e + 127
//     E4M3:    scale rounded to E4M3
//     E2M1:    the nearest number to weight / scale, of two the one nearer to zero; zero has no sign
//     E4M3:    weight / scale rounded to nearest, ties to even
//
// Plain loops, which every target vectorizes.
#include "mlt_numbers.h"

#include <math.h>

#include "common.h"
#include "products/number_formats.h"

#pragma STDC FP_CONTRACT OFF

// The code of a magnitude.
INLINE uint32_t e4m3_bits(float value) {
  const uint32_t u = float_bits(value), a = u & 0x7fffffff, sign = u >> 24 & 0x80;
  const uint32_t normal = (a - (120u << 23) + 0x7ffff + (a >> 20 & 1)) >> 20;
  // Below 2^-6 the unit is 2^-9, which is the unit of 2^14: the addition rounds.
  const uint32_t tiny = float_bits(bits_float(a) + 0x1p14f) - float_bits(0x1p14f);
  const uint32_t code = a < 121u << 23 ? tiny : normal;
  return sign | (a > 0x43e80000 || code > 0x7e ? 0x7e : code);  // past 464, half a step above 448, too
}

INLINE uint32_t e2m1_bits(float value) {
  const float a = fabsf(value);
  const uint32_t code = (a > 0.25f) + (a > 0.75f) + (a > 1.25f) + (a > 1.75f) + (a > 2.5f) + (a > 3.5f) + (a > 5.0f);
  return code | (value < 0 && code ? 8 : 0);
}

static const float e2m1_values[16] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};

INLINE float e4m3_value(uint32_t code) {
  const float finite = bits_float((code & 0x7f) << 20) * 0x1p120f;
  const float value = (code & 0x7f) == 0x7f ? NAN : finite;
  return code & 0x80 ? -value : value;
}

INLINE float power(uint32_t code) { return bits_float(code ? code << 23 : 0x400000); }

INLINE float rounded(const mlt_format type, float value) {
  return type == MLT_F32 ? value : type == MLT_BF16 ? bf16_value(bf16_bits(value)) : f16_value(f16_bits(value));
}

INLINE uint32_t scale_code(mlt_scales kind, float scale) {
  if (kind == MLT_E4M3_SCALES) return e4m3_bits(scale);
  const float exponent = scale > 0 ? ceilf(log2f(scale)) : 0;
  return (uint32_t)(127 + (int)(exponent < -127 ? -127 : exponent > 127 ? 127 : exponent));
}

INLINE int64_t rows_of(const mlt_format type, const mlt_format number, const void *weights, int64_t rows,
                       int64_t columns, mlt_scales kind, int64_t group, uint8_t *codes, uint8_t *scales,
                       double *errors) {
  const float largest = number == MLT_E2M1 ? 6.0f : 448.0f;
  for (int64_t r = 0, g = 0; r < rows; r++) {
    double miss = 0, square = 0;
    for (int64_t c = 0; c < columns; c += group, g++) {
      const int64_t first = r * columns + c;
      float most = 0, strange = 0;
      for (int64_t i = 0; i < group; i++) {
        const float a = fabsf(float_at(weights, type, first + i));
        most = a > most ? a : most;
        strange += a * 0;
      }
      if (strange != 0 || !isfinite(most)) return g;
      const uint32_t code = scale_code(kind, rounded(type, most / largest));
      const float scale = kind == MLT_POWERS ? power(code) : e4m3_value(code);
      scales[g] = (uint8_t)code;
      float misses = 0, squares = 0;
      for (int64_t i = 0; i < group; i += 2) {
        uint32_t pair[2];
        UNROLL for (int j = 0; j < 2; j++) {
          const float w = float_at(weights, type, first + i + j), q = scale == 0 ? 0 : w / scale;
          pair[j] = number == MLT_E2M1 ? e2m1_bits(q) : e4m3_bits(q);
          const float difference = w - (number == MLT_E2M1 ? e2m1_values[pair[j]] : e4m3_value(pair[j])) * scale;
          misses += difference * difference;
          squares += w * w;
        }
        if (number == MLT_E2M1) codes[(first + i) / 2] = (uint8_t)(pair[0] | pair[1] << 4);
        else codes[first + i] = (uint8_t)pair[0], codes[first + i + 1] = (uint8_t)pair[1];
      }
      miss += misses;
      square += squares;
    }
    errors[2 * r] = miss;
    errors[2 * r + 1] = square;
  }
  return -1;
}

int64_t mlt_numbers_quantize(mlt_format type, const void *weights, int64_t rows, int64_t columns, mlt_format number,
                             mlt_scales kind, int64_t group, uint8_t *codes, uint8_t *scales, double *errors) {
#define ROWS(TYPE, NUMBER) return rows_of(TYPE, NUMBER, weights, rows, columns, kind, group, codes, scales, errors)
  if (number == MLT_E2M1) {  // type and number become constants
    if (type == MLT_F32) ROWS(MLT_F32, MLT_E2M1);
    if (type == MLT_BF16) ROWS(MLT_BF16, MLT_E2M1);
    ROWS(MLT_F16, MLT_E2M1);
  }
  if (type == MLT_F32) ROWS(MLT_F32, MLT_E4M3);
  if (type == MLT_BF16) ROWS(MLT_BF16, MLT_E4M3);
  ROWS(MLT_F16, MLT_E4M3);
#undef ROWS
}

void mlt_scales_to_bf16(mlt_scales kind, const uint8_t *in, uint16_t *out, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    out[i] = (uint16_t)(float_bits(kind == MLT_POWERS ? power(in[i]) : e4m3_value(in[i])) >> 16);
}

void mlt_numbers_to_f32(mlt_format number, const uint8_t *in, float *out, int64_t count) {
  const float one = 1;
  const mlt_matrix w = {.values = in, .rows = 1, .columns = count, .scale_format = MLT_F32, .scales = &one, .group = count};
  switch (number) {
  case MLT_E2M1: expand_numbers(MLT_E2M1, &w, 0, 0, count, out); break;
  case MLT_E4M3: expand_numbers(MLT_E4M3, &w, 0, 0, count, out); break;
  case MLT_E5M2: expand_numbers(MLT_E5M2, &w, 0, 0, count, out); break;
  case MLT_I8: expand_numbers(MLT_I8, &w, 0, 0, count, out); break;
  default: expand_numbers(MLT_U8, &w, 0, 0, count, out);
  }
}
