// Kernels over f32 vectors and rows: elementwise operations, softmax and its kin, norms, rotations, the inner part
// of attention.
//
// They are written once, in plain C that a compiler vectorizes (vector_elementwise.h, vector_rows.h,
// vector_attention.h and others beside the sources), and compiled for several instruction sets; the portable set is the reference
// that tests compare the others with. Every function is pure: no allocation, no threads, no state. Sums run in a fixed
// number of lanes that are added in a fixed order, so a result depends on the data and on whether the set has fused
// multiply-add, not on the width of a register.
//
// Matrices are row-major; `ld…` is the distance between rows in elements. In-place use (output = an input) is
// allowed where said.
#pragma once
#include "mlt_attention.h"

#pragma clang assume_nonnull begin

// y = f(x). The derivative is in the table of vector_elementwise.h.
typedef enum __attribute__((enum_extensibility(closed))) mlt_unary : int {
  mlt_unary_negate, mlt_unary_exp, mlt_unary_log, mlt_unary_sqrt, mlt_unary_rsqrt, mlt_unary_tanh,
  mlt_unary_sigmoid, mlt_unary_silu, mlt_unary_relu, mlt_unary_softplus, mlt_unary_abs, mlt_unary_gelu_erf,
  mlt_unary_gelu_tanh, mlt_unary_relu_squared,
} mlt_unary;

typedef enum __attribute__((enum_extensibility(closed))) mlt_binary : int {
  mlt_binary_add, mlt_binary_subtract, mlt_binary_multiply, mlt_binary_divide, mlt_binary_power, mlt_binary_maximum,
  mlt_binary_maximum_share,  // the part of the gradient of max(a, b) that a gets: 1, 1/2 (equal) or 0
  mlt_binary_equal,          // 1 or 0
  mlt_binary_power_slope,    // the derivative of a^b by b: a^b log a, and 0 at a = 0
} mlt_binary;

typedef enum __attribute__((enum_extensibility(closed))) mlt_reduce : int {
  mlt_reduce_sum, mlt_reduce_max, mlt_reduce_min,
} mlt_reduce;

// The constants of an Adam step (Kingma and Ba 2015; Loshchilov and Hutter 2019), as torch computes it.
typedef struct mlt_adam {
  float gradient_scale;       // multiplies every gradient first
  float penalty;              // weight decay that is added to the gradient
  float mean_rate;            // 1 - beta1
  float square_kept, square_rate;  // beta2, 1 - beta2
  float kept;                 // 1 - learning rate * decoupled weight decay
  float step_size, root;      // learning rate / (1 - beta1^t), sqrt(1 - beta2^t)
  float epsilon;
} mlt_adam;

typedef struct mlt_vector_kernels {
  const char *name;  // "avx512", "avx2" or "portable"

  // ---- elementwise; y may be an input ----
  void (*unary)(mlt_unary, const float *x, float *y, long n);
  // dx = dy * f'(x), with y = f(x).
  void (*unary_back)(mlt_unary, const float *x, const float *y, const float *dy, float *dx, long n);
  // y = f(a, b); a step is 1, or 0 for a single value that stands for all.
  void (*binary)(mlt_binary, const float *a, long a_step, const float *b, long b_step, float *y, long n);
  // y = scale * x + offset
  void (*affine)(const float *x, float scale, float offset, float *y, long n);
  // y = mask != 0 ? a : b
  void (*select)(const float *mask, const float *a, const float *b, float *y, long n);
  // y[i] = number start + i of the stream `key` (SplitMix64 from there, as 24 bits in [0, 1)) < probability ? 0 : scale * x[i]
  void (*drop)(const float *x, unsigned long key, long start, float probability, float scale, float *y, long n);
  // y += scale * x
  void (*accumulate)(const float *x, float scale, float *y, long n);
  // y = min(max(x, low), high); its derivative dx = low <= x <= high ? dy : 0
  void (*clamp)(const float *x, float low, float high, float *y, long n);
  void (*clamp_back)(const float *x, const float *dy, float low, float high, float *dx, long n);
  // y = f(gate) * up, and its derivatives; of these, dup alone may be an input, and only dy
  void (*gated)(mlt_unary, const float *gate, const float *up, float *y, long n);
  void (*gated_back)(mlt_unary, const float *gate, const float *up, const float *dy, float *dgate, float *dup,
                     long n);
  // One Adam step on parameters p with gradients g, running means m and running squares v.
  void (*adam)(const mlt_adam *, float *p, const float *g, float *m, float *v, long n);
  // y = cap * tanh(x / cap); dx = dy * (1 - (y / cap)^2)
  void (*softcap)(const float *x, float cap, float *y, long n);
  void (*softcap_back)(const float *y, const float *dy, float cap, float *dx, long n);

  // ---- reductions ----
  // out[r] = op over x[r, 0 ..< n]; sums are kept in double until the end.
  void (*reduce_rows)(mlt_reduce, const float *x, long ldx, long rows, long n, float *out);
  // out[c] = op over x[0 ..< rows, c] for c < n
  void (*reduce_columns)(mlt_reduce, const float *x, long ldx, long rows, long n, float *out);
  // The sum of all n elements, unrounded.
  double (*sum)(const float *x, long n);
  // The sum of the squares of all n elements, unrounded.
  double (*sum_of_squares)(const float *x, long n);
  // out[r] = a[r, :] . b[r, :]
  void (*dot_rows)(const float *a, long lda, const float *b, long ldb, long rows, long n, float *out);

  // ---- rows of n values; out may be x ----
  void (*softmax)(const float *x, float *out, long rows, long n);
  void (*softmax_back)(const float *y, const float *dy, float *dx, long rows, long n);
  void (*log_softmax)(const float *x, float *out, long rows, long n);
  void (*log_softmax_back)(const float *y, const float *dy, float *dx, long rows, long n);
  void (*log_sum_exp)(const float *x, float *out, long rows, long n);
  // losses[r] = -log softmax(x[r])[label], 0 for a negative label. With `gradient` (may be x) its derivative too,
  // times scales[r].
  void (*cross_entropy)(const float *x, const int *labels, long rows, long n, double *losses,
                        const float *_Nullable scales, float *_Nullable gradient);
  // y = x / sqrt(mean(x^2) + epsilon) * (offset + weight); inverse[r] keeps 1 / sqrt(...). No weight means 1.
  void (*rms_norm)(const float *x, const float *_Nullable weight, float offset, float epsilon, float *y,
                   float *inverse, long rows, long n);
  // dx, and dweight[c] (overwritten; may be NULL) summed over these rows.
  void (*rms_norm_back)(const float *x, const float *_Nullable weight, float offset, const float *inverse,
                        const float *dy, float *_Nullable dx, float *_Nullable dweight, long rows, long n);
  // y = (x - mean) / sqrt(variance + epsilon) * weight + bias; statistics[r] = (mean, inverse)
  void (*layer_norm)(const float *x, const float *_Nullable weight, const float *_Nullable bias, float epsilon,
                     float *y, float *statistics, long rows, long n);
  void (*layer_norm_back)(const float *x, const float *_Nullable weight, const float *statistics, const float *dy,
                          float *_Nullable dx, float *_Nullable dweight, float *_Nullable dbias, long rows, long n);

  // ---- rotary: x [rows, heads, dim], cosines and sines by position [positions, pairs] ----
  // Pairs (i, i + pairs), or (2i, 2i + 1) if interleaved, are turned by the angle of their row's position, backwards
  // if `inverse`; dimensions past 2 * pairs are copied.
  void (*rotate)(const float *x, float *y, long rows, long heads, long dim, const int *positions,
                 const float *cosines, const float *sines, long pairs, int interleaved, int inverse);

  // ---- attention: rows and keys as mlt_attention.h says ----
  mlt_attention_sizes (*attention_sizes)(long width, long rows);
  // Rows first ..< first + rows meet the keys first_key ..< end_key (first_key a multiple of MLT_ATTENTION_KEYS); `state`
  // gets what they have summed.
  void (*attend)(const mlt_attention *, long first, long rows, long first_key, long end_key, float *state,
                 float *scratch);
  // Adds to a state of rows what they have summed over other keys.
  void (*attend_merge)(long width, long rows, float *state, const float *other);
  // Outputs, laid out as the queries, and, if wanted, the log-sum-exp of the scores: lse[head * lse_stride + query]. A
  // sink is one more score of each head of the group, without a value.
  void (*attend_finish)(const mlt_attention *, long first, long rows, float *state, const float *_Nullable sinks,
                        float *out, float *_Nullable lse, long lse_stride);
  // The part of the gradients that comes from these rows and keys. dO is laid out as the queries; lse and delta
  // (rowsum(dO * O)) as lse above; dquery (overwritten) begins with row `first`, a multiple of the group; dkey and
  // dvalue (added to) begin with key first_key and have rows of sizes.width floats.
  void (*attend_back)(const mlt_attention *, const float *upstream, const float *lse, const float *delta,
                      long lse_stride, long first, long rows, long first_key, long end_key, float *dquery,
                      float *dkey, float *dvalue, float *scratch);

  // ---- thin products: one of the three sizes is the rank of an adapter; bound by reading and writing x or y ----
  // t[i, r] = scale * x[i, :] . a[r, :], for x [rows, n] and a [rank, n]
  void (*thin_dot)(const float *x, long ldx, const float *a, long lda, long rows, long n, long rank, float scale,
                   float *t, long ldt);
  // y[i, j] += sum over r of t[i, r] * a[r, j]
  void (*thin_add)(const float *t, long ldt, const float *a, long lda, long rows, long n, long rank, float *y,
                   long ldy);
  // g[r, j] += sum over i of t[i, r] * y[i, j], in the order of i
  void (*thin_outer)(const float *t, long ldt, const float *y, long ldy, long rows, long n, long rank, float *g,
                     long ldg);

  // ---- causal convolutions of each channel over rows [rows, n] that follow each other in a document ----
  // y[r] = bias + sum over j of taps[count - 1 - j] * x[r - j], for taps [count, n]; `before` rows of the document stand
  // before the first.
  void (*convolve)(const float *x, long before, const float *taps, const float *_Nullable bias, long count, float *y,
                   long rows, long n);
  // dx[r] = sum over j of taps[count - 1 - j] * dy[r + j]; `after` rows of the document follow the last.
  void (*convolve_back)(const float *dy, long after, const float *taps, long count, float *dx, long rows, long n);
  // What these rows add to the gradients of taps and bias.
  void (*convolve_taps)(const float *x, long before, const float *dy, long count, float *dtaps,
                        float *_Nullable dbias, long rows, long n);

  // ---- gated recurrences: a chunk of n rows; strides in elements ----
  // sums[i] = decay[0] + ... + decay[i]; grown = e^sums; left[i] = e^(sums[n - 1] - sums[i])
  void (*decay_sums)(const float *decay, long stride, long n, double *sums, float *grown, float *left);
  // out[r, j] = steps[r] * e^(sums[r] - sums[j]) * scores[r, j] for j <= r, if `strict` for j < r, else 0. No steps mean 1;
  // out may be scores.
  void (*decay_scores)(const float *scores, const double *sums, const float *_Nullable steps, long stride, int strict,
                       long n, float *out);
  // The gradient of its output becomes that of the scores; those of sums and steps are added to.
  void (*decay_scores_back)(const float *scores, const double *sums, const float *_Nullable steps, long stride,
                            int strict, long n, float *gradient, float *dsums, float *_Nullable dsteps, long dstride);
  // y[r] = factors[r] * x[r]; y may be x.
  void (*scale_rows)(const float *x, long ldx, const float *factors, long stride, float *y, long ldy, long rows, long n);
  // out[r] = x[r] - factors[r] * y[r]; out may be y.
  void (*subtract_rows)(const float *x, long ldx, const float *factors, const float *y, float *out, long rows, long n);
  // Solves (1 + L) u = u, or (1 + L)^T u = u, in place for u [n, width], where L is what of `lower` [n, n] lies below the
  // diagonal.
  void (*solve_rows)(const float *lower, int transposed, float *u, long n, long width);
} mlt_vector_kernels;

// The sets that this machine can run, best first; NULL past the last, which is the portable one.
const mlt_vector_kernels *_Nullable mlt_vector_kernels_available(int index);

// ---- moving elements: not worth an instruction set of their own ----
#define MLT_MAX_RANK 8
// y[i * y_strides] = x[i * x_strides] for every index i of the shape; strides in elements, 0 repeats, negative
// runs backwards. size: bytes of an element, 1, 2, 4 or 8.
void mlt_strided_copy(int size, int rank, const long *shape, const void *x, const long *x_strides, void *y,
                      const long *y_strides);
// y[i * y_strides] += x[i * x_strides], in the order of i.
void mlt_strided_accumulate(int rank, const long *shape, const float *x, const long *x_strides, float *y,
                            const long *y_strides);
// y[o, j, i] = x[o, index[o, j, i], i], for x [outer, n, inner] and index [outer, m, inner].
void mlt_gather(const float *x, long outer, long n, long inner, const int *index, long m, float *y);
// y[o, index[o, j, i], i] += x[o, j, i], for x and index [outer, m, inner] and y [outer, n, inner], in the order of j.
void mlt_scatter_add(const float *x, long outer, long m, long inner, const int *index, long n, float *y);
// Sums from the first element of the middle axis to each (from the last, if `reversed`): x and y [outer, n, inner].
void mlt_cumulative_sum(const float *x, long outer, long n, long inner, int reversed, float *y);
// The columns of the k largest of each row, largest first; of equal ones, the first. NaN counts as smallest.
void mlt_top_k(const float *x, long rows, long n, long k, int *columns);

// Tells the processor that this thread is waiting in a loop.
static inline void mlt_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

#pragma clang assume_nonnull end
