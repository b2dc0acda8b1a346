#ifndef MASKD_FAMILIES_H
#define MASKD_FAMILIES_H

#include "kernels.h"

// Each family puts its own kernels over those of the family below it, and its name on the table.

void maskd_install_generic(maskd_kernels *table);

#if defined(__x86_64__)
void maskd_install_avx2(maskd_kernels *table);
void maskd_install_avx512vnni(maskd_kernels *table);
#elif defined(__aarch64__)
void maskd_install_neon(maskd_kernels *table);
void maskd_install_dotprod(maskd_kernels *table);
void maskd_install_i8mm(maskd_kernels *table);
#endif

#endif
