// Moving elements: along index maps, by index, and running sums.
#include <stddef.h>
#include <stdint.h>

#include "mlt_vector.h"

// Calls BODY(x, y, count, x_step, y_step) for each innermost line of the shape, in the order of the index.
#define EACH_LINE(T, BODY)                                                       \
  {                                                                              \
    const T *x = (const T *)x_;                                                  \
    T *y = (T *)y_;                                                              \
    long index[MLT_MAX_RANK] = {0};                                              \
    for (int a = 0; a < rank; a++)                                               \
      if (shape[a] == 0) return;                                                 \
    if (rank == 0) {                                                             \
      BODY(x, y, 1, 0, 0);                                                       \
      return;                                                                    \
    }                                                                            \
    const int inner = rank - 1;                                                  \
    for (;;) {                                                                   \
      BODY(x, y, shape[inner], x_strides[inner], y_strides[inner]);              \
      int a = inner - 1;                                                         \
      for (; a >= 0; a--) {                                                      \
        x += x_strides[a];                                                       \
        y += y_strides[a];                                                       \
        if (++index[a] < shape[a]) break;                                        \
        x -= x_strides[a] * shape[a];                                            \
        y -= y_strides[a] * shape[a];                                            \
        index[a] = 0;                                                            \
      }                                                                          \
      if (a < 0) return;                                                         \
    }                                                                            \
  }

#define COPY_LINE(x, y, count, x_step, y_step)                                   \
  do {                                                                           \
    if (x_step == 1 && y_step == 1) __builtin_memcpy(y, x, (size_t)(count) * sizeof *(y)); \
    else                                                                         \
      for (long i = 0; i < (count); i++) (y)[i * (y_step)] = (x)[i * (x_step)];  \
  } while (0)

#define ADD_LINE(x, y, count, x_step, y_step)                                    \
  do {                                                                           \
    if (x_step == 1 && y_step == 1)                                              \
      for (long i = 0; i < (count); i++) (y)[i] += (x)[i];                       \
    else                                                                         \
      for (long i = 0; i < (count); i++) (y)[i * (y_step)] += (x)[i * (x_step)]; \
  } while (0)

void mlt_strided_copy(int size, int rank, const long *shape, const void *x_, const long *x_strides, void *y_,
                      const long *y_strides) {
  switch (size) {
    case 1: EACH_LINE(uint8_t, COPY_LINE)
    case 2: EACH_LINE(uint16_t, COPY_LINE)
    case 4: EACH_LINE(uint32_t, COPY_LINE)
    default: EACH_LINE(uint64_t, COPY_LINE)
  }
}

void mlt_strided_accumulate(int rank, const long *shape, const float *x_, const long *x_strides, float *y_,
                            const long *y_strides) {
  EACH_LINE(float, ADD_LINE)
}

void mlt_gather(const float *x, long outer, long n, long inner, const int *index, long m, float *y) {
  for (long o = 0; o < outer; o++, x += n * inner)
    for (long j = 0; j < m; j++)
      for (long i = 0; i < inner; i++) *y++ = x[*index++ * inner + i];
}

void mlt_scatter_add(const float *x, long outer, long m, long inner, const int *index, long n, float *y) {
  for (long o = 0; o < outer; o++, y += n * inner)
    for (long j = 0; j < m; j++)
      for (long i = 0; i < inner; i++) y[*index++ * inner + i] += *x++;
}

void mlt_cumulative_sum(const float *x, long outer, long n, long inner, int reversed, float *y) {
  for (long o = 0; o < outer; o++, x += n * inner, y += n * inner)
    for (long i = 0; i < inner; i++) {
      double sum = 0;
      for (long j = 0; j < n; j++) {
        long place = (reversed ? n - 1 - j : j) * inner + i;
        sum += (double)x[place];
        y[place] = (float)sum;
      }
    }
}

void mlt_top_k(const float *x, long rows, long n, long k, int *columns) {
  for (long r = 0; r < rows; r++, x += n, columns += k) {
    long found = 0;
    for (long i = 0; i < n; i++) {
      // Insertion into the list of the best so far, behind those that are at least as large.
      long place = found < k ? found : k;
      while (place > 0 && (x[i] > x[columns[place - 1]] || x[columns[place - 1]] != x[columns[place - 1]])) place--;
      if (place == k) continue;
      if (found < k) found++;
      for (long j = found - 1; j > place; j--) columns[j] = columns[j - 1];
      columns[place] = (int)i;
    }
  }
}
