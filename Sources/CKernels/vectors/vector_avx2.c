// Vector kernels for AVX2 with fused multiply-add.
#include "vector_sets.h"

#if defined(__x86_64__)
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VECTOR_SET mlt_vector_avx2
#define VECTOR_NAME "avx2"
#define VECTOR_LANES 8
#include "vector_set.h"
#pragma clang attribute pop
#endif
