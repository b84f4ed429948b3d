// The vector kernel sets that exist; each is defined in a file of its own.
#pragma once
#include "common.h"
#include "mlt_vector.h"

extern const mlt_vector_kernels mlt_vector_portable, mlt_vector_avx2, mlt_vector_avx512;
