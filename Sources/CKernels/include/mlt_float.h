// Conversions between f32 and the two 16-bit float types, value by value, to nearest even.
#pragma once
#include <stdint.h>

// bf16 and f16 bits to f32: exact, NaN and infinity included.
void mlt_bf16_to_f32(const uint16_t *in, float *out, int64_t count);
void mlt_f16_to_f32(const uint16_t *in, float *out, int64_t count);

// f32 to bf16 and f16: nearest, ties to even; too large becomes infinity, NaN stays a quiet NaN; subnormals are kept.
void mlt_f32_to_bf16(const float *in, uint16_t *out, int64_t count);
void mlt_f32_to_f16(const float *in, uint16_t *out, int64_t count);

// The first infinity among f16 values, -1 if there is none: whether a conversion overflowed.
int64_t mlt_f16_first_infinity(const uint16_t *in, int64_t count);
