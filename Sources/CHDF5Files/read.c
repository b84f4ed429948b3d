// The child process that reads HDF5 files; see the header. It is forked, not started anew, so that it is there wherever mlt
// is used as a library; all it runs is in this file and in libhdf5.

#define _GNU_SOURCE

#include "CHDF5Files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <hdf5.h>

enum {
  most_rank = 8,
  most_depth = 32,
  longest_path = 4096,
  longest_text = 16 << 20,
  /// Compressed pieces are expanded one at a time.
  largest_chunk = 16 << 20,
  /// deflate makes at most 1032 bytes of one.
  most_expansion = 1100,
  /// What the child may use beyond what it began with.
  memory = 64 << 20,
};

// Answering.

/// Where the answer goes; buffered, since a record is many small pieces.
static int answer;
static size_t buffered;
static char buffer[1 << 16];

static void flush(void) {
  size_t done = 0;
  while (done < buffered) {
    ssize_t wrote = write(answer, buffer + done, buffered - done);
    if (wrote < 0 && errno == EINTR) continue;
    // Nobody listens any more.
    if (wrote <= 0) _exit(1);
    done += (size_t)wrote;
  }
  buffered = 0;
}

static void put(const void *bytes, size_t count) {
  while (count > 0) {
    if (buffered == sizeof buffer) flush();
    size_t piece = sizeof buffer - buffered < count ? sizeof buffer - buffered : count;
    memcpy(buffer + buffered, bytes, piece);
    buffered += piece;
    bytes = (const char *)bytes + piece;
    count -= piece;
  }
}

static void put_kind(char kind) { put(&kind, 1); }
static void put_number(uint64_t number) { put(&number, sizeof number); }

static void put_string(const char *text) {
  uint32_t length = (uint32_t)strlen(text);
  put(&length, sizeof length);
  put(text, length);
}

static _Noreturn void end(void) {
  put_kind(MLT_HDF5_END);
  flush();
  _exit(0);
}

/// Ends the answer with what is wrong.
static _Noreturn void refuse(const char *format, ...) {
  static char text[longest_path + 512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  put_kind(MLT_HDF5_PROBLEM);
  put_string(text);
  flush();
  _exit(0);
}

/// From here on the child may compute for so long, after which it is ended: a file may describe work without end.
static void allow_microseconds(uint64_t time) {
  struct itimerval timer = {.it_value = {.tv_sec = (time_t)(time / 1000000), .tv_usec = (suseconds_t)(time % 1000000)}};
  setitimer(ITIMER_PROF, &timer, NULL);
}

/// The time for opening a file and listing a small one; a larger one gets a second more for each 50 MB.
enum { least_time = 700000 };

// Becoming a process that can do no harm.

/// Bytes of private memory that the process has now.
static rlim_t private_memory(void) {
  char text[256];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  ssize_t got = file < 0 ? 0 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[got > 0 ? got : 0] = 0;
  unsigned long data = 0;
  sscanf(text, "%*u %*u %*u %*u %*u %lu", &data);
  return (rlim_t)data * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit(int resource, rlim_t value) {
  struct rlimit limit = {value, value};
  setrlimit(resource, &limit);
}

/// Opens the file, and gives up all that reading it does not need.
static hid_t become_reader(int file, int pipe_end) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  // What the C library says of a broken heap goes nowhere.
  int nowhere = open("/dev/null", O_RDWR);
  if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0) _exit(1);
  // Of all other files two are kept, as 3 and 4.
  int kept = fcntl(file, F_DUPFD, 5);
  answer = fcntl(pipe_end, F_DUPFD, 5);
  if (kept < 0 || answer < 0 || dup2(kept, 3) < 0 || dup2(answer, 4) < 0) _exit(1);
  answer = 4;
  syscall(SYS_close_range, 5, ~0U, 0);

  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_DATA, private_memory() + memory);
  struct stat status;
  if (fstat(3, &status) != 0) _exit(1);
  allow_microseconds(least_time + (uint64_t)status.st_size / 50);
  unsetenv("HDF5_DRIVER");
  unsetenv("HDF5_PLUGIN_PATH");
  H5Eset_auto(H5E_DEFAULT, NULL, NULL);
  // No code from anywhere.
  H5PLset_loading_state(0);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_file_locking(access, 0, 1);
  hid_t opened = H5Fopen("/proc/self/fd/3", H5F_ACC_RDONLY, access);
  // No file can be opened from here on, whatever external links, external storage or virtual data sets ask for.
  limit(RLIMIT_NOFILE, 0);
  if (opened < 0) refuse("is no HDF5 file that libhdf5 can read, or it is damaged or cut short");
  return opened;
}

/// Forks; in the child, never returns, but calls `work`.
static pid_t start(int file, int *answer_end, void (*work)(hid_t file, void *context), void *context) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    work(become_reader(file, ends[1]), context);
    _exit(0);
  }
  int code = errno;
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    errno = code;
    return -1;
  }
  *answer_end = ends[0];
  return child;
}

// Types.

static int has_fields(hid_t type, size_t sign, size_t exponent, size_t exponent_size, size_t mantissa_size, size_t bias) {
  size_t s, e, es, m, ms;
  return H5Tget_fields(type, &s, &e, &es, &m, &ms) >= 0 && s == sign && e == exponent && es == exponent_size && m == 0 &&
         ms == mantissa_size && H5Tget_ebias(type) == bias && H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

/// mlt's name of a type, `opaque1` or `opaque2` for bytes that only an attribute tells the meaning of; NULL for what no tensor
/// has.
static const char *type_name(hid_t type) {
  size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
  case H5T_INTEGER: {
    if (H5Tget_precision(type) != 8 * size || H5Tget_offset(type) != 0) return NULL;
    int is_signed = H5Tget_sign(type) == H5T_SGN_2;
    switch (size) {
    case 1: return is_signed ? "i8" : "u8";
    case 2: return is_signed ? "i16" : "u16";
    case 4: return is_signed ? "i32" : "u32";
    case 8: return is_signed ? "i64" : "u64";
    default: return NULL;
    }
  }
  case H5T_FLOAT:
    switch (size) {
    case 8: return has_fields(type, 63, 52, 11, 52, 1023) ? "f64" : NULL;
    case 4: return has_fields(type, 31, 23, 8, 23, 127) ? "f32" : NULL;
    case 2:
      if (has_fields(type, 15, 10, 5, 10, 15)) return "f16";
      return has_fields(type, 15, 7, 8, 7, 127) ? "bf16" : NULL;
    case 1:
      if (has_fields(type, 7, 3, 4, 3, 7)) return "f8e4m3";
      return has_fields(type, 7, 2, 5, 2, 15) ? "f8e5m2" : NULL;
    default: return NULL;
    }
  case H5T_ENUM:
    // As h5py keeps booleans.
    return size == 1 && H5Tget_nmembers(type) == 2 ? "bool" : NULL;
  case H5T_OPAQUE: return size == 1 ? "opaque1" : size == 2 ? "opaque2" : NULL;
  default: return NULL;
  }
}

/// Text of a scalar attribute, to be freed; NULL when it is none.
static char *attribute_text(hid_t attribute) {
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  char *text = NULL;
  hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  if (type >= 0 && count == 1 && H5Tget_class(type) == H5T_STRING) {
    size_t size = H5Tget_size(type);
    hid_t wanted = H5Tcopy(type);
    if (H5Tis_variable_str(type) > 0) {
      char *value = NULL;
      if (H5Aread(attribute, wanted, &value) >= 0) text = strdup(value ? value : "");
    } else if (size <= longest_text && (text = calloc(size + 1, 1)) != NULL) {
      if (H5Aread(attribute, wanted, text) < 0) {
        free(text);
        text = NULL;
      }
    }
    H5Tclose(wanted);
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  if (text != NULL && strlen(text) > longest_text) refuse("has an attribute of more than %d bytes", longest_text);
  return text;
}

/// Answers with the text of an attribute, empty when there is none.
static void put_text_of(hid_t object, const char *name) {
  hid_t attribute = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
  char *text = attribute < 0 ? NULL : attribute_text(attribute);
  put_string(text == NULL ? "" : text);
  free(text);
  if (attribute >= 0) H5Aclose(attribute);
}

// Listing.

/// Where the walk is.
struct place {
  char path[longest_path];
  int depth;
};

/// How many pieces a data set has, were all of them there; 0 when the number does not fit.
static uint64_t piece_count(int rank, const hsize_t *extent, const hsize_t *chunk) {
  uint64_t count = 1;
  for (int i = 0; i < rank; i++) {
    uint64_t along = extent[i] == 0 ? 0 : (extent[i] - 1) / chunk[i] + 1;
    if (__builtin_mul_overflow(count, along, &count)) return 0;
  }
  return count;
}

/// Refuses pieces that are missing, too large, of more than deflate can hold, or made by filters that are not built in.
static void check_pieces(const char *path, hid_t set, hid_t creation, hid_t space, int rank, const hsize_t *extent,
                         size_t element, uint64_t stored) {
  hsize_t chunk[most_rank];
  if (H5Pget_chunk(creation, rank, chunk) != rank) refuse("data set '%s': its pieces are damaged", path);
  uint64_t bytes = element;
  for (int i = 0; i < rank; i++) {
    if (chunk[i] == 0 || __builtin_mul_overflow(bytes, chunk[i], &bytes) || bytes > largest_chunk)
      refuse("data set '%s' is in pieces of more than %d MiB", path, largest_chunk >> 20);
  }
  int filters = H5Pget_nfilters(creation);
  if (filters < 0 || filters > 8) refuse("data set '%s': its filters are damaged", path);
  for (int i = 0; i < filters; i++) {
    unsigned flags, configuration;
    size_t values = 0;
    char name[64] = "";
    H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, sizeof name - 1, name, &configuration);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      refuse("data set '%s' is compressed by the filter %d (%s); only gzip is read, so repack it with h5repack -f GZIP=4",
             path, (int)filter, name);
  }
  uint64_t pieces = piece_count(rank, extent, chunk);
  hsize_t there = 0;
  if (H5Dget_num_chunks(set, space, &there) < 0 || there != pieces)
    refuse("data set '%s' should have %llu pieces, the file has %llu", path, (unsigned long long)pieces,
           (unsigned long long)there);
  if (pieces > 0 && bytes > (filters > 0 ? most_expansion : 1) * (stored / pieces + 1))
    refuse("data set '%s' has %llu bytes in the file, which can't be all of its values", path, (unsigned long long)stored);
}

static void list_data_set(const char *path, hid_t set) {
  hid_t type = H5Dget_type(set), space = H5Dget_space(set), creation = H5Dget_create_plist(set);
  if (type < 0 || space < 0 || creation < 0) refuse("data set '%s' is damaged", path);
  const char *name = type_name(type);
  if (name == NULL) refuse("data set '%s' holds neither integers nor floats, so it is no tensor", path);
  hsize_t extent[H5S_MAX_RANK];
  int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > most_rank || H5Sget_simple_extent_type(space) == H5S_NULL)
    refuse("data set '%s' has %d dimensions, expected 0 to %d", path, rank, most_rank);
  if (rank > 0 && H5Sget_simple_extent_dims(space, extent, NULL) != rank) refuse("data set '%s' is damaged", path);
  uint64_t count = 1;
  for (int i = 0; i < rank; i++) count = extent[i] == 0 ? 0 : count;

  H5D_layout_t layout = H5Pget_layout(creation);
  uint64_t stored = H5Dget_storage_size(set), offset = 0;
  int order = H5Tget_class(type) == H5T_OPAQUE ? H5T_ORDER_LE : H5Tget_order(type);
  int is_turned = H5Tget_size(type) > 1 && order != H5T_ORDER_LE, pieces = 0;
  if (H5Pget_external_count(creation) != 0) refuse("data set '%s' has its values in other files", path);
  switch (layout) {
  case H5D_CONTIGUOUS: {
    haddr_t place = H5Dget_offset(set);
    if (count > 0 && place == HADDR_UNDEF) refuse("data set '%s' has no values: they were never written", path);
    offset = place == HADDR_UNDEF ? 0 : place;
    pieces = is_turned;
    break;
  }
  case H5D_COMPACT: pieces = 1; break;
  case H5D_CHUNKED:
    pieces = 1;
    check_pieces(path, set, creation, space, rank, extent, H5Tget_size(type), stored);
    break;
  case H5D_VIRTUAL: refuse("data set '%s' is virtual: its values are in other data sets", path);
  default: refuse("data set '%s' is damaged", path);
  }

  put_kind(MLT_HDF5_DATA_SET);
  put_string(path);
  put_string(name);
  put_number((uint64_t)rank);
  for (int i = 0; i < rank; i++) put_number(extent[i]);
  put_number(pieces ? MLT_HDF5_PIECES : MLT_HDF5_CONTIGUOUS);
  put_number(offset);
  put_number(stored);
  put_text_of(set, "dtype");
  put_text_of(set, "shape");
  H5Pclose(creation);
  H5Sclose(space);
  H5Tclose(type);
}

static herr_t list_link(hid_t group, const char *name, const H5L_info_t *link, void *context) {
  struct place *place = context;
  size_t length = strlen(place->path), more = strlen(name);
  if (length + more + 2 > sizeof place->path) refuse("holds paths of more than %d bytes", longest_path);
  if (length > 0) place->path[length++] = '/';
  memcpy(place->path + length, name, more + 1);
  size_t start = length > 0 ? length - 1 : 0;

  if (link->type != H5L_TYPE_HARD)
    refuse("'%s' is a %s, which leads elsewhere; only data sets of the file itself are read", place->path,
           link->type == H5L_TYPE_SOFT ? "soft link" : "link to another file");
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  H5O_info_t info;
  if (object < 0 || H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) refuse("'%s' is damaged", place->path);
  if (info.rc > 1) refuse("'%s' has more than one name in the file", place->path);
  switch (info.type) {
  case H5O_TYPE_DATASET: list_data_set(place->path, object); break;
  case H5O_TYPE_GROUP: {
    if (++place->depth > most_depth) refuse("nests groups deeper than %d", most_depth);
    if (H5Literate(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, list_link, place) < 0)
      refuse("the group '%s' is damaged", place->path);
    place->depth--;
    break;
  }
  default: refuse("'%s' is neither a group nor a data set", place->path);
  }
  H5Oclose(object);
  place->path[start] = 0;
  return 0;
}

static herr_t list_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  (void)info;
  (void)context;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) refuse("the attribute '%.200s' is damaged", name);
  char *text = attribute_text(attribute);
  if (text != NULL) {
    put_kind(MLT_HDF5_TEXT);
    put_string(name);
    put_string(text);
    free(text);
  }
  H5Aclose(attribute);
  return 0;
}

static void list_text(hid_t root) {
  hid_t creation = H5Gget_create_plist(root);
  unsigned order = 0;
  if (creation < 0 || H5Pget_attr_creation_order(creation, &order) < 0) order = 0;
  int by_creation = (order & H5P_CRT_ORDER_TRACKED) != 0;
  if (H5Aiterate2(root, by_creation ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, NULL, list_attribute, NULL) < 0)
    refuse("its attributes are damaged");
  if (creation >= 0) H5Pclose(creation);
}

static void list(hid_t file, void *context) {
  (void)context;
  static struct place place;
  hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
  if (root < 0) refuse("its root group is damaged");
  list_text(root);
  if (H5Literate(root, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, list_link, &place) < 0)
    refuse("its root group is damaged");
  end();
}

pid_t mlt_hdf5_list(int file, int *answer) { return start(file, answer, list, NULL); }

// Reading values.

struct wanted {
  const char *path;
  void *values;
  size_t bytes;
};

static void read_values(hid_t file, void *context) {
  const struct wanted *wanted = context;
  // As slow as a slow processor expands.
  allow_microseconds(least_time + wanted->bytes / 10);
  hid_t set = H5Dopen2(file, wanted->path, H5P_DEFAULT);
  hid_t type = set < 0 ? -1 : H5Dget_type(set), space = set < 0 ? -1 : H5Dget_space(set);
  if (type < 0 || space < 0) refuse("data set '%s' is damaged", wanted->path);
  hid_t memory_type = H5Tcopy(type);
  if (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT) H5Tset_order(memory_type, H5T_ORDER_LE);
  hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || (uint64_t)count * H5Tget_size(memory_type) != wanted->bytes)
    refuse("data set '%s' changed while it was read", wanted->path);
  if (H5Dread(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, wanted->values) < 0)
    refuse("data set '%s': its compressed pieces are damaged", wanted->path);
  end();
}

pid_t mlt_hdf5_read(int file, const char *path, void *values, size_t bytes, int *answer) {
  struct wanted wanted = {path, values, bytes};
  return start(file, answer, read_values, &wanted);
}
