// The kernel of blocks.c, compiled for each instruction set under the name NAME(…). Over vectors of sixteen lanes whose
// sums are folded in one order, with nothing fused, so every set gives the same bits.

INLINE float NAME(sum)(block_floats v) {
  const __typeof__(v.lo) eight = v.lo + v.hi;
  const __typeof__(eight.lo) four = eight.lo + eight.hi;
  const __typeof__(four.lo) two = four.lo + four.hi;
  return two.x + two.y;
}
INLINE float NAME(largest)(block_floats v) {
  const __typeof__(v.lo) eight = v.lo > v.hi ? v.lo : v.hi;
  const __typeof__(eight.lo) four = eight.lo > eight.hi ? eight.lo : eight.hi;
  const __typeof__(four.lo) two = four.lo > four.hi ? four.lo : four.hi;
  return two.x > two.y ? two.x : two.y;
}
INLINE block_floats NAME(load)(const float *p) { return *(const block_floats *)p; }
INLINE block_floats NAME(size)(block_floats v) { return __builtin_elementwise_abs(v); }
INLINE block_floats NAME(clamped)(block_floats v, float least, float most) {
  v = v > least ? v : least;
  return v < most ? v : most;
}
// To integers, half to even; magnitudes below 2^22.
INLINE block_floats NAME(rounded)(block_floats v) { return (v + 0x1.8p23f) - 0x1.8p23f; }
// To integers, half away from zero.
INLINE block_floats NAME(rounded_away)(block_floats v) {
  return __builtin_elementwise_trunc(v + __builtin_elementwise_copysign((block_floats)0x1.fffffep-2f, v));
}
INLINE block_bytes NAME(bytes)(block_floats v) {
  typedef int32_t integers __attribute__((ext_vector_type(16)));
  return __builtin_convertvector(__builtin_convertvector(v, integers), block_bytes);
}

// The largest magnitude of 32 weights.
INLINE float NAME(largest_size)(const float *x) {
  const block_floats a = NAME(size)(NAME(load)(x)), b = NAME(size)(NAME(load)(x + LANES));
  return NAME(largest)(a > b ? a : b);
}
// The first of 32 weights of that magnitude, with its sign.
INLINE float NAME(outermost)(const float *x, float size) {
  for (int i = 0; i < PART; i++)
    if (fabsf(x[i]) == size) return x[i];
  return 0;
}
INLINE int NAME(is_finite)(const float *x, int64_t count) {
  block_words strange = 0;
  for (int64_t i = 0; i < count; i += LANES) {
    block_words bits;
    memcpy(&bits, x + i, sizeof bits);
    strange |= (block_words)((bits & 0x7f800000) == 0x7f800000);
  }
  return __builtin_reduce_or(strange) == 0;
}

// ---- blocks of 32 ---------------------------------------------------------------------------------------------------

// Nibbles of 32 codes below 16: a byte holds one of the first sixteen low, one of the second high.
INLINE void NAME(put_nibbles)(uint8_t *p, block_bytes low, block_bytes high) {
  const block_bytes both = low | high << 4;
  memcpy(p, &both, sizeof both);
}
// The fifth bits of 32 codes below 32.
INLINE void NAME(put_fifth_bits)(uint8_t *p, block_bytes low, block_bytes high) {
  uint32_t bits = 0;
  for (int i = 0; i < LANES; i++) bits |= (uint32_t)(low[i] >> 4) << i | (uint32_t)(high[i] >> 4) << (i + 16);
  memcpy(p, &bits, 4);
}

// q4_0 and q5_0: the weight furthest from zero becomes the least code.
INLINE int NAME(symmetric)(const int bits, const float *x, uint8_t *b) {
  const float half = (float)(1 << (bits - 1)), top = (float)((1 << bits) - 1);
  const float size = NAME(largest_size)(x), d = NAME(outermost)(x, size) / -half, inverse = d != 0 ? 1 / d : 0;
  if (!is_half(d)) return 0;
  block_bytes code[2];
  UNROLL for (int h = 0; h < 2; h++) {
    const block_floats q = __builtin_elementwise_trunc(NAME(load)(x + LANES * h) * inverse + (half + 0.5f));
    code[h] = NAME(bytes)(NAME(clamped)(q, 0, top));
  }
  put_half(b, d);
  if (bits == 5) NAME(put_fifth_bits)(b + 2, code[0], code[1]);
  NAME(put_nibbles)(b + (bits == 5 ? 6 : 2), code[0] & 15, code[1] & 15);
  return 1;
}

// q4_1 and q5_1: from the least weight to the greatest.
INLINE int NAME(spanning)(const int bits, const float *x, uint8_t *b) {
  const float top = (float)((1 << bits) - 1);
  const block_floats first = NAME(load)(x), second = NAME(load)(x + LANES);
  const float least = -NAME(largest)(-(first < second ? first : second));
  const float most = NAME(largest)(first > second ? first : second);
  const float d = (most - least) / top, inverse = d != 0 ? 1 / d : 0;
  if (!is_half(d) || !is_half(least)) return 0;
  block_bytes code[2];
  UNROLL for (int h = 0; h < 2; h++) {
    const block_floats q = __builtin_elementwise_trunc(((h ? second : first) - least) * inverse + 0.5f);
    code[h] = NAME(bytes)(NAME(clamped)(q, 0, top));
  }
  put_half(b, d);
  put_half(b + 2, least);
  if (bits == 5) NAME(put_fifth_bits)(b + 4, code[0], code[1]);
  NAME(put_nibbles)(b + (bits == 5 ? 8 : 4), code[0] & 15, code[1] & 15);
  return 1;
}

INLINE int NAME(eight_bits)(const float *x, uint8_t *b) {
  const float d = NAME(largest_size)(x) / 127, inverse = d != 0 ? 1 / d : 0;
  if (!is_half(d)) return 0;
  put_half(b, d);
  UNROLL for (int h = 0; h < 2; h++) {
    const block_bytes code = NAME(bytes)(NAME(rounded_away)(NAME(load)(x + LANES * h) * inverse));
    memcpy(b + 2 + LANES * h, &code, sizeof code);
  }
  return 1;
}

// The exponent of the largest weight less that of the largest element, 4; then the nearest elements, of two equally near
// ones the smaller.
INLINE int NAME(mxfp4)(const float *x, uint8_t *b) {
  const float size = NAME(largest_size)(x);
  int exponent;
  frexpf(size, &exponent);
  // Below 2^-125 the exponent would be negative; such weights are zeros beside any other block's.
  const int biased = size > 0 ? exponent - 1 - 2 + 127 : 0;
  b[0] = (uint8_t)(biased > 0 ? biased : 0);
  const float unit = mxfp4_half_scale(b[0]);
  block_bytes code[2];
  UNROLL for (int h = 0; h < 2; h++) {
    const block_floats w = NAME(load)(x + LANES * h), size = NAME(size)(w);
    block_words nearest = 0;
    block_floats error = size;
    UNROLL for (int i = 1; i < 8; i++) {
      const block_floats other = NAME(size)((float)mxfp4_doubles[i] * unit - size);
      nearest = other < error ? (block_words)(uint32_t)i : nearest;
      error = other < error ? other : error;
    }
    const block_words sign = w < 0 && nearest != 0 ? (block_words)8u : (block_words)0u;
    code[h] = __builtin_convertvector(nearest | sign, block_bytes);
  }
  NAME(put_nibbles)(b + 1, code[0], code[1]);
  return 1;
}

// ---- blocks of 256 --------------------------------------------------------------------------------------------------

// Sixteen parts side by side, a lane each: a lane does what ggml does with a part, addition by addition.

INLINE block_floats NAME(pick)(const block_words mask, block_floats yes, block_floats no) {
  return __builtin_bit_cast(block_floats, (__builtin_bit_cast(block_words, yes) & mask) |
                                              (__builtin_bit_cast(block_words, no) & ~mask));
}
INLINE block_words NAME(above)(block_floats a, block_floats b) { return (block_words)(a > b); }
INLINE block_floats NAME(code_of)(block_floats v, float least, float most) {
  return NAME(clamped)(NAME(rounded)(NAME(clamped)(v, least - 1, most + 1)), least, most);
}

// Weight i of each part, from `size` weights of sixteen parts.
INLINE void NAME(turn)(const int size, const float *const parts[LANES], block_floats *out) {
  for (int i = 0; i < size; i++)
    for (int l = 0; l < LANES; l++) out[i][l] = parts[l][i];
}

// For each part the line min + scale * code, codes 0 ... top, through its 32 weights, where min is not above 0: codes are
// rounded with steps around that of the whole range, and for each the best line is solved for (least squares; the weight
// of an error is the weight's size and the mean size together); the one with the least error is kept. The codes count
// where the scale is rounded to 0 later.
INLINE void NAME(fit_lines)(const float top, float first, int count, const block_floats *x, block_floats *scale,
                            block_floats *min, block_floats *codes) {
  block_floats w[PART], trial[PART], square = 0;
  for (int i = 0; i < PART; i++) square += x[i] * x[i];
  const block_floats mean = __builtin_elementwise_sqrt(square / PART);
  for (int i = 0; i < PART; i++) w[i] = mean + NAME(size)(x[i]);
  block_floats low = x[0], high = x[0], all_w = w[0], all_x = w[0] * x[0];
  for (int i = 1; i < PART; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    all_w += w[i];
    all_x += w[i] * x[i];
  }
  low = low > 0 ? (block_floats)0.0f : low;
  const block_words is_flat = (block_words)(high == low);
  const block_floats flat_min = low;
  high = NAME(pick)(is_flat, low + 1, high);  // any range will do
  block_floats inverse = top / (high - low), slope = 1 / inverse, best = 0;
  for (int i = 0; i < PART; i++) {
    codes[i] = NAME(code_of)(inverse * (x[i] - low), 0, top);
    const block_floats miss = slope * codes[i] + low - x[i], square = miss * miss;
    best += w[i] * square;
  }
  for (int s = 0; s < count; s++) {
    inverse = (first + 0.1f * (float)s + top) / (high - low);
    block_floats sum = 0, sum2 = 0, product = 0;
    for (int i = 0; i < PART; i++) {
      trial[i] = NAME(code_of)(inverse * (x[i] - low), 0, top);
      const block_floats weighted = w[i] * trial[i];
      sum += weighted;
      sum2 += weighted * trial[i];
      product += weighted * x[i];
    }
    const block_floats determinant = all_w * sum2 - sum * sum;
    block_floats own = (all_w * product - all_x * sum) / determinant;
    block_floats offset = (sum2 * all_x - sum * product) / determinant;
    const block_words is_above = NAME(above)(offset, 0);
    offset = NAME(pick)(is_above, 0, offset);
    own = NAME(pick)(is_above, product / sum2, own);
    block_floats error = 0;
    for (int i = 0; i < PART; i++) {
      const block_floats miss = own * trial[i] + offset - x[i], square = miss * miss;
      error += w[i] * square;
    }
    const block_words is_better = NAME(above)(determinant, 0) & NAME(above)(best, error);
    if (!__builtin_reduce_or(is_better)) continue;
    for (int i = 0; i < PART; i++) codes[i] = NAME(pick)(is_better, trial[i], codes[i]);
    best = NAME(pick)(is_better, error, best);
    slope = NAME(pick)(is_better, own, slope);
    low = NAME(pick)(is_better, offset, low);
  }
  *scale = NAME(pick)(is_flat, 0, slope);
  *min = -NAME(pick)(is_flat, flat_min, low);
  for (int i = 0; i < PART; i++) codes[i] = NAME(pick)(is_flat, 0, codes[i]);
}

// A block of q4_K or q5_K from its eight parts, which are lanes lane ... of what was fitted.
INLINE int NAME(put_lines)(const int bits, const float *x, int lane, block_floats fitted_scale, block_floats fitted_min,
                           const block_floats *fitted, uint8_t *b) {
  const float top = (float)((1 << bits) - 1);
  float largest_scale = 0, largest_min = 0;
  for (int part = 0; part < 8; part++) {
    if (fitted_scale[lane + part] > largest_scale) largest_scale = fitted_scale[lane + part];
    if (fitted_min[lane + part] > largest_min) largest_min = fitted_min[lane + part];
  }
  const float d = largest_scale / 63, least = largest_min / 63;
  if (!is_half(d) || !is_half(least)) return 0;
  const float per_scale = largest_scale > 0 ? 63 / largest_scale : 0, per_min = largest_min > 0 ? 63 / largest_min : 0;
  uint8_t *pairs = b + 4;
  memset(pairs, 0, 12);
  for (int part = 0; part < 8; part++) {
    const int scale = (int)fminf(63, rintf(fmaxf(0, per_scale * fitted_scale[lane + part])));
    const int min = (int)fminf(63, rintf(fmaxf(0, per_min * fitted_min[lane + part])));
    if (part < 4) {
      pairs[part] |= (uint8_t)scale;
      pairs[part + 4] |= (uint8_t)min;
    } else {
      pairs[part + 4] = (uint8_t)((scale & 15) | (min & 15) << 4);
      pairs[part - 4] |= (uint8_t)(scale >> 4 << 6);
      pairs[part] |= (uint8_t)(min >> 4 << 6);
    }
  }
  put_half(b, d);
  put_half(b + 2, least);
  block_bytes code[16];
  for (int part = 0; part < 8; part++) {
    int scale, min;
    six_bit_pair(pairs, part, &scale, &min);
    const float step = half_at(b) * (float)scale, offset = half_at(b + 2) * (float)min;
    for (int h = 0; h < 2; h++) {
      if (step != 0) {
        const block_floats q = (NAME(load)(x + PART * part + LANES * h) + offset) / step;
        code[2 * part + h] = NAME(bytes)(NAME(code_of)(q, 0, top));
      } else {
        for (int i = 0; i < LANES; i++) code[2 * part + h][i] = (uint8_t)fitted[LANES * h + i][lane + part];
      }
    }
  }
  uint8_t *codes = b + (bits == 4 ? 16 : 48);
  for (int pair = 0; pair < 4; pair++)
    for (int h = 0; h < 2; h++)
      NAME(put_nibbles)(codes + PART * pair + LANES * h, code[4 * pair + h] & 15, code[4 * pair + 2 + h] & 15);
  if (bits == 5)
    for (int h = 0; h < 2; h++) {
      block_bytes fifth = 0;
      for (int part = 0; part < 8; part++) fifth |= code[2 * part + h] >> 4 << (block_bytes)(uint8_t)part;
      memcpy(b + 16 + LANES * h, &fifth, sizeof fifth);
    }
  return 1;
}

// Two blocks of q4_K or q5_K, or one; returns how many were written before one that can't be.
INLINE int NAME(lines)(const int bits, const float *x, int blocks, uint8_t *b) {
  const float *parts[LANES];
  for (int l = 0; l < LANES; l++) parts[l] = x + PART * (blocks == 2 ? l : l % 8);
  block_floats v[PART], codes[PART], scale, min;
  NAME(turn)(PART, parts, v);
  // ggml's candidates.
  if (bits == 4) NAME(fit_lines)(15, -1.0f, 21, v, &scale, &min, codes);
  else NAME(fit_lines)(31, -0.5f, 16, v, &scale, &min, codes);
  for (int i = 0; i < blocks; i++)
    if (!NAME(put_lines)(bits, x + BLOCK * i, 8 * i, scale, min, codes, b + (bits == 4 ? 144 : 176) * i)) return i;
  return blocks;
}

// For each part the scale of its sixteen weights in codes -32 ... 31: rounded with steps around the one that makes the
// outermost weight -32, the weight of an error being the square of the weight.
INLINE block_floats NAME(fit_scales)(const block_floats *x, block_floats *codes) {
  block_floats size = 0, outermost = 0, wx[LANES], w[LANES];
  for (int i = 0; i < LANES; i++) {
    const block_words is_larger = NAME(above)(NAME(size)(x[i]), size);
    size = NAME(pick)(is_larger, NAME(size)(x[i]), size);
    outermost = NAME(pick)(is_larger, x[i], outermost);
    w[i] = x[i] * x[i];
    wx[i] = w[i] * x[i];
  }
  const block_words is_zero = NAME(above)(1e-15f, size);
  outermost = NAME(pick)(is_zero, 1, outermost);
  block_floats scale = 0, best = 0, trial[LANES];
  for (int s = -10; s <= 9; s++) {
    if (s == 0) continue;
    // First the plain step.
    const block_floats inverse = (s == -10 ? -32.0f : -(32 + 0.1f * (float)s)) / outermost;
    block_floats product = 0, norm = 0;
    for (int i = 0; i < LANES; i++) {
      trial[i] = NAME(code_of)(inverse * x[i], -32, 31);
      product += wx[i] * trial[i];
      norm += w[i] * trial[i] * trial[i];
    }
    block_words is_better = NAME(above)(norm, 0);
    if (s > -10) is_better &= NAME(above)(product * product, best * norm);
    if (s == -10)
      for (int i = 0; i < LANES; i++) codes[i] = trial[i] + 32.0f;
    if (!__builtin_reduce_or(is_better)) continue;
    for (int i = 0; i < LANES; i++) codes[i] = NAME(pick)(is_better, trial[i] + 32.0f, codes[i]);
    scale = NAME(pick)(is_better, product / norm, scale);
    best = NAME(pick)(is_better, scale * product, best);
  }
  for (int i = 0; i < LANES; i++) codes[i] = NAME(pick)(is_zero, 0, codes[i]);
  return NAME(pick)(is_zero, 0, scale);
}

INLINE int NAME(six_bits)(const float *x, uint8_t *b) {
  const float *parts[LANES];
  for (int l = 0; l < LANES; l++) parts[l] = x + LANES * l;
  block_floats v[LANES], fitted[LANES];
  NAME(turn)(LANES, parts, v);
  const block_floats scales = NAME(fit_scales)(v, fitted);
  float largest = 0, outermost = 0;
  for (int part = 0; part < 16; part++) {
    if (!(fabsf(scales[part]) < __builtin_inff())) return 0;  // squares that no float holds
    if (fabsf(scales[part]) > largest) largest = fabsf(scales[part]), outermost = scales[part];
  }
  memset(b, 0, 210);
  if (largest < 1e-15f) return 1;
  const float inverse = -128 / outermost, d = 1 / inverse;
  if (!is_half(d)) return 0;
  put_half(b + 208, d);
  block_bytes code[16];
  for (int part = 0; part < 16; part++) {
    const int scale = (int)fminf(127, rintf(inverse * scales[part]));
    b[192 + part] = (uint8_t)scale;
    const float step = half_at(b + 208) * (float)scale;
    if (step != 0) code[part] = NAME(bytes)(NAME(code_of)(NAME(load)(x + LANES * part) / step, -32, 31) + 32.0f);
    else
      for (int i = 0; i < LANES; i++) code[part][i] = (uint8_t)fitted[i][part];
  }
  for (int half = 0; half < 2; half++)
    for (int h = 0; h < 2; h++) {
      const block_bytes *c = code + 8 * half + h;
      NAME(put_nibbles)(b + 64 * half + LANES * h, c[0] & 15, c[4] & 15);
      NAME(put_nibbles)(b + 64 * half + 32 + LANES * h, c[2] & 15, c[6] & 15);
      const block_bytes upper = c[0] >> 4 | c[2] >> 4 << 2 | c[4] >> 4 << 4 | c[6] >> 4 << 6;
      memcpy(b + 128 + 32 * half + LANES * h, &upper, sizeof upper);
    }
  return 1;
}

// ---- all ------------------------------------------------------------------------------------------------------------

// Blocks in a row, at most two; returns how many were written before one that can't be.
static int NAME(blocks)(mlt_format format, const float *x, int count, uint8_t *b) {
  switch (format) {
  case MLT_Q4_K: return NAME(lines)(4, x, count, b);
  case MLT_Q5_K: return NAME(lines)(5, x, count, b);
  default: break;
  }
  const int64_t size = block_size(format), bytes = block_bytes_of(format);
  for (int i = 0; i < count; i++, x += size, b += bytes) {
    int done;
    switch (format) {
    case MLT_Q4_0: done = NAME(symmetric)(4, x, b); break;
    case MLT_Q5_0: done = NAME(symmetric)(5, x, b); break;
    case MLT_Q4_1: done = NAME(spanning)(4, x, b); break;
    case MLT_Q5_1: done = NAME(spanning)(5, x, b); break;
    case MLT_Q8_0: done = NAME(eight_bits)(x, b); break;
    case MLT_Q6_K: done = NAME(six_bits)(x, b); break;
    default: done = NAME(mxfp4)(x, b);
    }
    if (!done) return i;
  }
  return count;
}

static int64_t NAME(quantize)(mlt_format format, const float *weights, int64_t count, uint8_t *blocks,
                              double errors[2]) {
  const int64_t size = block_size(format), bytes = block_bytes_of(format);
  float stored[BLOCK];
  double miss = 0, square = 0;
  for (int64_t i = 0; i * size < count; i += 2) {
    const int pair = (int)min64(2, count / size - i);
    const float *x = weights + i * size;
    uint8_t *b = blocks + i * bytes;
    for (int j = 0; j < pair; j++)
      if (!NAME(is_finite)(x + j * size, size)) return i + j;
    const int done = NAME(blocks)(format, x, pair, b);
    if (done < pair) return i + done;
    for (int j = 0; j < pair; j++, x += size, b += bytes) {
      const mlt_matrix one = {.values = b, .rows = 1, .columns = size, .row_bytes = bytes, .format = format};
      mlt_expand_row(mlt_kernels_available(0), &one, 0, stored);
      block_floats misses = 0, squares = 0;
      for (int64_t k = 0; k < size; k += LANES) {
        const block_floats w = NAME(load)(x + k), difference = w - NAME(load)(stored + k);
        misses += difference * difference;
        squares += w * w;
      }
      miss += NAME(sum)(misses);
      square += NAME(sum)(squares);
    }
  }
  errors[0] += miss;
  errors[1] += square;
  return -1;
}
