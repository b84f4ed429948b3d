// The vector kernels as this compiler made them, beside the C library in double precision. There is one set on arm64, so
// the checks of x86 against the portable one say nothing about it.
#include "check.h"
#include "mlt_vector.h"

static double unary(mlt_unary f, double x) {
  switch (f) {
    case mlt_unary_negate: return -x;
    case mlt_unary_exp: return exp(x);
    case mlt_unary_log: return log(x);
    case mlt_unary_sqrt: return sqrt(x);
    case mlt_unary_rsqrt: return 1 / sqrt(x);
    case mlt_unary_tanh: return tanh(x);
    case mlt_unary_sigmoid: return 1 / (1 + exp(-x));
    case mlt_unary_silu: return x / (1 + exp(-x));
    case mlt_unary_relu: return x > 0 ? x : 0;
    case mlt_unary_relu_squared: return x > 0 ? x * x : 0;
    case mlt_unary_softplus: return fmax(x, 0) + log1p(exp(-fabs(x)));
    case mlt_unary_abs: return fabs(x);
    case mlt_unary_gelu_erf: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case mlt_unary_gelu_tanh: return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  }
  return NAN;
}

static void check_set(const mlt_vector_kernels *set) {
  const int before = failures;
  enum { COUNT = 1037 };
  uint64_t state = 5;
  float *x = random_floats(COUNT, &state), *y = malloc(4 * COUNT), *expected = malloc(4 * COUNT);
  for (int f = mlt_unary_negate; f <= mlt_unary_relu_squared; f++) {
    const int positive = f == mlt_unary_log || f == mlt_unary_sqrt || f == mlt_unary_rsqrt;
    for (int i = 0; i < COUNT; i++) x[i] = positive ? 0.1f + fabsf(random_float(&state)) : 8 * random_float(&state);
    for (int i = 0; i < COUNT; i++) expected[i] = (float)unary((mlt_unary)f, x[i]);
    set->unary((mlt_unary)f, x, y, COUNT);
    // The approximations are good to a few units in the last place of the largest value.
    CHECK(difference(y, expected, COUNT) < 2e-6, "%s: unary %d: %g", set->name, f, difference(y, expected, COUNT));
  }
  double sum = 0;
  for (int i = 0; i < COUNT; i++) sum += x[i];
  CHECK(fabs(set->sum(x, COUNT) - sum) < 1e-9, "%s: sum", set->name);
  const long rows = 7, n = COUNT / 7;
  float inverse[7];
  set->rms_norm(x, NULL, 0, 1e-6f, y, inverse, rows, n);
  for (long r = 0; r < rows; r++) {
    double squares = 0;
    for (long i = 0; i < n; i++) squares += (double)x[r * n + i] * x[r * n + i];
    for (long i = 0; i < n; i++) expected[r * n + i] = (float)(x[r * n + i] / sqrt(squares / n + 1e-6));
  }
  CHECK(difference(y, expected, rows * n) < 2e-6, "%s: RMSNorm", set->name);
  enum { TAPS = 3 };
  set->convolve(x, 0, x, NULL, TAPS, y, rows, n);
  for (long i = 0; i < rows * n; i++) {
    double total = 0;
    for (long j = 0; j < TAPS && j <= i / n; j++) total += (double)x[(TAPS - 1 - j) * n + i % n] * x[i - j * n];
    expected[i] = (float)total;
  }
  CHECK(difference(y, expected, rows * n) < 2e-6, "%s: convolution", set->name);
  double sums[7];
  float grown[7], left[7], scores[49];
  for (int i = 0; i < 7; i++) y[i] = -fabsf(x[i]) / 8;
  set->decay_sums(y, 1, 7, sums, grown, left);
  set->decay_scores(x, sums, NULL, 0, 1, 7, scores);
  for (int i = 0; i < 49; i++) expected[i] = i % 7 < i / 7 ? (float)(exp(sums[i / 7] - sums[i % 7]) * x[i]) : 0;
  CHECK(difference(scores, expected, 49) < 2e-6, "%s: decayed scores", set->name);
  free(x), free(y), free(expected);
  printf("vectors, %s beside double precision: %s\n", set->name, failures > before ? "differ" : "agree");
}

void check_vectors(void) {
  for (int i = 0; mlt_vector_kernels_available(i); i++) check_set(mlt_vector_kernels_available(i));
}
