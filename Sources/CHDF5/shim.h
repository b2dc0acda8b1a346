#include <hdf5.h>

// What Swift cannot import: macros that call functions, and variadic functions.

// Failures come back as numbers; without this the library prints them as well.
static inline void chdf5_silence(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static inline hid_t chdf5_open(const char *path) {
  return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

// Opens a file that lies in memory; the library takes a copy.
static inline hid_t chdf5_open_image(void *bytes, size_t count) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  hid_t file = H5I_INVALID_HID;
  if (H5Pset_fapl_core(access, 1 << 20, 0) >= 0 && H5Pset_file_image(access, bytes, count) >= 0)
    file = H5Fopen("image", H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

static inline hid_t chdf5_open_object(hid_t file, const char *path) {
  return H5Oopen(file, path, H5P_DEFAULT);
}

static inline hid_t chdf5_open_dataset(hid_t file, const char *path) {
  return H5Dopen2(file, path, H5P_DEFAULT);
}

static inline hid_t chdf5_open_attribute(hid_t object, const char *name) {
  return H5Aopen(object, name, H5P_DEFAULT);
}

// All elements as float.
static inline herr_t chdf5_read_floats(hid_t dataset, float *values) {
  return H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}
