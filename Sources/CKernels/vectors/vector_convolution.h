// Causal convolutions of each channel over rows, forward and backward. Included once per instruction set.
//
// Taps are [taps, channels], the last one belongs to the row itself. Channels go in strips, so that the sums of a row stay
// in registers and the nearest cache.
#define CONVOLUTION_STRIP 128

// The sum over the taps that reach a row: rows that begin `before` rows after their document's first.
static void convolve(const float *x, long before, const float *taps, const float *bias, long count, float *y, long rows,
                     long n) {
  for (long begin = 0; begin < n; begin += CONVOLUTION_STRIP) {
    long width = n - begin < CONVOLUTION_STRIP ? n - begin : CONVOLUTION_STRIP;
    for (long r = 0; r < rows; r++) {
      float sum[CONVOLUTION_STRIP];
      for (long c = 0; c < width; c++) sum[c] = bias ? bias[begin + c] : 0.0f;
      long reach = before + r < count - 1 ? before + r : count - 1;
      for (long back = reach; back >= 0; back--) {
        const float *w = taps + (count - 1 - back) * n + begin, *v = x + (r - back) * n + begin;
        for (long c = 0; c < width; c++) sum[c] += w[c] * v[c];
      }
      float *out = y + r * n + begin;
      for (long c = 0; c < width; c++) out[c] = sum[c];
    }
  }
}

// dx[r] = sum over later rows of the document within reach: dy[r + j] * taps[count - 1 - j].
static void convolve_back(const float *dy, long after, const float *taps, long count, float *dx, long rows, long n) {
  for (long begin = 0; begin < n; begin += CONVOLUTION_STRIP) {
    long width = n - begin < CONVOLUTION_STRIP ? n - begin : CONVOLUTION_STRIP;
    for (long r = 0; r < rows; r++) {
      float sum[CONVOLUTION_STRIP] = {0};
      long left = rows - 1 - r + after, reach = left < count - 1 ? left : count - 1;
      for (long ahead = 0; ahead <= reach; ahead++) {
        const float *w = taps + (count - 1 - ahead) * n + begin, *v = dy + (r + ahead) * n + begin;
        for (long c = 0; c < width; c++) sum[c] += w[c] * v[c];
      }
      float *out = dx + r * n + begin;
      for (long c = 0; c < width; c++) out[c] = sum[c];
    }
  }
}

// dtaps[count - 1 - j] += sum over rows of dy[r] * x[r - j], dbias += sum over rows of dy[r].
static void convolve_taps(const float *x, long before, const float *dy, long count, float *dtaps, float *dbias, long rows,
                          long n) {
  for (long r = 0; r < rows; r++) {
    const float *d = dy + r * n;
    long reach = before + r < count - 1 ? before + r : count - 1;
    for (long back = 0; back <= reach; back++) {
      const float *v = x + (r - back) * n;
      float *out = dtaps + (count - 1 - back) * n;
      EACH(c, n) out[c] += d[c] * v[c];
    }
    if (dbias)
      EACH(c, n) dbias[c] += d[c];
  }
}
