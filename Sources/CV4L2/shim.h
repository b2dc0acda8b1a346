#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>

// Swift imports no variadic C function, and v4l2_open and v4l2_ioctl are variadic.
static inline int maskd_v4l2_open(const char *path, int flags) {
  return v4l2_open(path, flags);
}

static inline int maskd_v4l2_ioctl(int descriptor, unsigned long request, void *argument) {
  return v4l2_ioctl(descriptor, request, argument);
}
