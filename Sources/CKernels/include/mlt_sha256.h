// SHA-256 (FIPS 180-4) as a stream of bytes.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Takes whole blocks of 64 bytes, at any address, into the state.
typedef void (*mlt_sha256_blocks)(uint32_t state[8], const uint8_t *blocks, int64_t count);

typedef struct {
  const char *name;
  mlt_sha256_blocks blocks;
} mlt_sha256_kernel;

// The versions that this CPU can run, the fastest first and the portable one last; NULL after the last.
const mlt_sha256_kernel *mlt_sha256_available(int32_t index);

typedef struct {
  mlt_sha256_blocks blocks;
  uint32_t state[8];
  // Bytes so far; those of an unfinished block are in `rest`.
  uint64_t length;
  uint8_t rest[64];
} mlt_sha256;

// Starts a digest with the version of that index.
mlt_sha256 mlt_sha256_start(int32_t index);

void mlt_sha256_add(mlt_sha256 *sha, const void *bytes, int64_t count);

// Ends the digest; `sha` can't be used after it.
void mlt_sha256_finish(mlt_sha256 *sha, uint8_t digest[32]);
