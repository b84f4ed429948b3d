// The kernel of affine.c, compiled for each instruction set under the name NAME(…). It is written over vectors of sixteen
// lanes, which the compiler maps to the registers there are; nothing is reassociated or fused, so every set gives the
// same bits. Scales of sixteen groups are computed side by side, for each needs three divisions in a row.

// Sixteen weights from element i on, as f32.
INLINE floats NAME(load)(const mlt_format type, const void *weights, int64_t i) {
  if (type == MLT_F32) {
    floats w;
    memcpy(&w, (const float *)weights + i, sizeof w);
    return w;
  }
  halves h;
  memcpy(&h, (const uint16_t *)weights + i, sizeof h);
  const words wide = __builtin_convertvector(h, words);
  if (type == MLT_BF16) return __builtin_bit_cast(floats, wide << 16);
  // As f16_value does it.
  const words rest = (wide & 0x7fff) << 13;
  const words finite = __builtin_bit_cast(words, __builtin_bit_cast(floats, rest) * 0x1p112f);
  return __builtin_bit_cast(floats, (wide & 0x8000) << 16 | (rest >= 0x0f800000 ? rest | 0x7f800000 : finite));
}

INLINE float NAME(least)(floats v) {
  const __typeof__(v.lo) a = v.lo < v.hi ? v.lo : v.hi;
  const __typeof__(a.lo) b = a.lo < a.hi ? a.lo : a.hi;
  const __typeof__(b.lo) c = b.lo < b.hi ? b.lo : b.hi;
  return c.x < c.y ? c.x : c.y;
}

// The least and greatest weight of a group; a NaN shows in `sum`.
INLINE void NAME(range)(const mlt_format type, const void *weights, int64_t first, int64_t group, float *lo, float *hi,
                        int *unordered) {
  floats low = NAME(load)(type, weights, first), high = low;
  words strange = (words)(low != low);
  for (int64_t i = first + LANES; i < first + group; i += LANES) {
    const floats w = NAME(load)(type, weights, i);
    low = w < low ? w : low;
    high = w > high ? w : high;
    strange |= (words)(w != w);
  }
  *lo = NAME(least)(low);
  *hi = -NAME(least)(-high);
  *unordered = __builtin_reduce_or(strange) != 0;
}

// Up to sixteen groups of a row; returns -1, or the first group that is not of finite numbers.
INLINE int64_t NAME(groups)(const mlt_format type, const int bits, const void *weights, int64_t g0, int64_t count,
                            int64_t group, uint8_t *codes, void *scales, void *biases, doubles *miss, doubles *square) {
  float lo[LANES] = {0}, hi[LANES] = {0}, scale[LANES], bias[LANES];
  int unordered[LANES];
  for (int64_t g = 0; g < count; g++) NAME(range)(type, weights, (g0 + g) * group, group, lo + g, hi + g, unordered + g);

  floats low, high;
  memcpy(&low, lo, sizeof low);
  memcpy(&high, hi, sizeof high);
  const floats edge = __builtin_elementwise_abs(low) > __builtin_elementwise_abs(high) ? low : high;
  const floats step = (high - low) / (float)((1 << bits) - 1), least = step > 1e-7f ? step : 1e-7f;
  floats s = __builtin_elementwise_abs(low) > __builtin_elementwise_abs(high) ? least : -least;
  const floats q = __builtin_elementwise_rint(edge / s);
  s = q != 0 ? edge / q : s;
  const floats b = q != 0 ? edge : 0;
  memcpy(scale, &s, sizeof s);
  memcpy(bias, &b, sizeof b);

  float stored_scale[LANES], stored_bias[LANES];
  uint32_t narrow[2][LANES];
  for (int l = 0; l < LANES; l++) {
    narrow[0][l] = stored(type, scale[l]);
    narrow[1][l] = stored(type, bias[l]);
    stored_scale[l] = value(type, narrow[0][l]);
    stored_bias[l] = value(type, narrow[1][l]);
  }
  const float top = (float)((1 << bits) - 1);
  for (int64_t g = 0; g < count; g++) {
    if (unordered[g] || !isfinite(scale[g])) return g0 + g;
    store(type, scales, g0 + g, narrow[0][g]);
    store(type, biases, g0 + g, narrow[1][g]);
    floats misses = 0, squares = 0;
    for (int64_t i = (g0 + g) * group; i < (g0 + g + 1) * group; i += 2 * LANES) {
      uint8_t code[2 * LANES];
      UNROLL for (int half = 0; half < 2; half++) {
        const floats w = NAME(load)(type, weights, i + half * LANES);
        floats q = (w - bias[g]) / scale[g];
        q = q > 0 ? q : 0;
        q = q < top ? q : top;
        const floats shifted = q + 0x1p23f;  // rounds to an integer, to even, and holds it in its low bits
        const floats difference = w - ((shifted - 0x1p23f) * stored_scale[g] + stored_bias[g]);
        misses += difference * difference;
        squares += w * w;
        const bytes sixteen = __builtin_convertvector(__builtin_bit_cast(words, shifted), bytes);
        memcpy(code + half * LANES, &sixteen, sizeof sixteen);
      }
      pack(bits, code, codes + i / 8 * bits);
    }
    *miss += __builtin_convertvector(misses, doubles);
    *square += __builtin_convertvector(squares, doubles);
  }
  return -1;
}

INLINE double NAME(sum)(doubles v) {
  double sum = 0;
  for (int i = 0; i < LANES; i++) sum += v[i];
  return sum;
}

INLINE int64_t NAME(rows)(const mlt_format type, const int bits, const void *weights, int64_t rows, int64_t columns,
                          int64_t group, uint8_t *codes, void *scales, void *biases, double *errors) {
  const int64_t groups = columns / group;
  for (int64_t r = 0; r < rows; r++) {
    doubles miss = 0, square = 0;
    for (int64_t g = 0; g < groups; g += LANES) {
      const int64_t bad = NAME(groups)(type, bits, weights, r * groups + g, min64(LANES, groups - g), group, codes, scales,
                                       biases, &miss, &square);
      if (bad >= 0) return bad;
    }
    errors[2 * r] = NAME(sum)(miss);
    errors[2 * r + 1] = NAME(sum)(square);
  }
  return -1;
}

#define BY_BITS(TYPE)                                                                                                 \
  switch (bits) {                                                                                                     \
  case 2: return NAME(rows)(TYPE, 2, weights, rows, columns, group, codes, scales, biases, errors);                   \
  case 3: return NAME(rows)(TYPE, 3, weights, rows, columns, group, codes, scales, biases, errors);                   \
  case 4: return NAME(rows)(TYPE, 4, weights, rows, columns, group, codes, scales, biases, errors);                   \
  case 5: return NAME(rows)(TYPE, 5, weights, rows, columns, group, codes, scales, biases, errors);                   \
  case 6: return NAME(rows)(TYPE, 6, weights, rows, columns, group, codes, scales, biases, errors);                   \
  default: return NAME(rows)(TYPE, 8, weights, rows, columns, group, codes, scales, biases, errors);                  \
  }
// The types and bits become constants.
static int64_t NAME(quantize)(mlt_format type, const void *weights, int64_t rows, int64_t columns, int32_t bits,
                              int64_t group, void *codes, void *scales, void *biases, double *errors) {
  if (type == MLT_F32) BY_BITS(MLT_F32)
  if (type == MLT_BF16) BY_BITS(MLT_BF16)
  BY_BITS(MLT_F16)
}
#undef BY_BITS
