// Builds one set of vector kernels: every function is compiled for the instruction set in force, and listed.
// A source file of a set defines VECTOR_SET (the table's symbol), VECTOR_NAME and VECTOR_LANES (floats in a register),
// then includes this.
#include "vector_math.h"

#include "vector_elementwise.h"
#include "vector_rows.h"

#include "vector_rotary.h"

#include "vector_tiles.h"

#include "vector_attention.h"

#include "vector_attention_few.h"

#include "vector_attention_back.h"

#include "vector_thin.h"

#include "vector_convolution.h"

#include "vector_recurrence.h"

const mlt_vector_kernels VECTOR_SET = {
  .name = VECTOR_NAME,
  .unary = unary,
  .unary_back = unary_back,
  .binary = binary,
  .affine = affine,
  .select = choose,
  .drop = drop,
  .accumulate = accumulate,
  .clamp = clamp,
  .clamp_back = clamp_back,
  .gated = gated,
  .gated_back = gated_back,
  .adam = adam,
  .softcap = softcap,
  .softcap_back = softcap_back,
  .reduce_rows = reduce_rows,
  .reduce_columns = reduce_columns,
  .sum = sum,
  .sum_of_squares = sum_of_squares,
  .dot_rows = dot_rows,
  .softmax = softmax,
  .softmax_back = softmax_back,
  .log_softmax = log_softmax,
  .log_softmax_back = log_softmax_back,
  .log_sum_exp = log_sum_exp,
  .cross_entropy = cross_entropy,
  .rms_norm = rms_norm,
  .rms_norm_back = rms_norm_back,
  .layer_norm = layer_norm,
  .layer_norm_back = layer_norm_back,
  .rotate = rotate,
  .attention_sizes = attention_sizes,
  .attend = attend,
  .attend_merge = attend_merge,
  .attend_finish = attend_finish,
  .attend_back = attend_back,
  .thin_dot = thin_dot,
  .thin_add = thin_add,
  .thin_outer = thin_outer,
  .convolve = convolve,
  .convolve_back = convolve_back,
  .convolve_taps = convolve_taps,
  .decay_sums = decay_sums,
  .decay_scores = decay_scores,
  .decay_scores_back = decay_scores_back,
  .scale_rows = scale_rows,
  .subtract_rows = subtract_rows,
  .solve_rows = solve_rows,
};
