// SHA-256 (FIPS 180-4). A digest is one chain of rounds, so its limit is the latency of a round: the instructions of x86
// (SHA extensions) and arm64 (cryptographic extensions) do two and four rounds at once. One Ice Lake thread at
// 2.8 GHz hashes 1.3 GB/s, where 32 steps of 4 cycles for 64 bytes allow 1.4. Only different files can be hashed side by
// side.
#include "mlt_sha256.h"

#include <string.h>

#include "common.h"
#include "cpu.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#endif

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
static const uint32_t K[64] __attribute__((aligned(64))) = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

INLINE uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

INLINE uint32_t big_endian(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void blocks_portable(uint32_t state[8], const uint8_t *p, int64_t count) {
  for (; count > 0; count--, p += 64) {
    uint32_t w[64], s[8];
    for (int t = 0; t < 16; t++) w[t] = big_endian(p + 4 * t);
    for (int t = 16; t < 64; t++) {
      const uint32_t x = w[t - 15], y = w[t - 2];
      w[t] = w[t - 16] + (rotated(x, 7) ^ rotated(x, 18) ^ x >> 3) + w[t - 7] + (rotated(y, 17) ^ rotated(y, 19) ^ y >> 10);
    }
    memcpy(s, state, sizeof s);
    // Instead of moving a to b, b to c and so on, the letters move by one place a round.
    for (int t = 0; t < 64; t += 8)
      UNROLL for (int i = 0; i < 8; i++) {
        const uint32_t a = s[-i & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
        const uint32_t e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
        uint32_t *d = s + ((3 - i) & 7), *h = s + ((7 - i) & 7);
        *h += (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + K[t + i] + w[t + i];
        *d += *h;
        *h += (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      }
    for (int i = 0; i < 8; i++) state[i] += s[i];
  }
}

#if defined(__x86_64__)
// The instructions keep the state as (a, b, e, f) and (c, d, g, h), the first named in the highest lane.
__attribute__((target("sha,sse4.1"))) static void blocks_sha(uint32_t state[8], const uint8_t *p, int64_t count) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i dcba = _mm_loadu_si128((const __m128i *)state), hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (; count > 0; count--, p += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    UNROLL for (int i = 0; i < 16; i++) {
      if (i < 4) {
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p + i), swap);
      } else {
        // w[t] from w[t - 16], w[t - 15], w[t - 7] and w[t - 2], for four t
        const __m128i last = w[(i + 3) % 4], middle = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);
        const __m128i first = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);
        w[i % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(first, middle), last);
      }
      const __m128i sum = _mm_add_epi32(w[i % 4], _mm_load_si128((const __m128i *)K + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#elif defined(__aarch64__)
__attribute__((target("sha2"))) static void blocks_sha(uint32_t state[8], const uint8_t *p, int64_t count) {
  uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; count > 0; count--, p += 64) {
    const uint32x4_t abcd_before = abcd, efgh_before = efgh;
    uint32x4_t w[4];
    UNROLL for (int i = 0; i < 16; i++) {
      if (i < 4) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p + 16 * i)));
      else w[i % 4] = vsha256su1q_u32(vsha256su0q_u32(w[i % 4], w[(i + 1) % 4]), w[(i + 2) % 4], w[(i + 3) % 4]);
      const uint32x4_t sum = vaddq_u32(w[i % 4], vld1q_u32(K + 4 * i)), old = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, old, sum);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}
#endif

const mlt_sha256_kernel *mlt_sha256_available(int32_t index) {
  static const mlt_sha256_kernel portable = {"portable", blocks_portable};
#if defined(__x86_64__) || defined(__aarch64__)
  static const mlt_sha256_kernel extensions = {"extensions", blocks_sha};
  if (mlt_has_sha256() && index-- == 0) return &extensions;
#endif
  return index == 0 ? &portable : NULL;
}

mlt_sha256 mlt_sha256_start(int32_t index) {
  return (mlt_sha256){
    .blocks = mlt_sha256_available(index)->blocks,
    .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
  };
}

void mlt_sha256_add(mlt_sha256 *sha, const void *bytes, int64_t count) {
  const uint8_t *p = bytes;
  const int64_t held = sha->length % 64;
  sha->length += (uint64_t)count;
  if (held > 0) {
    const int64_t wanted = min64(64 - held, count);
    if (wanted > 0) memcpy(sha->rest + held, p, (size_t)wanted);
    if (held + wanted < 64) return;
    sha->blocks(sha->state, sha->rest, 1);
    p += wanted;
    count -= wanted;
  }
  if (count >= 64) sha->blocks(sha->state, p, count / 64);
  if (count % 64 > 0) memcpy(sha->rest, p + count / 64 * 64, (size_t)(count % 64));
}

void mlt_sha256_finish(mlt_sha256 *sha, uint8_t digest[32]) {
  const uint64_t bits = sha->length * 8;
  const size_t held = sha->length % 64;
  // A one bit, zeros up to the last eight bytes of a block, and there the length in bits.
  uint8_t end[128] = {0};
  memcpy(end, sha->rest, held);
  end[held] = 0x80;
  const size_t blocks = held < 56 ? 1 : 2;
  for (size_t i = 0; i < 8; i++) end[64 * blocks - 1 - i] = (uint8_t)(bits >> 8 * i);
  sha->blocks(sha->state, end, (int64_t)blocks);
  for (size_t i = 0; i < 32; i++) digest[i] = (uint8_t)(sha->state[i / 4] >> 8 * (3 - i % 4));
}
