// HDF5 files by way of libhdf5, as much of them as weights need.
//
// Files from outside are read by a child process. The library was not written for hostile files, and versions in use crash,
// hang and eat memory over them; a child that does costs nothing. It has the one file open and can open no other, whatever
// links in the file say, its memory and time are bounded, and all it can do is write its answer to a pipe.
//
// Calls are not thread-safe: one lock must go around all of them.
#ifndef CHDF5FILES_H
#define CHDF5FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Reading.

/// What a record of an answer begins with. Strings are a 32-bit length and that many bytes, numbers 64 bits, both in the
/// machine's order.
enum {
  /// A data set: string path, string type, number of dimensions, each dimension, number of MLT_HDF5_PLACE, offset in the file
  /// (or 0), bytes that it takes in the file, strings of its attributes `dtype` and `shape` (or empty).
  MLT_HDF5_DATA_SET = 'D',
  /// A text attribute of the file: string name, string value.
  MLT_HDF5_TEXT = 'T',
  /// The answer is complete.
  MLT_HDF5_END = 'E',
  /// Nothing more comes: string of what is wrong with the file.
  MLT_HDF5_PROBLEM = 'P',
};

/// Where the values of a data set are.
enum {
  /// In one piece, at an offset in the file.
  MLT_HDF5_CONTIGUOUS = 0,
  /// In compressed or other pieces, or not in the order of bytes that mlt wants: mlt_hdf5_read gives them.
  MLT_HDF5_PIECES = 1,
};

/// Starts a child that lists what an open file holds.
///
/// \param answer gets the end of a pipe to read the answer from.
/// \returns the child's number, or -1 with errno.
pid_t mlt_hdf5_list(int file, int *answer);

/// Starts a child that reads the values of a data set, in little-endian order, into memory that it shares.
///
/// \param path of the data set in the file.
/// \param values memory of `bytes` bytes that a child shares (MAP_SHARED).
/// \param answer gets the end of a pipe, on which comes MLT_HDF5_END when all is there.
/// \returns the child's number, or -1 with errno.
pid_t mlt_hdf5_read(int file, const char *path, void *values, size_t bytes, int *answer);

// Writing: the library lays out the file, the values are written into it by offset.

/// Creates a file that holds nothing yet; a negative number when it can't.
int64_t mlt_hdf5_create(const char *path);

/// Adds a text attribute to the file itself; a negative number when it can't.
int mlt_hdf5_add_text(int64_t file, const char *name, const char *value);

/// Adds a data set of little-endian values, and groups for the parts of its path.
///
/// \param type 'f', 'i' or 'u', of `size` bytes an element: the form in which values of the type `dtype` are kept, which
///   becomes an attribute.
/// \param shape becomes an attribute too, where the dimensions do not tell it; or NULL.
/// \param offset gets the place of the first value in the file; 0 when there is none.
/// \returns a negative number when it can't.
int mlt_hdf5_add_data_set(int64_t file, const char *path, char type, size_t size, const char *dtype, const char *shape,
                          int rank, const uint64_t *dimensions, uint64_t *offset);

/// Ends the file; a negative number when it can't.
int mlt_hdf5_close(int64_t file);

/// The library's version, such as 1.10.8.
void mlt_hdf5_version(unsigned *major, unsigned *minor, unsigned *release);

#endif
