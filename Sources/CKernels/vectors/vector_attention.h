// Attention, forward: Dao 2023, "FlashAttention-2" (arXiv:2307.08691), algorithm 1, over panels of rows in lanes
// (mlt_attention.h). Included once per instruction set, after vector_tiles.h.
//
// A panel is TILE_VECTORS vectors of rows. Scores are kept in powers of two: queries are multiplied by scale * log2(e)
// when they are laid into lanes, so that a probability is one 2^x.
//
// On an Ice Lake server, 64 wide, causal, one thread, counting what is seen: 65 % of the peak of its multiply-add units at
// 512 tokens and 72 % at 4096 (AVX2: 75 and 83 %); backward 74 and 78 % (AVX2: 80 and 81 %). The rest is mostly 2^x.

enum { PANEL = TILE_VECTORS * VECTOR_LANES, KEYS = MLT_ATTENTION_KEYS };

static const float log2_e = 1.442695041f, ln_2 = 0.693147181f;

// What one panel has summed so far.
typedef struct panel_state {
  float *maxima;   // [PANEL]; in powers of two
  float *totals;   // [PANEL]
  float *outputs;  // [width][PANEL]
} panel_state;

INLINE panel_state state_of_panel(float *state, long width, long panel) {
  float *p = state + panel * (width + 2) * PANEL;
  return (panel_state){p, p + PANEL, p + 2 * PANEL};
}

INLINE long panels_of(long rows) { return (rows + PANEL - 1) / PANEL; }
INLINE long padded(long width) { return round_up(width, VECTOR_LANES); }

// The keys that row r sees.
INLINE long first_seen(const mlt_attention *p, long row) {
  long first = p->position + row / p->group - p->window + 1;
  return p->window > 0 && first > 0 ? first : 0;
}
INLINE long end_seen(const mlt_attention *p, long row) {
  return p->causal ? min64(p->keys, p->position + row / p->group + 1) : p->keys;
}

// Rows first ..< first + count of `x` (laid out as the queries) into lanes: out[c][lane]. Lanes past the last row are 0.
static void lay_into_lanes(const mlt_attention *p, const float *x, long first, long count, float factor, float *out) {
  for (long lane = 0; lane < PANEL; lane += 4) {
    const float *rows[4];
    for (int i = 0; i < 4; i++) {
      long r = first + min64(lane + i, count - 1);
      rows[i] = x + r / p->group * p->query_stride + r % p->group * p->width;
    }
    if (lane < count) turn_four(rows, p->width, factor, out + lane, PANEL);
    for (long i = lane < count ? count - lane : 0; i < 4; i++)
      for (long c = 0; c < p->width; c++) out[c * PANEL + lane + i] = 0.0f;
  }
}

// The other way, into rows of `y`.
static void lay_into_rows(const mlt_attention *p, const float *in, long first, long count, float *y) {
  for (long lane = 0; lane < count; lane += 4) {
    float *rows[4];
    long n = min64(4, count - lane);
    for (int i = 0; i < 4; i++) {
      long r = first + lane + (i < n ? i : 0);
      rows[i] = y + r / p->group * p->query_stride + r % p->group * p->width;
    }
    turn_back_four(in + lane, PANEL, p->width, n, rows);
  }
}

// Keys begin ..< end of `rows` rows from `first` on, and whether each row sees all of them.
typedef struct seen_block {
  long begin, end;
  int whole;
} seen_block;

INLINE seen_block block_seen(const mlt_attention *p, long first, long rows, long begin, long end) {
  seen_block block = {.begin = begin, .end = end};
  long last = first + rows - 1, least = first_seen(p, first), most = end_seen(p, last);
  block.begin = least > begin ? least : begin;
  block.end = most < end ? most : end;
  block.whole = first_seen(p, last) <= block.begin && end_seen(p, first) >= block.end;
  return block;
}

// Which keys the lanes of a panel see. Lanes past the last row see what it sees.
INLINE void seen_by_lanes(const mlt_attention *p, long first, long rows, int begin[PANEL], int end[PANEL]) {
  for (long lane = 0; lane < PANEL; lane++) {
    long row = first + min64(lane, rows - 1);
    begin[lane] = (int)first_seen(p, row);
    end[lane] = (int)end_seen(p, row);
  }
}

// Scores [keys, lanes] of keys that a lane does not see become `value`.
static void hide(const mlt_attention *p, long first, long rows, seen_block block, float value, float *scores) {
  int begin[PANEL], end[PANEL];
  seen_by_lanes(p, first, rows, begin, end);
  for (long key = block.begin; key < block.end; key++, scores += PANEL)
    for (int j = 0; j < TILE_VECTORS; j++) {
      ivec k = (int)key;
      ivec seen = (k >= *(ivec *)(begin + VECTOR_LANES * j)) & (k < *(ivec *)(end + VECTOR_LANES * j));
      float *s = scores + VECTOR_LANES * j;
      store(s, seen ? load(s) : (vec)value);
    }
}

// Milakov and Gimelshein 2018, "Online normalizer calculation for softmax" (arXiv:1805.02867): scores become
// 2^(score - maximum), and what was summed under a smaller maximum is scaled down.
INLINE void soften(const int vectors, float *scores, long keys, long width, panel_state state) {
  vec top[TILE_VECTORS], total[TILE_VECTORS], old[TILE_VECTORS];
  int grown = 0;
  UNROLL for (int j = 0; j < vectors; j++) {
    old[j] = load(state.maxima + VECTOR_LANES * j);
    vec even = old[j], odd = old[j];
    long k = 0;
    for (; k + 2 <= keys; k += 2) {
      even = larger(load(scores + k * PANEL + VECTOR_LANES * j), even);
      odd = larger(load(scores + (k + 1) * PANEL + VECTOR_LANES * j), odd);
    }
    if (k < keys) even = larger(load(scores + k * PANEL + VECTOR_LANES * j), even);
    top[j] = larger(even, odd);
    store(state.maxima + VECTOR_LANES * j, top[j]);
    for (int i = 0; i < VECTOR_LANES; i++) grown |= top[j][i] > old[j][i];
    // A row that has seen nothing yet has the maximum minus infinity, from which nothing can be subtracted.
    top[j] = top[j] > -INFINITY ? top[j] : (vec)0.0f;
    total[j] = 0.0f;
  }
  if (grown) {
    vec correction[TILE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) {
      correction[j] = exp2_vector(old[j] - top[j]);
      float *t = state.totals + VECTOR_LANES * j;
      store(t, load(t) * correction[j]);
    }
    for (long c = 0; c < width; c++)
      UNROLL for (int j = 0; j < vectors; j++) {
        float *o = state.outputs + c * PANEL + VECTOR_LANES * j;
        store(o, load(o) * correction[j]);
      }
  }
  for (long k = 0; k < keys; k++)
    UNROLL for (int j = 0; j < vectors; j++) {
      float *s = scores + k * PANEL + VECTOR_LANES * j;
      vec probability = exp2_vector(load(s) - top[j]);
      total[j] += probability;
      store(s, probability);
    }
  UNROLL for (int j = 0; j < vectors; j++) {
    float *t = state.totals + VECTOR_LANES * j;
    store(t, load(t) + total[j]);
  }
}

// One panel meets one block of keys.
INLINE void attend_block(const int vectors, const mlt_attention *p, const float *queries, long first, long rows,
                         seen_block block, float *scores, panel_state state) {
  long keys = block.end - block.begin;
  product(TILE_ROWS, vectors, keys, p->width, p->key + block.begin * p->key_stride, p->key_stride, 1, queries, PANEL,
          scores, PANEL, 0);
  if (p->cap > 0.0f) softcap(scores, p->cap * log2_e, scores, keys * PANEL);
  if (!block.whole) hide(p, first, rows, block, -INFINITY, scores);
  soften(vectors, scores, keys, p->width, state);
  product(TILE_ROWS, vectors, p->width, keys, p->value + block.begin * p->key_stride, 1, p->key_stride, scores,
          PANEL, state.outputs, PANEL, 1);
}

// Vectors that hold `rows` rows of a panel.
INLINE long vectors_of(long rows) { return (min64(rows, PANEL) + VECTOR_LANES - 1) / VECTOR_LANES; }

static void attend_panels(const mlt_attention *p, long first, long rows, long first_key, long end_key, float *state,
                          float *scratch) {
  const long panels = panels_of(rows), width = p->width;
  float *scores = scratch, *queries = scratch + KEYS * PANEL;
  for (long panel = 0; panel < panels; panel++) {
    panel_state s = state_of_panel(state, width, panel);
    for (long i = 0; i < PANEL; i++) s.maxima[i] = -INFINITY;
    memset(s.totals, 0, (size_t)((width + 1) * PANEL) * 4);
    lay_into_lanes(p, p->query, first + panel * PANEL, min64(PANEL, rows - panel * PANEL), p->scale * log2_e,
                   queries + panel * width * PANEL);
  }
  for (long key = first_key; key < end_key; key += KEYS)
    for (long panel = 0; panel < panels; panel++) {
      long row = first + panel * PANEL, count = min64(PANEL, rows - panel * PANEL);
      seen_block block = block_seen(p, row, count, key, min64(key + KEYS, end_key));
      if (block.begin >= block.end) continue;
      panel_state s = state_of_panel(state, width, panel);
      const float *q = queries + panel * width * PANEL;
      switch (vectors_of(count)) {
      case 1: attend_block(1, p, q, row, count, block, scores, s); break;
      case 2: attend_block(2, p, q, row, count, block, scores, s); break;
      default: attend_block(TILE_VECTORS, p, q, row, count, block, scores, s);
      }
    }
}

// The weights of two parts of the keys in their union, and its maximum.
INLINE void weigh(float *maximum, float other, float *weight, float *other_weight) {
  float top = other > *maximum ? other : *maximum;
  *weight = *maximum > -INFINITY ? exp2f(*maximum - top) : 0.0f;
  *other_weight = other > -INFINITY ? exp2f(other - top) : 0.0f;
  *maximum = top;
}

static void merge_panels(long width, long rows, float *state, const float *other) {
  for (long panel = 0; panel < panels_of(rows); panel++) {
    panel_state a = state_of_panel(state, width, panel), b = state_of_panel((float *)other, width, panel);
    float keep[PANEL] = {0}, take[PANEL] = {0};
    long count = min64(PANEL, rows - panel * PANEL);
    for (long i = 0; i < count; i++) {
      weigh(a.maxima + i, b.maxima[i], keep + i, take + i);
      a.totals[i] = a.totals[i] * keep[i] + b.totals[i] * take[i];
    }
    for (long c = 0; c < width; c++)
      for (long j = 0; j < vectors_of(count) * VECTOR_LANES; j += VECTOR_LANES) {
        float *o = a.outputs + c * PANEL + j;
        store(o, load(o) * load(keep + j) + load(b.outputs + c * PANEL + j) * load(take + j));
      }
  }
}

static void finish_panels(const mlt_attention *p, long first, long rows, float *state, const float *sinks, float *out,
                          float *lse, long lse_stride) {
  for (long panel = 0; panel < panels_of(rows); panel++) {
    panel_state s = state_of_panel(state, p->width, panel);
    long row = first + panel * PANEL, count = min64(PANEL, rows - panel * PANEL);
    float factors[PANEL] = {0};
    for (long i = 0; i < count; i++) {
      float keep = 1.0f, sink = 0.0f;
      if (sinks) weigh(s.maxima + i, sinks[(row + i) % p->group] * log2_e, &keep, &sink);
      float total = s.totals[i] * keep + sink;
      factors[i] = keep / total;
      if (lse) lse[(row + i) % p->group * lse_stride + (row + i) / p->group] = (s.maxima[i] + log2f(total)) * ln_2;
    }
    for (long c = 0; c < p->width; c++)
      for (long j = 0; j < vectors_of(count) * VECTOR_LANES; j += VECTOR_LANES) {
        float *o = s.outputs + c * PANEL + j;
        store(o, load(o) * load(factors + j));
      }
    lay_into_rows(p, s.outputs, row, count, out);
  }
}
