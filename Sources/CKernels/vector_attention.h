// Rotary positions and the inner part of attention. Included once per instruction set, after vector_rows.h.

// Su et al. 2021, "RoFormer" (arXiv:2104.09864), equation 34: (a, b) -> (a cos - b sin, b cos + a sin).
static void rotate(const float *x, float *y, long rows, long heads, long dim, const int *positions,
                   const float *cosines, const float *sines, long pairs, int interleaved, int inverse) {
  for (long r = 0; r < rows; r++) {
    const float *c = cosines + positions[r] * pairs, *s = sines + positions[r] * pairs;
    float sign = inverse ? -1.0f : 1.0f;
    for (long h = 0; h < heads; h++, x += dim, y += dim) {
      if (interleaved) {
        for (long i = 0; i < pairs; i++) {
          float a = x[2 * i], b = x[2 * i + 1], t = sign * s[i];
          y[2 * i] = a * c[i] - b * t;
          y[2 * i + 1] = b * c[i] + a * t;
        }
      } else {
        for (long i = 0; i < pairs; i++) {
          float a = x[i], b = x[i + pairs], t = sign * s[i];
          y[i] = a * c[i] - b * t;
          y[i + pairs] = b * c[i] + a * t;
        }
      }
      for (long i = 2 * pairs; i < dim; i++) y[i] = x[i];
    }
  }
}

// The columns that row i sees, cut to 0 ..< columns.
static inline void seen(mlt_band band, long i, long columns, long *first, long *last) {
  long a = band.first + i * band.first_step, b = band.last + i * band.last_step;
  *first = a < 0 ? 0 : a > columns ? columns : a;
  *last = b > columns ? columns : b < *first ? *first : b;
}

// Milakov and Gimelshein 2018, "Online normalizer calculation for softmax" (arXiv:1805.02867); Dao 2023,
// "FlashAttention-2" (arXiv:2307.08691), algorithm 1, lines 8 to 10.
static void attend(float *scores, long ld, long rows, long columns, mlt_band band, float cap, float *maxima,
                   float *totals, float *out, long ldo, long dim) {
  for (long r = 0; r < rows; r++) {
    float *x = scores + r * ld;
    long first, last;
    seen(band, r, columns, &first, &last);
    long n = last - first;
    for (long i = 0; i < first; i++) x[i] = 0.0f;
    for (long i = last; i < columns; i++) x[i] = 0.0f;
    if (n == 0) continue;
    float *p = x + first;
    if (cap > 0.0f) softcap(p, cap, p, n);
    float largest = row_max(p, n);
    if (largest > maxima[r]) {
      float correction = exp_float(maxima[r] - largest);
      maxima[r] = largest;
      totals[r] *= correction;
      float *o = out + r * ldo;
      for (long i = 0; i < dim; i++) o[i] *= correction;
    }
    largest = maxima[r];
    for (long i = 0; i < n; i++) p[i] = exp_float(p[i] - largest);
    SUM(total, n, p[i])
    totals[r] += total;
  }
}

// Dao 2023, algorithm 2, lines 11 to 14: P = exp(S - lse), dS = P (dP - delta).
static void attend_back(float *scores, float *dp, long ld, long rows, long columns, mlt_band band, float cap,
                        const float *lse, const float *delta) {
  float inverse = cap > 0.0f ? 1.0f / cap : 0.0f;
  for (long r = 0; r < rows; r++) {
    float *x = scores + r * ld, *d = dp + r * ld;
    long first, last;
    seen(band, r, columns, &first, &last);
    for (long i = 0; i < first; i++) x[i] = d[i] = 0.0f;
    for (long i = last; i < columns; i++) x[i] = d[i] = 0.0f;
    if (cap > 0.0f) {
      for (long i = first; i < last; i++) {
        float t = tanh_float(x[i] * inverse), p = exp_float(cap * t - lse[r]);
        x[i] = p;
        d[i] = p * (d[i] - delta[r]) * (1.0f - t * t);
      }
    } else {
      for (long i = first; i < last; i++) {
        float p = exp_float(x[i] - lse[r]);
        x[i] = p;
        d[i] = p * (d[i] - delta[r]);
      }
    }
  }
}
