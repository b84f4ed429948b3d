// Elementwise kernels. Included once per instruction set, after vector_math.h.
//
// One row per function: its value from x, and its derivative from x and y = f(x). Adding a function is adding a row
// here and a case to mlt_unary.
#define GELU_TANH_SLOPE 0.7978845608f  // sqrt(2 / pi); Hendrycks and Gimpel 2016, arXiv:1606.08415
#define GELU_TANH_CUBE 0.044715f

#define UNARY_TABLE(ROW)                                                                     \
  ROW(mlt_unary_negate, -x, -1.0f)                                                                 \
  ROW(mlt_unary_exp, exp_float(x), y)                                                              \
  ROW(mlt_unary_log, logf(x), 1.0f / x)                                                            \
  ROW(mlt_unary_sqrt, __builtin_elementwise_sqrt(x), 0.5f / y)                                     \
  ROW(mlt_unary_rsqrt, 1.0f / __builtin_elementwise_sqrt(x), -0.5f * y / x)                        \
  ROW(mlt_unary_tanh, tanh_float(x), 1.0f - y * y)                                                 \
  ROW(mlt_unary_sigmoid, sigmoid_float(x), y * (1.0f - y))                                         \
  ROW(mlt_unary_silu, x * sigmoid_float(x), silu_slope(x))                                         \
  ROW(mlt_unary_relu, x > 0.0f ? x : x != x ? x : 0.0f, x > 0.0f ? 1.0f : 0.0f)                    \
  ROW(mlt_unary_relu_squared, x > 0.0f ? x * x : x != x ? x : 0.0f, x > 0.0f ? 2.0f * x : 0.0f)    \
  ROW(mlt_unary_softplus, (x > 0.0f ? x : 0.0f) + log1pf(exp_float(-fabsf(x))), sigmoid_float(x))  \
  ROW(mlt_unary_abs, fabsf(x), x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f)                          \
  ROW(mlt_unary_gelu_erf, 0.5f * x * (1.0f + erf_float(x * 0.7071067812f)), gelu_erf_slope(x))     \
  ROW(mlt_unary_gelu_tanh, 0.5f * x * (1.0f + tanh_float(gelu_tanh_argument(x))), gelu_tanh_slope(x))

static inline float silu_slope(float x) {
  float s = sigmoid_float(x);
  return s * (1.0f + x * (1.0f - s));
}

// d/dx x Phi(x) = Phi(x) + x phi(x)
static inline float gelu_erf_slope(float x) {
  return 0.5f * (1.0f + erf_float(x * 0.7071067812f)) + x * 0.3989422804f * exp_float(-0.5f * x * x);
}

static inline float gelu_tanh_argument(float x) { return GELU_TANH_SLOPE * (x + GELU_TANH_CUBE * x * x * x); }

static inline float gelu_tanh_slope(float x) {
  float t = tanh_float(gelu_tanh_argument(x));
  return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * GELU_TANH_SLOPE * (1.0f + 3.0f * GELU_TANH_CUBE * x * x);
}

static void unary(mlt_unary op, const float *x_, float *y_, long n) {
#define ROW(name, value, slope)            \
  case name:                               \
    for (long i = 0; i < n; i++) {         \
      float x = x_[i];                     \
      y_[i] = value;                       \
    }                                      \
    return;
  switch (op) { UNARY_TABLE(ROW) }
#undef ROW
}

static void unary_back(mlt_unary op, const float *x_, const float *y_, const float *dy, float *dx, long n) {
#define ROW(name, value, slope)              \
  case name:                                 \
    for (long i = 0; i < n; i++) {           \
      float x = x_[i], y = y_[i];            \
      (void)x, (void)y;                      \
      dx[i] = dy[i] * (slope);               \
    }                                        \
    return;
  switch (op) { UNARY_TABLE(ROW) }
#undef ROW
}

static void gated(mlt_unary op, const float *gate, const float *up, float *out, long n) {
#define ROW(name, value, slope)            \
  case name:                               \
    for (long i = 0; i < n; i++) {         \
      float x = gate[i];                   \
      out[i] = (value) * up[i];            \
    }                                      \
    return;
  switch (op) { UNARY_TABLE(ROW) }
#undef ROW
}

// dup may be dy. Not all of the table can be vectorized: logf and log1pf cannot.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"
static void gated_back(mlt_unary op, const float *gate, const float *up, const float *dy, float *dgate, float *dup,
                       long n) {
#define ROW(name, value, slope)              \
  case name:                                 \
    EACH(i, n) {                             \
      float x = gate[i], y = value, d = dy[i]; \
      dgate[i] = d * up[i] * (slope);        \
      dup[i] = d * y;                        \
    }                                        \
    return;
  switch (op) { UNARY_TABLE(ROW) }
#undef ROW
}
#pragma clang diagnostic pop

static void binary(mlt_binary op, const float *a_, long a_step, const float *b_, long b_step, float *y, long n) {
  // The three forms are loops of their own, so that each vectorizes.
#define LOOP(A, B, value)          \
  for (long i = 0; i < n; i++) {   \
    float a = A, b = B;            \
    y[i] = value;                  \
  }
#define ROW(name, value)                                       \
  case name:                                                   \
    if (a_step == 0) { float first = a_[0]; LOOP(first, b_[i * b_step], value) }      \
    else if (b_step == 0) { float second = b_[0]; LOOP(a_[i], second, value) }        \
    else LOOP(a_[i], b_[i], value)                             \
    return;
  switch (op) {
    ROW(mlt_binary_add, a + b)
    ROW(mlt_binary_subtract, a - b)
    ROW(mlt_binary_multiply, a * b)
    ROW(mlt_binary_divide, a / b)
    ROW(mlt_binary_power, powf(a, b))
    ROW(mlt_binary_maximum, a != a ? a : a > b ? a : b)
    ROW(mlt_binary_maximum_share, a > b ? 1.0f : a < b ? 0.0f : 0.5f)
    ROW(mlt_binary_equal, a == b ? 1.0f : 0.0f)
    ROW(mlt_binary_power_slope, a == 0.0f ? 0.0f : powf(a, b) * logf(a))
  }
#undef ROW
#undef LOOP
}

static void affine(const float *x, float scale, float offset, float *y, long n) {
  EACH(i, n) y[i] = scale * x[i] + offset;
}

static void choose(const float *mask, const float *a, const float *b, float *y, long n) {
  EACH(i, n) y[i] = mask[i] != 0.0f ? a[i] : b[i];
}

static void drop(const float *x, unsigned long key, long start, float probability, float scale, float *y, long n) {
  EACH(i, n) {
    unsigned long z = key + (unsigned long)(start + i + 1) * 0x9E3779B97F4A7C15ul;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
    z ^= z >> 31;
    y[i] = (float)(int)(z >> 40) * 0x1p-24f < probability ? 0.0f : x[i] * scale;
  }
}

static void accumulate(const float *x, float scale, float *y, long n) {
  EACH(i, n) y[i] += scale * x[i];
}

static void clamp(const float *x, float low, float high, float *y, long n) {
  EACH(i, n) {
    float v = x[i] < low ? low : x[i];
    y[i] = v > high ? high : v;
  }
}

static void clamp_back(const float *x, const float *dy, float low, float high, float *dx, long n) {
  EACH(i, n) dx[i] = x[i] >= low && x[i] <= high ? dy[i] : 0.0f;
}

static void adam(const mlt_adam *constants, float *restrict p, const float *restrict g, float *restrict m,
                 float *restrict v, long n) {
  const mlt_adam c = *constants;
  EACH(i, n) {
    float slope = g[i] * c.gradient_scale + c.penalty * p[i];
    float mean = m[i] + c.mean_rate * (slope - m[i]);
    float square = v[i] * c.square_kept + c.square_rate * slope * slope;
    m[i] = mean;
    v[i] = square;
    p[i] = p[i] * c.kept - c.step_size * (mean / (__builtin_elementwise_sqrt(square) / c.root + c.epsilon));
  }
}

static void softcap(const float *x, float cap, float *y, long n) {
  float inverse = 1.0f / cap;
  EACH(i, n) y[i] = cap * tanh_float(x[i] * inverse);
}

static void softcap_back(const float *y, const float *dy, float cap, float *dx, long n) {
  float inverse = 1.0f / cap;
  EACH(i, n) {
    float t = y[i] * inverse;
    dx[i] = dy[i] * (1.0f - t * t);
  }
}
