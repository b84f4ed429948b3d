// Lays out HDF5 files. The same calls give the same bytes: no times are kept. The form is that of HDF5 1.8, which every
// reader in use knows.

#include "CHDF5Files.h"

#include <hdf5.h>

int64_t mlt_hdf5_create(const char *path) {
  H5Eset_auto(H5E_DEFAULT, NULL, NULL);
  hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  // Metadata is read back in the order in which it was written.
  H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_obj_track_times(creation, 0);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
  H5Pset_file_locking(access, 0, 1);
  // Values lie so that they can be used where they are mapped.
  H5Pset_alignment(access, 64, 64);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
  H5Pclose(access);
  H5Pclose(creation);
  return file;
}

/// A text of any length in UTF-8.
static hid_t text_type(void) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

static int add_text(hid_t object, const char *name, const char *value) {
  hid_t type = text_type(), space = H5Screate(H5S_SCALAR), creation = H5Pcreate(H5P_ATTRIBUTE_CREATE);
  H5Pset_char_encoding(creation, H5T_CSET_UTF8);
  hid_t attribute = H5Acreate2(object, name, type, space, creation, H5P_DEFAULT);
  int result = attribute < 0 ? -1 : H5Awrite(attribute, type, &value);
  if (attribute >= 0 && H5Aclose(attribute) < 0) result = -1;
  H5Pclose(creation);
  H5Sclose(space);
  H5Tclose(type);
  return result;
}

int mlt_hdf5_add_text(int64_t file, const char *name, const char *value) { return add_text(file, name, value); }

/// The type in which values are kept; to be closed.
static hid_t stored_type(char type, size_t size) {
  if (type == 'f' && size == 2) {
    // IEEE 754 binary16, which the library has no name for: fields as in section 3.6 of the standard.
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
  }
  if (type == 'f') return H5Tcopy(size == 8 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE);
  hid_t integer = H5Tcopy(type == 'i' ? H5T_STD_I8LE : H5T_STD_U8LE);
  H5Tset_size(integer, size);
  H5Tset_precision(integer, 8 * size);
  return integer;
}

int mlt_hdf5_add_data_set(int64_t file, const char *path, char type, size_t size, const char *dtype, const char *shape,
                          int rank, const uint64_t *dimensions, uint64_t *offset) {
  hsize_t extent[H5S_MAX_RANK];
  size_t count = 1;
  for (int i = 0; i < rank; i++) {
    extent[i] = dimensions[i];
    count *= dimensions[i];
  }
  hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extent, NULL);
  hid_t stored = stored_type(type, size);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(creation, H5D_CONTIGUOUS);
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(creation, 0);
  hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  H5Pset_char_encoding(links, H5T_CSET_UTF8);
  hid_t set = H5Dcreate2(file, path, stored, space, links, creation, H5P_DEFAULT);
  int result = set < 0 ? -1 : add_text(set, "dtype", dtype);
  if (result >= 0 && shape != NULL) result = add_text(set, "shape", shape);
  if (result >= 0) {
    haddr_t place = H5Dget_offset(set);
    *offset = place == HADDR_UNDEF ? 0 : place;
    if (count > 0 && place == HADDR_UNDEF) result = -1;
  }
  if (set >= 0 && H5Dclose(set) < 0) result = -1;
  H5Pclose(links);
  H5Pclose(creation);
  H5Tclose(stored);
  H5Sclose(space);
  return result;
}

int mlt_hdf5_close(int64_t file) { return H5Fclose(file); }

void mlt_hdf5_version(unsigned *major, unsigned *minor, unsigned *release) { H5get_libversion(major, minor, release); }
