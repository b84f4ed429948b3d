// The tile of the blocked product, for a set that says how much of it fills the registers: MR rows of X times VECTORS vectors
// of LANES columns. Included with the set's instructions at hand; the set then defines add_products.
#pragma once
#include "common.h"
#include "kernels.h"

enum { NR = LANES * VECTORS };

typedef float vec __attribute__((ext_vector_type(LANES), aligned(4)));

// Adds the products of a unit of X, the same in all lanes, and one of W.
INLINE vec add_products(vec sum, vec x, vec w);

INLINE void micro(const int rows, int64_t units, const float *x, const float *panel, float *y, int64_t ldy,
                  int32_t add) {
  vec sums[MR * VECTORS];
  UNROLL for (int i = 0; i < rows * VECTORS; i++) sums[i] = 0.0f;
  for (int64_t k = 0; k < units; k++, x += rows, panel += NR) {
    vec w[VECTORS];
    UNROLL for (int j = 0; j < VECTORS; j++) w[j] = *(const vec *)(panel + LANES * j);
    UNROLL for (int i = 0; i < rows; i++)
      UNROLL for (int j = 0; j < VECTORS; j++) sums[i * VECTORS + j] = add_products(sums[i * VECTORS + j], x[i], w[j]);
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < VECTORS; j++) {
      vec *out = (vec *)(y + i * ldy + LANES * j);
      *out = add ? *out + sums[i * VECTORS + j] : sums[i * VECTORS + j];
    }
}

// Columns of f32, one k in a lane: as they lie.
INLINE void lay_floats(const float *in, int64_t count, int64_t stride, float *out) {
  for (int64_t n = 0; n < count; n += NR, out += stride) {
    if (n + NR <= count) memcpy(out, in + n, NR * sizeof(float));
    else
      for (int64_t j = 0; j < NR; j++) out[j] = n + j < count ? in[n + j] : 0;
  }
}
