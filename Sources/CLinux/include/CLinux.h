// Calls of the system and the C library that the Glibc module does not hand to Swift. One line each.
#ifndef CLINUX_H
#define CLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

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

/// Starts writing a range of a file to its device, without waiting for the end of it. 0, or -1 with errno.
static inline int mlt_start_writing(int descriptor, off_t offset, off_t count) {
  return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

#endif
