// Attention of query rows to the keys of one key head: forward and backward, blockwise, without a score matrix.
//
// The rows are the queries of a document times the query heads that share the key head: row r is query r / group of
// head r % group. Rows lie in the lanes of the vectors, keys come one after the other. So K and V are read as they
// stand, a score block is written in the order in which the next product reads it, and the softmax needs no sum across
// lanes. A row's result does not depend on the rows beside it.
#pragma once

#pragma clang assume_nonnull begin

// What is read. Addresses are those of the document's first row, of the first head of the group.
typedef struct mlt_attention {
  const float *query;       // query i of head h of the group: query + i * query_stride + h * width
  const float *key, *value; // key j: key + j * key_stride, and likewise its value
  long query_stride, key_stride;
  long width, group;
  float scale;
  float cap;                // scores s become cap * tanh(s / cap) if cap > 0
  long position;            // of query 0 among the keys
  long window;              // a query at p sees the keys j with p - window < j; 0 sees all
  long keys;                // how many there are
  int causal;               // a query at p sees the keys j <= p
} mlt_attention;

// What the functions work in, in floats.
typedef struct mlt_attention_sizes {
  long state;         // running maxima, totals and unnormalized outputs of the rows
  long scratch;       // of attend, for the rows
  long scratch_back;  // of attend_back, for any number of rows
  long width;         // of a row of the sums of attend_back
} mlt_attention_sizes;

// Blocks of keys begin at multiples of this; so must the key ranges that callers make.
enum { MLT_ATTENTION_KEYS = 96 };

#pragma clang assume_nonnull end
