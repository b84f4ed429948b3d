// Kernels in C with run-time dispatch: pure functions of their arguments. One header per topic.
#include "mlt_affine.h"
#include "mlt_attention.h"
#include "mlt_float.h"
#include "mlt_limits.h"
#include "mlt_int8.h"
#include "mlt_matrix.h"
#include "mlt_sha256.h"
#include "mlt_vector.h"
