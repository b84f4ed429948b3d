// Moving elements along index maps.
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
