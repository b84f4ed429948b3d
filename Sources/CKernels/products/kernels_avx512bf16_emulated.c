// The bf16 kernels without their two instructions: slow, never chosen, and what tests run where the CPU lacks them.
#define MLT_EMULATE_BF16 1
#include "kernels_avx512bf16.c"
