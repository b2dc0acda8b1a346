#ifndef KERNELCHECK_CYCLES_H
#define KERNELCHECK_CYCLES_H

#include <stdint.h>

// Ticks of the processor's time-stamp counter: cycles at the nominal frequency on x86-64, a slower clock on ARM64.
static inline uint64_t cycles_now(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
#error "no time-stamp counter known for this processor"
#endif
}

#endif
