// Vector kernels for the baseline of the architecture (SSE2, NEON): the reference.
#include "vector_sets.h"

#define VECTOR_SET mlt_vector_portable
#define VECTOR_NAME "portable"
#define VECTOR_LANES 4
#include "vector_set.h"
