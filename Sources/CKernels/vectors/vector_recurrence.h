// The parts of a gated recurrence that are no matrix products, on the rows of one chunk. Included once per instruction set,
// after vector_rows.h. What they are parts of is told in Recurrence.swift.

// sums[i] = decay[0] + ... + decay[i], in double, since later it is differences of them that count; grown = e^sums;
// left[i] = e^(sums[n - 1] - sums[i]).
static void decay_sums(const float *decay, long stride, long n, double *sums, float *grown, float *left) {
  double sum = 0.0;
  for (long i = 0; i < n; i++) {
    sum += (double)decay[i * stride];
    sums[i] = sum;
  }
  EACH(i, n) grown[i] = exp_float((float)sums[i]);
  EACH(i, n) left[i] = exp_float((float)(sum - sums[i]));
}

// out[r, j] = steps[r] * e^(sums[r] - sums[j]) * scores[r, j] for j < r, or j <= r unless `strict`; 0 for later j. No steps
// mean 1. out may be scores.
static void decay_scores(const float *scores, const double *sums, const float *steps, long stride, int strict, long n,
                         float *out) {
  for (long r = 0; r < n; r++, scores += n, out += n) {
    long seen = strict ? r : r + 1;
    float step = steps ? steps[r * stride] : 1.0f;
    double sum = sums[r];
    EACH(j, seen) out[j] = step * exp_float((float)(sum - sums[j])) * scores[j];
    for (long j = seen; j < n; j++) out[j] = 0.0f;
  }
}

// Going back through decay_scores: gradient, the one of `out`, becomes the one of `scores`; dsums and dsteps are added to.
static void decay_scores_back(const float *scores, const double *sums, const float *steps, long stride, int strict, long n,
                              float *gradient, float *dsums, float *dsteps, long dstride) {
  for (long r = 0; r < n; r++, scores += n, gradient += n) {
    long seen = strict ? r : r + 1;
    float step = steps ? steps[r * stride] : 1.0f;
    double sum = sums[r];
    EACH(j, seen) gradient[j] *= exp_float((float)(sum - sums[j]));
    SUM(total, seen, gradient[i] * scores[i])
    EACH(j, seen) {
      float g = step * gradient[j];
      dsums[j] -= g * scores[j];
      gradient[j] = g;
    }
    dsums[r] += step * total;
    if (dsteps) dsteps[r * dstride] += total;
    for (long j = seen; j < n; j++) gradient[j] = 0.0f;
  }
}

// y[r] = factors[r] * x[r]; y may be x.
static void scale_rows(const float *x, long ldx, const float *factors, long stride, float *y, long ldy, long rows, long n) {
  for (long r = 0; r < rows; r++, x += ldx, y += ldy) {
    float factor = factors[r * stride];
    EACH(c, n) y[c] = factor * x[c];
  }
}

// out[r] = x[r] - factors[r] * y[r]; out may be y.
static void subtract_rows(const float *x, long ldx, const float *factors, const float *y, float *out, long rows, long n) {
  for (long r = 0; r < rows; r++, x += ldx, y += n, out += n) {
    float factor = factors[r];
    EACH(c, n) out[c] = x[c] - factor * y[c];
  }
}

// Solves (1 + L) u = u for the strictly lower part of L [n, n], or (1 + L)^T u = u, in place: u [n, width].
static void solve_rows(const float *lower, int transposed, float *u, long n, long width) {
  for (long k = 0; k < n; k++) {
    long i = transposed ? n - 1 - k : k;
    float *row = u + i * width;
    long first = transposed ? i + 1 : 0, end = transposed ? n : i;
    for (long j = first; j < end; j++) {
      float factor = transposed ? lower[j * n + i] : lower[i * n + j];
      const float *other = u + j * width;
      EACH(c, width) row[c] -= factor * other[c];
    }
  }
}
