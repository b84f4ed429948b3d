// Checks the kernels that this machine can run; the exit status says whether they agree.
#include "check.h"

int checks, failures;
void check_matrices(void), check_vectors(void), check_int8(void), check_sha256(void);

int main(void) {
  check_matrices();
  check_vectors();
  check_int8();
  check_sha256();
  printf("%d checks, %d failed\n", checks, failures);
  return failures > 0;
}
