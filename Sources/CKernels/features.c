#include "features.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <stdint.h>

// The register states that the operating system saves, as bits of XCR0.
#define STATE_SSE_AVX 0x06u
#define STATE_AVX512 0xe6u

static bool system_saves(uint32_t state) {
  uint32_t eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE))
    return false;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & state) == state;
}

bool maskd_processor_has_avx2(void) {
  uint32_t eax, ebx, ecx, edx;
  if (!system_saves(STATE_SSE_AVX) || !__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_FMA))
    return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_AVX2);
}

bool maskd_processor_has_avx512vnni(void) {
  uint32_t eax, ebx, ecx, edx;
  if (!system_saves(STATE_AVX512) || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
    return false;
  const uint32_t wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  return (ebx & wanted) == wanted && (ecx & bit_AVX512VNNI);
}

bool maskd_processor_has_avx512vbmi(void) {
  uint32_t eax, ebx, ecx, edx;
  return maskd_processor_has_avx512vnni() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ecx & bit_AVX512VBMI);
}

#elif defined(__aarch64__)

#include <asm/hwcap.h>
#include <sys/auxv.h>

bool maskd_processor_has_neon(void) {
  return getauxval(AT_HWCAP) & HWCAP_ASIMD;
}

bool maskd_processor_has_dotprod(void) {
  return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}

bool maskd_processor_has_i8mm(void) {
  return getauxval(AT_HWCAP2) & HWCAP2_I8MM;
}

#endif
