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
#include <stdint.h>
#include <sys/auxv.h>

bool maskd_processor_has_neon(void) {
  return getauxval(AT_HWCAP) & HWCAP_ASIMD;
}

bool maskd_processor_has_dotprod(void) {
  const unsigned long wanted = HWCAP_ASIMDDP | HWCAP_ASIMDRDM;
  return (getauxval(AT_HWCAP) & wanted) == wanted;
}

bool maskd_processor_has_i8mm(void) {
  return getauxval(AT_HWCAP2) & HWCAP2_I8MM;
}

// The main ID register, which the system reads for a program where HWCAP_CPUID is set.
bool maskd_processor_is_in_order(void) {
  enum {
    ARM = 0x41,
    CORTEX_A53 = 0xd03,
    CORTEX_A35 = 0xd04,
    CORTEX_A55 = 0xd05,
    CORTEX_A510 = 0xd46,
    CORTEX_A520 = 0xd80
  };
  if (!(getauxval(AT_HWCAP) & HWCAP_CPUID))
    return false;
  uint64_t id;
  __asm__("mrs %0, midr_el1" : "=r"(id));
  const uint64_t part = id >> 4 & 0xfff;
  return (id >> 24 & 0xff) == ARM &&
         (part == CORTEX_A53 || part == CORTEX_A35 || part == CORTEX_A55 || part == CORTEX_A510 || part == CORTEX_A520);
}

#endif
