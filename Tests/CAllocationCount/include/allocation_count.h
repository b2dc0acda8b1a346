// Counts what a thread allocates, for tests that promise to allocate nothing.
#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

#include <stdbool.h>

// False under a sanitizer, which has an allocator of its own.
bool allocation_count_is_available(void);

// The calls of malloc, calloc, realloc and their kin by this thread so far.
long allocation_count_of_this_thread(void);

#endif
