#ifndef MASKD_FEATURES_H
#define MASKD_FEATURES_H

#include <stdbool.h>

// What the processor has and the operating system keeps across a change of threads.

#if defined(__x86_64__)
// AVX2 and FMA.
bool maskd_processor_has_avx2(void);
// AVX512 F, BW, DQ, VL and VNNI.
bool maskd_processor_has_avx512vnni(void);
// AVX512 VBMI besides.
bool maskd_processor_has_avx512vbmi(void);
#elif defined(__aarch64__)
bool maskd_processor_has_neon(void);
// Dot products, and the rounding multiply-add that came before them.
bool maskd_processor_has_dotprod(void);
bool maskd_processor_has_i8mm(void);
// Whether the processor that this thread runs on is known to keep the order of instructions.
bool maskd_processor_is_in_order(void);
#endif

#endif
