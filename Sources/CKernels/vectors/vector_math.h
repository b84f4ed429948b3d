// Elementary functions that a compiler can vectorize: no branches, no tables, no errno. Included once per
// instruction set. Errors were measured over all floats in the given range against the double functions.
#pragma once
#include <math.h>
#include <string.h>

// A loop over the elements of arrays, of which some may be one and the same. Without the promise that no turn reads what
// another wrote, the compiler checks whether arrays overlap, and leaves those that do to scalar code.
#define EACH(i, n) _Pragma("clang loop vectorize(assume_safety)") for (long i = 0; i < (n); i++)

static inline float from_bits(unsigned bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static inline unsigned to_bits(float x) {
  unsigned bits;
  memcpy(&bits, &x, 4);
  return bits;
}

// exp(x): 2^n * p(r), n = round(x / ln 2), |r| <= ln 2 / 2, p of degree 6 (minimax, relative). At most 1.5 ulp. Results
// below 2^-125 are 0: past them lie the subnormal numbers, whose arithmetic is a hundred times slower. Overflow is
// infinity, NaN stays.
static inline float exp_float(float x) {
  const float least = -86.64f;  // > -125 ln 2, so n >= -125 and 2^(n - 1) is a normal number
  float clamped = x < least ? least : x;
  clamped = clamped > 89.0f ? 89.0f : clamped;
  const float shift = 12582912.0f;  // 1.5 * 2^23: adding it leaves the rounded integer in the low bits
  float shifted = clamped * 1.442695041f + shift;
  float n = shifted - shift;
  unsigned exponent = to_bits(shifted) - to_bits(shift);
  float r = clamped - n * 0.693359375f;  // ln 2 in two parts (Cody and Waite): n times the first is exact
  r = r - n * -2.12194440e-4f;
  float p = 1.381431838e-3f;
  p = p * r + 8.368851279e-3f;
  p = p * r + 4.166840113e-2f;
  p = p * r + 1.666651952e-1f;
  p = p * r + 4.999999337e-1f;
  p = p * (r * r) + r;
  p = p + 1.0f;
  // Half of 2^n, so that n = 128 has a representation.
  float power = from_bits((exponent + 126) << 23);
  return x < least ? 0.0f : (p + p) * power;
}

static inline float sigmoid_float(float x) { return 1.0f / (1.0f + exp_float(-x)); }

// tanh(x): an odd polynomial below 0.625, else 1 - 2 / (exp(2 |x|) + 1). Coefficients: Cephes, tanhf.c (S. Moshier).
static inline float tanh_float(float x) {
  float a = fabsf(x);
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s + -5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s + -3.33332819422e-1f;
  float small = p * s * x + x;
  float large = copysignf(1.0f - 2.0f / (exp_float(2.0f * a) + 1.0f), x);
  return a < 0.625f ? small : large;
}

// erf(x): x + x q(x^2) below 0.9277, else 1 - exp(-polynomial of |x|). Coefficients: N. Juffa, "A faster and more
// accurate erff()" (2-clause BSD).
static inline float erf_float(float x) {
  float t = fabsf(x);
  float s = x * x;
  float u = -1.72853470e-5f * t + 3.83197126e-4f;
  float v = -3.88396438e-3f * t + 2.42546219e-2f;
  u = u * s + v;
  u = u * t + -1.06777877e-1f;
  u = u * t + -6.34846687e-1f;
  u = u * t + -1.28717512e-1f;
  u = u * t - t;
  float large = copysignf(1.0f - exp_float(u), x);
  float q = -5.96761703e-4f;
  q = q * s + 4.99119423e-3f;
  q = q * s + -2.67681349e-2f;
  q = q * s + 1.12819925e-1f;
  q = q * s + -3.76125336e-1f;
  q = q * s + 1.28379166e-1f;
  float small = q * x + x;
  return t > 0.927734375f ? large : small;
}
