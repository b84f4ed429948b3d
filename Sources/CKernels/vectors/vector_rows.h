// Reductions, and operations over rows. Included once per instruction set, after vector_math.h.
//
// Sums over a row run in LANES partial sums that are added as a tree: the same order for every register width, and
// an error that grows with n / LANES.
#define LANES 32

// The sum of EXPRESSION over i in 0 ..< n, in float and in double.
#define SUM(result, n, EXPRESSION) SUM_AS(float, result, n, EXPRESSION)
#define SUM_DOUBLE(result, n, EXPRESSION) SUM_AS(double, result, n, EXPRESSION)

#define SUM_AS(type, result, n, EXPRESSION)                               \
  type result;                                                            \
  {                                                                       \
    type lane[LANES] = {0};                                               \
    long base = 0;                                                        \
    for (; base + LANES <= (n); base += LANES)                            \
      for (int l = 0; l < LANES; l++) {                                   \
        long i = base + l;                                                \
        lane[l] += EXPRESSION;                                            \
      }                                                                   \
    for (long i = base; i < (n); i++) lane[i - base] += EXPRESSION;       \
    for (int width = LANES / 2; width > 0; width /= 2)                    \
      for (int l = 0; l < width; l++) lane[l] += lane[l + width];         \
    result = lane[0];                                                     \
  }

// The largest value, or NaN if there is one.
static inline float row_max(const float *x, long n) {
  float lane[LANES];
  for (int l = 0; l < LANES; l++) lane[l] = -INFINITY;
  long base = 0;
  for (; base + LANES <= n; base += LANES)
    for (int l = 0; l < LANES; l++) {
      float v = x[base + l];
      lane[l] = v > lane[l] || v != v ? v : lane[l];
    }
  for (long i = base; i < n; i++) {
    float v = x[i];
    lane[i - base] = v > lane[i - base] || v != v ? v : lane[i - base];
  }
  float best = lane[0];
  for (int l = 1; l < LANES; l++) best = lane[l] > best || lane[l] != lane[l] ? lane[l] : best;
  return best;
}

static double sum(const float *x, long n) {
  SUM_DOUBLE(total, n, (double)x[i])
  return total;
}

static double sum_of_squares(const float *x, long n) {
  SUM_DOUBLE(total, n, (double)x[i] * (double)x[i])
  return total;
}

static void reduce_rows(mlt_reduce op, const float *x, long ldx, long rows, long n, float *out) {
  for (long r = 0; r < rows; r++, x += ldx) {
    if (op == mlt_reduce_sum) {
      out[r] = (float)sum(x, n);
    } else if (op == mlt_reduce_max) {
      out[r] = row_max(x, n);
    } else {
      float best = INFINITY;
      for (long i = 0; i < n; i++) best = x[i] < best || x[i] != x[i] ? x[i] : best;
      out[r] = best;
    }
  }
}

static void reduce_columns(mlt_reduce op, const float *x, long ldx, long rows, long n, float *out) {
  enum { STRIP = 64 };
  for (long begin = 0; begin < n; begin += STRIP) {
    long width = n - begin < STRIP ? n - begin : STRIP;
    if (op == mlt_reduce_sum) {
      double total[STRIP] = {0};
      for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) total[c] += (double)x[r * ldx + begin + c];
      for (long c = 0; c < width; c++) out[begin + c] = (float)total[c];
    } else {
      float best[STRIP];
      for (long c = 0; c < width; c++) best[c] = op == mlt_reduce_max ? -INFINITY : INFINITY;
      for (long r = 0; r < rows; r++)
        for (long c = 0; c < width; c++) {
          float v = x[r * ldx + begin + c];
          int better = op == mlt_reduce_max ? v > best[c] : v < best[c];
          best[c] = better || v != v ? v : best[c];
        }
      for (long c = 0; c < width; c++) out[begin + c] = best[c];
    }
  }
}

static void dot_rows(const float *a, long lda, const float *b, long ldb, long rows, long n, float *out) {
  for (long r = 0; r < rows; r++, a += lda, b += ldb) {
    SUM(total, n, a[i] * b[i])
    out[r] = total;
  }
}

// softmax(x) = exp(x - max) / sum. A row that is all -inf has no distribution: it becomes NaN, as in PyTorch.
static void softmax(const float *x, float *out, long rows, long n) {
  for (long r = 0; r < rows; r++, x += n, out += n) {
    float largest = row_max(x, n);
    EACH(i, n) out[i] = exp_float(x[i] - largest);
    SUM(total, n, out[i])
    float inverse = 1.0f / total;
    EACH(i, n) out[i] *= inverse;
  }
}

// dx = y (dy - y . dy)
static void softmax_back(const float *y, const float *dy, float *dx, long rows, long n) {
  for (long r = 0; r < rows; r++, y += n, dy += n, dx += n) {
    SUM(dot, n, y[i] * dy[i])
    EACH(i, n) dx[i] = y[i] * (dy[i] - dot);
  }
}

// log sum exp of a row above its largest value: log sum exp(x) = largest + this.
static inline float log_sum_above(const float *x, long n, float largest) {
  SUM(total, n, exp_float(x[i] - largest))
  return logf(total);
}

static void log_softmax(const float *x, float *out, long rows, long n) {
  for (long r = 0; r < rows; r++, x += n, out += n) {
    float largest = row_max(x, n);
    float above = log_sum_above(x, n, largest);
    EACH(i, n) out[i] = (x[i] - largest) - above;
  }
}

// dx = dy - softmax(x) sum(dy), y = log softmax(x)
static void log_softmax_back(const float *y, const float *dy, float *dx, long rows, long n) {
  for (long r = 0; r < rows; r++, y += n, dy += n, dx += n) {
    SUM(total, n, dy[i])
    EACH(i, n) dx[i] = dy[i] - exp_float(y[i]) * total;
  }
}

static void log_sum_exp(const float *x, float *out, long rows, long n) {
  for (long r = 0; r < rows; r++, x += n) {
    float largest = row_max(x, n);
    // All -inf: the sum of nothing is 0, its logarithm -inf (and not inf - inf).
    out[r] = largest == -INFINITY ? largest : largest + log_sum_above(x, n, largest);
  }
}

static void cross_entropy(const float *x, const int *labels, long rows, long n, double *losses, const float *scales,
                          float *gradient) {
  for (long r = 0; r < rows; r++, x += n) {
    int label = labels[r];
    losses[r] = 0.0;
    if (label >= 0) {
      float largest = row_max(x, n), target = x[label];
      if (gradient) {
        float *dx = gradient + r * n;
        EACH(i, n) dx[i] = exp_float(x[i] - largest);
        SUM(total, n, dx[i])
        float scale = scales ? scales[r] : 1.0f, factor = scale / total;
        EACH(i, n) dx[i] *= factor;
        dx[label] -= scale;
        losses[r] = ((double)largest - (double)target) + log((double)total);
      } else {
        SUM(total, n, exp_float(x[i] - largest))
        losses[r] = ((double)largest - (double)target) + log((double)total);
      }
    } else if (gradient) {
      EACH(i, n) gradient[r * n + i] = 0.0f;
    }
  }
}

static void rms_norm(const float *x, const float *weight, float offset, float epsilon, float *y, float *inverse,
                     long rows, long n) {
  for (long r = 0; r < rows; r++, x += n, y += n) {
    SUM(squares, n, x[i] * x[i])
    float scale = 1.0f / __builtin_elementwise_sqrt(squares / (float)n + epsilon);
    inverse[r] = scale;
    if (weight)
      EACH(i, n) y[i] = x[i] * scale * (offset + weight[i]);
    else
      EACH(i, n) y[i] = x[i] * scale;
  }
}

// With s = 1 / rms and g = dy * w:  dx = s (g - x s^2 mean(g x)),  dw = sum over rows of dy x s.
static void rms_norm_back(const float *x, const float *weight, float offset, const float *inverse, const float *dy,
                          float *dx, float *dweight, long rows, long n) {
  if (dweight)
    EACH(i, n) dweight[i] = 0.0f;
  for (long r = 0; r < rows; r++, x += n, dy += n) {
    float s = inverse[r];
    if (dx) {
      float *out = dx + r * n;
      if (weight) {
        SUM(dot, n, dy[i] * (offset + weight[i]) * x[i])
        float k = s * s * s * dot / (float)n;
        EACH(i, n) out[i] = s * dy[i] * (offset + weight[i]) - k * x[i];
      } else {
        SUM(dot, n, dy[i] * x[i])
        float k = s * s * s * dot / (float)n;
        EACH(i, n) out[i] = s * dy[i] - k * x[i];
      }
    }
    if (dweight)
      EACH(i, n) dweight[i] += dy[i] * x[i] * s;
  }
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, float *y,
                       float *statistics, long rows, long n) {
  for (long r = 0; r < rows; r++, x += n, y += n) {
    SUM(total, n, x[i])
    float mean = total / (float)n;
    SUM(squares, n, (x[i] - mean) * (x[i] - mean))
    float scale = 1.0f / __builtin_elementwise_sqrt(squares / (float)n + epsilon);
    statistics[2 * r] = mean;
    statistics[2 * r + 1] = scale;
    EACH(i, n) y[i] = (x[i] - mean) * scale;
    if (weight)
      EACH(i, n) y[i] *= weight[i];
    if (bias)
      EACH(i, n) y[i] += bias[i];
  }
}

// With s = 1 / deviation, z = (x - mean) s and g = dy * w:  dx = s (g - mean(g) - z mean(g z)),
// dw = sum over rows of dy z,  db = sum over rows of dy.
static void layer_norm_back(const float *x, const float *weight, const float *statistics, const float *dy, float *dx,
                            float *dweight, float *dbias, long rows, long n) {
  if (dweight)
    EACH(i, n) dweight[i] = 0.0f;
  if (dbias)
    EACH(i, n) dbias[i] = 0.0f;
  for (long r = 0; r < rows; r++, x += n, dy += n) {
    float mean = statistics[2 * r], s = statistics[2 * r + 1];
    if (dx) {
      float *out = dx + r * n;
      EACH(i, n) out[i] = weight ? dy[i] * weight[i] : dy[i];
      SUM(total, n, out[i])
      SUM(dot, n, out[i] * (x[i] - mean))
      float a = total / (float)n, b = s * s * dot / (float)n;
      EACH(i, n) out[i] = s * (out[i] - a - (x[i] - mean) * b);
    }
    if (dweight)
      EACH(i, n) dweight[i] += dy[i] * ((x[i] - mean) * s);
    if (dbias)
      EACH(i, n) dbias[i] += dy[i];
  }
}
