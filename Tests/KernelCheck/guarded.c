#include "guarded.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATTERN = 0xa5 };

guarded guarded_make(size_t capacity) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t whole = (capacity + page - 1) / page * page;
  uint8_t *all = mmap(NULL, whole + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED || mprotect(all + page, whole, PROT_READ | PROT_WRITE) != 0) {
    perror("kernelcheck: guarded memory");
    exit(71);
  }
  return (guarded){.first = all + page, .capacity = whole};
}

void *guarded_place(const guarded *area, size_t bytes, bool at_end) {
  if (bytes > area->capacity) {
    fprintf(stderr, "kernelcheck: an array of %zu bytes does not fit %zu\n", bytes, area->capacity);
    exit(70);
  }
  memset(area->first, PATTERN, area->capacity);
  return at_end ? area->first + area->capacity - bytes : area->first;
}

bool guarded_is_untouched(const guarded *area, size_t offset) {
  return area->first[offset] == PATTERN;
}

const void *guarded_forbidden(const guarded *area) {
  return area->first + area->capacity;
}
