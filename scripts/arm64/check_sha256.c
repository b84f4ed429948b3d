// Every version of SHA-256 beside the portable one, over messages of all lengths about the edges of blocks.
#include "check.h"
#include "mlt_sha256.h"

static void digest(int32_t index, const uint8_t *bytes, int64_t count, uint8_t out[32]) {
  mlt_sha256 sha = mlt_sha256_start(index);
  mlt_sha256_add(&sha, bytes, count / 3), mlt_sha256_add(&sha, bytes + count / 3, count - count / 3);
  mlt_sha256_finish(&sha, out);
}

void check_sha256(void) {
  uint64_t state = 3;
  int32_t count = 0;
  while (mlt_sha256_available(count)) count++;
  const uint8_t *message = unaligned_bytes(700, &state);
  for (int32_t i = 0; i < count - 1; i++) {
    const int before = failures;
    for (int64_t length = 0; length <= 700; length++) {
      uint8_t a[32], b[32];
      digest(i, message, length, a), digest(count - 1, message, length, b);
      CHECK(memcmp(a, b, 32) == 0, "SHA-256, %s: %ld bytes", mlt_sha256_available(i)->name, (long)length);
    }
    printf("SHA-256, %s beside %s: %s\n", mlt_sha256_available(i)->name, mlt_sha256_available(count - 1)->name,
           failures > before ? "differ" : "agree");
  }
}
