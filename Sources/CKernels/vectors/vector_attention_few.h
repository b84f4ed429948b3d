// Attention of few rows, as in decoding: most lanes of a panel would be empty, and reading the keys is what the time goes
// into. So the width of a head lies in the lanes: a score is a dot product, and rows of V are added. Included after
// vector_attention.h, for which it takes rows when they are few.

enum { FEW_ROWS = 8 };

INLINE int are_few(long width, long rows) { return rows <= FEW_ROWS && width % VECTOR_LANES == 0; }

typedef struct few_state {
  float *maxima, *totals;  // [FEW_ROWS]
  float *outputs;          // [rows][width]
} few_state;

INLINE few_state state_of_few(float *state) { return (few_state){state, state + FEW_ROWS, state + 2 * FEW_ROWS}; }

// scores[r][k] = queries[r] . keys[k] for 1 to 4 rows and four keys, of which the last `4 - left` are the last one again.
// Fetches keys 16 rows ahead, past the end of a page where the hardware stops, and the values that are read next: 9 of
// 10 GB/s that the machine reads, 6 without.
INLINE void score_four(const int rows, const float *queries, long width, const float *keys, long stride,
                       const float *values, long left, float *scores) {
  const float *key[4];
  UNROLL for (int k = 0; k < 4; k++) key[k] = keys + min64(k, left - 1) * stride;
  vec sums[4][4];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int k = 0; k < 4; k++) sums[r][k] = 0.0f;
  for (long c = 0; c < width; c += VECTOR_LANES) {
    vec x[4];
    UNROLL for (int k = 0; k < 4; k++) {
      x[k] = load(key[k] + c);
      __builtin_prefetch(key[k] + 16 * stride + c);
      __builtin_prefetch(values + k * stride + c);
    }
    UNROLL for (int r = 0; r < rows; r++) {
      const vec q = load(queries + r * width + c);
      UNROLL for (int k = 0; k < 4; k++) sums[r][k] += q * x[k];
    }
  }
  UNROLL for (int r = 0; r < rows; r++) *(vec4 *)(scores + r * KEYS) = sums_of_four(sums[r]);
}

INLINE void score_rows(const int rows, const mlt_attention *p, const float *queries, long first, long count,
                       float *scores) {
  for (long k = 0; k < count; k += 4)
    score_four(rows, queries, p->width, p->key + (first + k) * p->key_stride, p->key_stride,
               p->value + (first + k) * p->key_stride, count - k, scores + k);
}

// The softmax of one row over the keys begin ..< end of a block, as `soften` does it.
static void soften_row(const mlt_attention *p, float *scores, long begin, long end, float *maximum, float *total,
                       float *outputs) {
  if (begin >= end) {
    for (long k = 0; k < KEYS; k++) scores[k] = 0.0f;
    return;
  }
  if (p->cap > 0.0f) softcap(scores + begin, p->cap * log2_e, scores + begin, end - begin);
  for (long k = 0; k < begin; k++) scores[k] = -INFINITY;
  for (long k = end; k < KEYS; k++) scores[k] = -INFINITY;
  vec largest = *maximum;
  for (long k = 0; k < KEYS; k += VECTOR_LANES) largest = larger(load(scores + k), largest);
  float top = largest[0];
  for (int i = 1; i < VECTOR_LANES; i++) top = largest[i] > top ? largest[i] : top;
  if (top > *maximum) {
    vec correction = exp2_vector((vec)(*maximum - top));
    *maximum = top;
    *total *= correction[0];
    for (long c = 0; c < p->width; c += VECTOR_LANES) store(outputs + c, load(outputs + c) * correction);
  }
  vec sum = 0.0f;
  for (long k = 0; k < KEYS; k += VECTOR_LANES) {
    vec probability = exp2_vector(load(scores + k) - top);
    sum += probability;
    store(scores + k, probability);
  }
  for (int i = 0; i < VECTOR_LANES; i++) *total += sum[i];
}

static void attend_few(const mlt_attention *p, long first, long rows, long first_key, long end_key, float *state,
                       float *scratch) {
  const long width = p->width;
  float *scores = scratch, *queries = scratch + FEW_ROWS * KEYS;
  few_state s = state_of_few(state);
  for (long r = 0; r < rows; r++) {
    const float *q = p->query + (first + r) / p->group * p->query_stride + (first + r) % p->group * width;
    for (long c = 0; c < width; c++) queries[r * width + c] = p->scale * log2_e * q[c];
    s.maxima[r] = -INFINITY;
    s.totals[r] = 0.0f;
  }
  memset(s.outputs, 0, (size_t)(rows * width) * 4);
  for (long start = first_key; start < end_key; start += KEYS) {
    seen_block block = block_seen(p, first, rows, start, min64(start + KEYS, end_key));
    if (block.begin >= block.end) continue;
    const long keys = block.end - block.begin;
    for (long r = 0; r < rows; r += 4) {
      const float *q = queries + r * width;
      float *to = scores + r * KEYS;
      switch (rows - r) {
      case 1: score_rows(1, p, q, block.begin, keys, to); break;
      case 2: score_rows(2, p, q, block.begin, keys, to); break;
      case 3: score_rows(3, p, q, block.begin, keys, to); break;
      default: score_rows(4, p, q, block.begin, keys, to);
      }
    }
    for (long r = 0; r < rows; r++) {
      long least = first_seen(p, first + r) - block.begin, end = end_seen(p, first + r) - block.begin;
      soften_row(p, scores + r * KEYS, least > 0 ? least : 0, min64(end, keys), s.maxima + r, s.totals + r,
                 s.outputs + r * width);
    }
    wide_product(rows, keys, scores, KEYS, p->value + block.begin * p->key_stride, p->key_stride, s.outputs,
                 width);
  }
}

static void merge_few(long width, long rows, float *state, const float *other) {
  few_state a = state_of_few(state), b = state_of_few((float *)other);
  for (long r = 0; r < rows; r++) {
    float keep, take;
    weigh(a.maxima + r, b.maxima[r], &keep, &take);
    a.totals[r] = a.totals[r] * keep + b.totals[r] * take;
    for (long c = 0; c < width; c++)
      a.outputs[r * width + c] = a.outputs[r * width + c] * keep + b.outputs[r * width + c] * take;
  }
}

static void finish_few(const mlt_attention *p, long first, long rows, float *state, const float *sinks, float *out,
                       float *lse, long lse_stride) {
  few_state s = state_of_few(state);
  for (long r = 0; r < rows; r++) {
    long query = (first + r) / p->group, head = (first + r) % p->group;
    float keep = 1.0f, sink = 0.0f;
    if (sinks) weigh(s.maxima + r, sinks[head] * log2_e, &keep, &sink);
    float total = s.totals[r] * keep + sink, factor = keep / total;
    if (lse) lse[head * lse_stride + query] = (s.maxima[r] + log2f(total)) * ln_2;
    float *y = out + query * p->query_stride + head * p->width;
    for (long c = 0; c < p->width; c++) y[c] = s.outputs[r * p->width + c] * factor;
  }
}

// ---- what the table lists: few rows or panels ----

static mlt_attention_sizes attention_sizes(long width, long rows) {
  const long panels = panels_of(rows);
  const int few = are_few(width, rows);
  return (mlt_attention_sizes){
    .state = few ? 2 * FEW_ROWS + rows * width : panels * (width + 2) * PANEL,
    .scratch = few ? FEW_ROWS * KEYS + rows * width : (panels * width + KEYS) * PANEL,
    .scratch_back = (3 * width + 2 * padded(width) + 2 * KEYS + 2) * PANEL,
    .width = padded(width),
  };
}

static void attend(const mlt_attention *p, long first, long rows, long first_key, long end_key, float *state,
                   float *scratch) {
  (are_few(p->width, rows) ? attend_few : attend_panels)(p, first, rows, first_key, end_key, state, scratch);
}

static void attend_merge(long width, long rows, float *state, const float *other) {
  (are_few(width, rows) ? merge_few : merge_panels)(width, rows, state, other);
}

static void attend_finish(const mlt_attention *p, long first, long rows, float *state, const float *sinks, float *out,
                          float *lse, long lse_stride) {
  (are_few(p->width, rows) ? finish_few : finish_panels)(p, first, rows, state, sinks, out, lse, lse_stride);
}
