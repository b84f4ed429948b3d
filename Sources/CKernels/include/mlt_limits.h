// What the machine could do at best: loops without a purpose of their own, against which kernels are measured.
//
// A peak is the rate of one multiply-and-add instruction on data in registers; reading is the memory's bandwidth. Each
// runs on the calling thread, in as many rounds as the caller wants: the caller cuts the work and holds the clock.
#pragma once
#include <stdint.h>

typedef struct mlt_peak {
  const char *type;          // of the factors: "f32", "bf16", "int16" or "int8"
  const char *instructions;  // whose rate it is, such as "AVX512-VNNI vpdpbusd"
  double operations;         // multiplications and additions in a round
  float (*run)(int64_t rounds);  // the result only keeps a compiler from dropping the work
} mlt_peak;

// The peaks that this machine has, of each type the highest first; NULL past the last. The first is always of f32.
const mlt_peak *mlt_peaks_available(int32_t index);

// Reads every cache line of `bytes` bytes (a multiple of 512, 64-byte aligned), as fast as the memory gives them.
uint64_t mlt_read_all(const void *bytes, int64_t count);
