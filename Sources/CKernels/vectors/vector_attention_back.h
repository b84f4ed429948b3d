// Attention, backward: Dao 2023, algorithm 2, over the panels of vector_attention.h, after which it is included. With
// P = softmax(S) and delta = rowsum(dO * O):
//   dV = P^T dO,  dP = dO V^T,  dS = P * (dP - delta),  dQ = scale dS K,  dK = scale dS^T Q.

// scores become probabilities 2^(score - lse), dp becomes dL/dscore before the cap.
INLINE void soften_back(const int vectors, float *scores, float *dp, long keys, float cap, const float *lse,
                        const float *delta) {
  vec l[TILE_VECTORS], d[TILE_VECTORS];
  UNROLL for (int j = 0; j < vectors; j++) {
    l[j] = load(lse + VECTOR_LANES * j);
    d[j] = load(delta + VECTOR_LANES * j);
  }
  const float inverse = cap > 0.0f ? 1.0f / cap : 0.0f;
  for (long k = 0; k < keys; k++)
    UNROLL for (int j = 0; j < vectors; j++) {
      float *s = scores + k * PANEL + VECTOR_LANES * j, *g = dp + k * PANEL + VECTOR_LANES * j;
      vec x = load(s), p = exp2_vector(x - l[j]), slope = p * (load(g) - d[j]);
      if (cap > 0.0f) slope *= 1.0f - (x * inverse) * (x * inverse);
      store(s, p);
      store(g, slope);
    }
}

// What one panel needs, and its share of dQ.
typedef struct panel_back {
  float *queries, *upstream;            // [width][PANEL]
  float *query_rows, *upstream_rows;    // [PANEL][padded width]
  float *lse, *delta;                   // [PANEL]
  float *gradient;                      // [width][PANEL]
} panel_back;

INLINE void attend_back_block(const int vectors, const mlt_attention *p, panel_back panel, long first, long rows,
                              seen_block block, float *scores, float *dp, float *dkey, float *dvalue) {
  long keys = block.end - block.begin, width = padded(p->width);
  const float *key = p->key + block.begin * p->key_stride, *value = p->value + block.begin * p->key_stride;
  const float cap = p->cap * log2_e;
  product(TILE_ROWS, vectors, keys, p->width, key, p->key_stride, 1, panel.queries, PANEL, scores, PANEL, 0);
  product(TILE_ROWS, vectors, keys, p->width, value, p->key_stride, 1, panel.upstream, PANEL, dp, PANEL, 0);
  if (cap > 0.0f) softcap(scores, cap, scores, keys * PANEL);
  soften_back(vectors, scores, dp, keys, cap, panel.lse, panel.delta);
  if (!block.whole) {
    hide(p, first, rows, block, 0.0f, scores);
    hide(p, first, rows, block, 0.0f, dp);
  }
  wide_product(keys, vectors * VECTOR_LANES, scores, PANEL, panel.upstream_rows, width, dvalue, width);
  wide_product(keys, vectors * VECTOR_LANES, dp, PANEL, panel.query_rows, width, dkey, width);
  product(TILE_ROWS, vectors, p->width, keys, key, 1, p->key_stride, dp, PANEL, panel.gradient, PANEL, 1);
}

static void copy_rows(const mlt_attention *p, const float *x, long first, long count, float factor, float *out) {
  const long width = padded(p->width);
  for (long lane = 0; lane < PANEL; lane++, out += width) {
    long r = first + lane;
    const float *row = x + r / p->group * p->query_stride + r % p->group * p->width;
    long n = lane < count ? p->width : 0;
    for (long c = 0; c < n; c++) out[c] = factor * row[c];
    for (long c = n; c < width; c++) out[c] = 0.0f;
  }
}

static void attend_back(const mlt_attention *p, const float *upstream, const float *lse, const float *delta,
                        long lse_stride, long first, long rows, long first_key, long end_key, float *dquery,
                        float *dkey, float *dvalue, float *scratch) {
  const long width = padded(p->width), size = p->width * PANEL;
  float *scores = scratch, *dp = scores + KEYS * PANEL;
  panel_back panel = {.queries = dp + KEYS * PANEL};
  panel.upstream = panel.queries + size;
  panel.gradient = panel.upstream + size;
  panel.query_rows = panel.gradient + size;
  panel.upstream_rows = panel.query_rows + PANEL * width;
  panel.lse = panel.upstream_rows + PANEL * width;
  panel.delta = panel.lse + PANEL;
  for (long row = first; row < first + rows; row += PANEL) {
    long count = min64(PANEL, first + rows - row);
    lay_into_lanes(p, p->query, row, count, p->scale * log2_e, panel.queries);
    lay_into_lanes(p, upstream, row, count, 1.0f, panel.upstream);
    copy_rows(p, p->query, row, count, p->scale, panel.query_rows);
    copy_rows(p, upstream, row, count, 1.0f, panel.upstream_rows);
    memset(panel.gradient, 0, (size_t)size * 4);
    for (long i = 0; i < PANEL; i++) {
      long r = row + min64(i, count - 1), place = r % p->group * lse_stride + r / p->group;
      panel.lse[i] = lse[place] * log2_e;
      panel.delta[i] = delta[place];
    }
    for (long key = first_key; key < end_key; key += KEYS) {
      seen_block block = block_seen(p, row, count, key, min64(key + KEYS, end_key));
      if (block.begin >= block.end) continue;
      float *dk = dkey + (block.begin - first_key) * width, *dv = dvalue + (block.begin - first_key) * width;
      switch (vectors_of(count)) {
      case 1: attend_back_block(1, p, panel, row, count, block, scores, dp, dk, dv); break;
      case 2: attend_back_block(2, p, panel, row, count, block, scores, dp, dk, dv); break;
      default: attend_back_block(TILE_VECTORS, p, panel, row, count, block, scores, dp, dk, dv);
      }
    }
    for (long c = 0; c < size; c += VECTOR_LANES) store(panel.gradient + c, load(panel.gradient + c) * p->scale);
    lay_into_rows(p, panel.gradient, row - first, count, dquery);
  }
}
