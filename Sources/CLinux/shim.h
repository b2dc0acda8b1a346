// What Swift's Glibc module leaves out of the Linux interface.
#include <linux/memfd.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

// glibc declares these under _GNU_SOURCE, which Swift's own import of its headers does not set.
extern const char *strerrorname_np(int code);
extern int pipe2(int descriptors[2], int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int pthread_clockjoin_np(pthread_t thread, void **value, clockid_t clock, const struct timespec *deadline);
