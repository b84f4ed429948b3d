// Conversions between f32, bf16 and f16. Plain loops without branches, which every target vectorizes; they are
// bound by memory, so there are no versions by instruction set.
#include "mlt_float.h"

#include "common.h"

void mlt_bf16_to_f32(const uint16_t *in, float *out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = bf16_value(in[i]);
}

void mlt_f16_to_f32(const uint16_t *in, float *out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = f16_value(in[i]);
}

void mlt_f32_to_bf16(const float *in, uint16_t *out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = bf16_bits(in[i]);
}

void mlt_f32_to_f16(const float *in, uint16_t *out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = f16_bits(in[i]);
}

int64_t mlt_f16_first_infinity(const uint16_t *in, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    if ((in[i] & 0x7fff) == 0x7c00) return i;
  return -1;
}
