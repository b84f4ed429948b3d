// Products in which one size is small, as the rank of an adapter is. They are bound by reading and writing the large
// operand, so it is passed over once, and tiles of sums stay in registers. Included once per instruction set, after vector_tiles.h.
//
// A tile's sizes are arguments that are constants after inlining. An element is summed in one order, whatever the tile
// it lies in.
enum {
  THIN_WIDE = VECTOR_LANES == 16,  // 32 registers
  THIN_DOT_ROWS = THIN_WIDE ? 4 : 2,
  THIN_DOT_RANK = 4,
  THIN_ADD_ROWS = THIN_WIDE ? 8 : 4,
  THIN_OUTER_RANK = THIN_WIDE ? 8 : 4,
  THIN_OUTER_ROWS = 32,  // rows between two visits of the sums; as many rows of y stay in the second-level cache
};

INLINE void thin_dot_tile(const int height, const int width, const float *x, long ldx, const float *a, long lda,
                               long n, float scale, float *t, long ldt) {
  vec sum[THIN_DOT_ROWS][THIN_DOT_RANK];
  for (int i = 0; i < height; i++)
    for (int r = 0; r < width; r++) sum[i][r] = (vec)0.0f;
  long k = 0;
  for (; k + VECTOR_LANES <= n; k += VECTOR_LANES)
    for (int i = 0; i < height; i++)
      for (int r = 0; r < width; r++) sum[i][r] += load(x + i * ldx + k) * load(a + r * lda + k);
  for (int i = 0; i < height; i++)
    for (int r = 0; r < width; r++) {
      float rest = 0.0f;
      for (long l = k; l < n; l++) rest += x[i * ldx + l] * a[r * lda + l];
      float lane[VECTOR_LANES];
      store(lane, sum[i][r]);
      for (int half = VECTOR_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
      t[i * ldt + r] = scale * (lane[0] + rest);
    }
}

static void thin_dot(const float *x, long ldx, const float *a, long lda, long rows, long n, long rank, float scale,
                     float *t, long ldt) {
  long i = 0;
  for (; i + THIN_DOT_ROWS <= rows; i += THIN_DOT_ROWS, x += THIN_DOT_ROWS * ldx, t += THIN_DOT_ROWS * ldt) {
    long r = 0;
    for (; r + THIN_DOT_RANK <= rank; r += THIN_DOT_RANK)
      thin_dot_tile(THIN_DOT_ROWS, THIN_DOT_RANK, x, ldx, a + r * lda, lda, n, scale, t + r, ldt);
    for (; r < rank; r++) thin_dot_tile(THIN_DOT_ROWS, 1, x, ldx, a + r * lda, lda, n, scale, t + r, ldt);
  }
  for (; i < rows; i++, x += ldx, t += ldt)
    for (long r = 0; r < rank; r++) thin_dot_tile(1, 1, x, ldx, a + r * lda, lda, n, scale, t + r, ldt);
}

// Two vectors of columns.
INLINE void thin_add_tile(const int height, const float *t, long ldt, const float *a, long lda, long rank,
                               float *y, long ldy) {
  vec first[THIN_ADD_ROWS], second[THIN_ADD_ROWS];
  for (int i = 0; i < height; i++) first[i] = second[i] = (vec)0.0f;
  for (long r = 0; r < rank; r++)
    for (int i = 0; i < height; i++) {
      const float factor = t[i * ldt + r];
      first[i] += factor * load(a + r * lda);
      second[i] += factor * load(a + r * lda + VECTOR_LANES);
    }
  for (int i = 0; i < height; i++) {
    store(y + i * ldy, load(y + i * ldy) + first[i]);
    store(y + i * ldy + VECTOR_LANES, load(y + i * ldy + VECTOR_LANES) + second[i]);
  }
}

static void thin_add(const float *t, long ldt, const float *a, long lda, long rows, long n, long rank, float *y,
                     long ldy) {
  const long whole = n / (2 * VECTOR_LANES) * (2 * VECTOR_LANES);
  for (long i = 0; i < rows;) {
    const long height = rows - i < THIN_ADD_ROWS ? 1 : THIN_ADD_ROWS;
    for (long j = 0; j < whole; j += 2 * VECTOR_LANES) {
      if (height == 1) thin_add_tile(1, t + i * ldt, ldt, a + j, lda, rank, y + i * ldy + j, ldy);
      else thin_add_tile(THIN_ADD_ROWS, t + i * ldt, ldt, a + j, lda, rank, y + i * ldy + j, ldy);
    }
    for (long row = i; row < i + height; row++)
      for (long j = whole; j < n; j++) {
        float sum = 0.0f;
        for (long r = 0; r < rank; r++) sum += t[row * ldt + r] * a[r * lda + j];
        y[row * ldy + j] += sum;
      }
    i += height;
  }
}

INLINE void thin_outer_tile(const int width, const float *t, long ldt, const float *y, long ldy, long rows,
                                 float *g, long ldg) {
  vec first[THIN_OUTER_RANK], second[THIN_OUTER_RANK];
  for (int r = 0; r < width; r++) {
    first[r] = load(g + r * ldg);
    second[r] = load(g + r * ldg + VECTOR_LANES);
  }
  for (long i = 0; i < rows; i++) {
    const vec a = load(y + i * ldy), b = load(y + i * ldy + VECTOR_LANES);
    for (int r = 0; r < width; r++) {
      first[r] += t[i * ldt + r] * a;
      second[r] += t[i * ldt + r] * b;
    }
  }
  for (int r = 0; r < width; r++) {
    store(g + r * ldg, first[r]);
    store(g + r * ldg + VECTOR_LANES, second[r]);
  }
}

static void thin_outer(const float *t, long ldt, const float *y, long ldy, long rows, long n, long rank, float *g,
                       long ldg) {
  const long whole = n / (2 * VECTOR_LANES) * (2 * VECTOR_LANES);
  for (long begin = 0; begin < rows; begin += THIN_OUTER_ROWS, t += THIN_OUTER_ROWS * ldt, y += THIN_OUTER_ROWS * ldy) {
    const long count = rows - begin < THIN_OUTER_ROWS ? rows - begin : THIN_OUTER_ROWS;
    for (long j = 0; j < whole; j += 2 * VECTOR_LANES) {
      long r = 0;
      for (; r + THIN_OUTER_RANK <= rank; r += THIN_OUTER_RANK)
        thin_outer_tile(THIN_OUTER_RANK, t + r, ldt, y + j, ldy, count, g + r * ldg + j, ldg);
      for (; r < rank; r++) thin_outer_tile(1, t + r, ldt, y + j, ldy, count, g + r * ldg + j, ldg);
    }
    for (long j = whole; j < n; j++)
      for (long r = 0; r < rank; r++) {
        float sum = g[r * ldg + j];
        for (long i = 0; i < count; i++) sum += t[i * ldt + r] * y[i * ldy + j];
        g[r * ldg + j] = sum;
      }
  }
}
