// Checks the kernels that this machine can run; the exit status says whether they agree.
#include "check.h"

int checks, failures;
void check_matrices(void), check_vectors(void), check_int8(void);

int main(void) {
  check_matrices();
  check_vectors();
#if __has_include("mlt_int8.h")
  check_int8();
#endif
  printf("%d checks, %d failed\n", checks, failures);
  return failures > 0;
}
