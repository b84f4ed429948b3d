// Calls of the system and the C library that the Glibc module does not hand to Swift. One line each.
#ifndef CLINUX_H
#define CLINUX_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Exchanges two names in one step. 0, or -1 with errno.
static inline int mlt_rename_exchange(const char *left, const char *right) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, left, AT_FDCWD, right, 2 /* RENAME_EXCHANGE */);
}

/// Renames, unless the new name is taken. 0, or -1 with errno.
static inline int mlt_rename_exclusive(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);
}

#endif
