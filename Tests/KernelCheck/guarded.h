#ifndef KERNELCHECK_GUARDED_H
#define KERNELCHECK_GUARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Memory between two pages that nobody may touch. An array is placed flush with one of them, so that one byte read or
// written beyond it ends the program with SIGSEGV, which `main` turns into a message.
typedef struct guarded {
  uint8_t *first;
  size_t capacity; // whole pages
} guarded;

// Exits with a message where the system gives no memory.
guarded guarded_make(size_t capacity);

// The place of an array of `bytes`, flush with the end or with the beginning. All else is filled with a pattern, the
// array's own bytes too.
void *guarded_place(const guarded *area, size_t bytes, bool at_end);

// Whether a byte of the area still holds the pattern.
bool guarded_is_untouched(const guarded *area, size_t offset);

// An address whose reading ends the program.
const void *guarded_forbidden(const guarded *area);

#endif
