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

// libv4l2 writes to standard error, once for each bad frame where it converts. All that it knows is in errno, too.
// To be called once, before the first device is opened.
static inline void maskd_v4l2_silence(void) {
  v4l2_log_file = fopen("/dev/null", "we");
}

// Swift imports no macro that takes a sizeof, as the numbers of the requests do.
static const unsigned long maskd_vidioc_querycap = VIDIOC_QUERYCAP;
static const unsigned long maskd_vidioc_enum_fmt = VIDIOC_ENUM_FMT;
static const unsigned long maskd_vidioc_enum_framesizes = VIDIOC_ENUM_FRAMESIZES;
static const unsigned long maskd_vidioc_enum_frameintervals = VIDIOC_ENUM_FRAMEINTERVALS;
static const unsigned long maskd_vidioc_g_fmt = VIDIOC_G_FMT;
static const unsigned long maskd_vidioc_s_fmt = VIDIOC_S_FMT;
static const unsigned long maskd_vidioc_g_parm = VIDIOC_G_PARM;
static const unsigned long maskd_vidioc_s_parm = VIDIOC_S_PARM;
static const unsigned long maskd_vidioc_subscribe_event = VIDIOC_SUBSCRIBE_EVENT;
static const unsigned long maskd_vidioc_dqevent = VIDIOC_DQEVENT;
static const unsigned long maskd_vidioc_reqbufs = VIDIOC_REQBUFS;
static const unsigned long maskd_vidioc_querybuf = VIDIOC_QUERYBUF;
static const unsigned long maskd_vidioc_qbuf = VIDIOC_QBUF;
static const unsigned long maskd_vidioc_dqbuf = VIDIOC_DQBUF;
static const unsigned long maskd_vidioc_streamon = VIDIOC_STREAMON;
static const unsigned long maskd_vidioc_streamoff = VIDIOC_STREAMOFF;
