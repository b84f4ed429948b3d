// What the checks of kernels share: random numbers, aligned and unaligned memory, comparison, counting.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

extern int checks, failures;

// One check; prints what failed, in the words of `format`.
#define CHECK(passed, ...)           \
  do {                               \
    checks++;                        \
    if (!(passed) && failures++ < 20) \
      printf("FAILED " __VA_ARGS__), printf("\n"); \
  } while (0)

static inline uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

// Uniform in -1 ... 1.
static inline float random_float(uint64_t *state) { return (float)(next_random(state) >> 40) * 0x1p-23f - 1; }

static inline float *random_floats(int64_t count, uint64_t *state) {
  float *values = malloc((size_t)count * 4 + 4);
  for (int64_t i = 0; i < count; i++) values[i] = random_float(state);
  return values;
}

// Memory whose address is odd, filled with random bytes; it has exactly `bytes` bytes, and is never freed.
static inline uint8_t *unaligned_bytes(int64_t bytes, uint64_t *state) {
  uint8_t *p = (uint8_t *)malloc((size_t)bytes + 1) + 1;
  for (int64_t i = 0; i < bytes; i++) p[i] = (uint8_t)next_random(state);
  return p;
}

// Values in -1 ... 1 of f32, bf16 or f16, at an odd address.
static inline uint8_t *random_values(mlt_format type, int64_t count, uint64_t *state) {
  uint8_t *p = unaligned_bytes(count * (type == MLT_F32 ? 4 : 2), state);
  for (int64_t i = 0; i < count; i++) {
    const float f = random_float(state);
    const uint16_t half = type == MLT_BF16 ? bf16_bits(f) : f16_bits(f);
    if (type == MLT_F32) memcpy(p + 4 * i, &f, 4);
    else memcpy(p + 2 * i, &half, 2);
  }
  return p;
}

static inline void *aligned_bytes(int64_t bytes) { return aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64 + 64); }

// The largest difference over the largest magnitude; infinite if a value is not finite.
static inline double difference(const float *a, const float *b, int64_t count) {
  double worst = 0, largest = 1e-30;
  for (int64_t i = 0; i < count; i++) {
    if (!isfinite(a[i]) || !isfinite(b[i])) return INFINITY;
    worst = fmax(worst, fabs((double)a[i] - b[i]));
    largest = fmax(largest, fabs(b[i]));
  }
  return worst / largest;
}
