// Vector kernels for AVX-512.
#include "vector_sets.h"

#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define VECTOR_SET mlt_vector_avx512
#define VECTOR_NAME "avx512"
#define VECTOR_LANES 16
#include "vector_set.h"
#pragma clang attribute pop
#endif
