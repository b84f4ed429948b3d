// Rotary positions. Included once per instruction set.

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
