// Checks every kernel of every family that this processor runs: the generic ones against an obvious computation, all
// others against the generic ones. Exit status 0: all the same; 1: a difference, or forbidden memory was touched.

#include "check.h"
#include "cycles.h"
#include "values.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FAMILIES = 8, FAILURES_SHOWN = 3, JOB_REPEATS = 200, EXIT_USAGE = 64 };

static const check *const all_checks[] = {
    &check_pack_gemm_s8,     &check_pack_gemm_f32,   &check_gemm_s8,
    &check_gemm_s8_to_f32,   &check_depthwise_s8,    &check_depthwise_s8_to_f32,
    &check_depthwise_s8_s16, &check_row_sums_s8,     &check_gemm_f32,
    &check_depthwise_f32,    &check_arithmetic_f32,  &check_sums_of_columns_f32,
    &check_range_f32,        &check_quantize_f32_s8, &check_divide_f32_s8,
    &check_lookup_s8,        &check_add_s8,          &check_mul_s8,
    &check_average_pool_s8,  &check_max_pool_s8,     &check_mean_s8,
    &check_prove_rounding,
};
static const char *const known_families[] = {"generic", "avx2", "avx512vnni", "neon", "dotprod", "i8mm"};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

// What runs now.
static struct {
  const char *kernel, *family;
  char case_text[160];
  unsigned cases, failures;
} current;

void case_begin(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(current.case_text, sizeof current.case_text, format, arguments);
  va_end(arguments);
  current.cases += 1;
}

void case_differs(const char *format, ...) {
  current.failures += 1;
  if (current.failures > FAILURES_SHOWN)
    return;
  printf("  %s, %s: %s: ", current.kernel, current.family, current.case_text);
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
}

bool checks_should_stop(void) {
  return current.failures >= FAILURES_SHOWN;
}

static void write_text(const char *text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0)
    _exit(EXIT_FAILURE);
}

static void forbidden_access(int signal_number) {
  write_text("kernelcheck: ");
  write_text(current.kernel ? current.kernel : "no kernel");
  write_text(", ");
  write_text(current.family ? current.family : "no family");
  write_text(": ");
  write_text(current.case_text);
  write_text(signal_number == SIGILL ? ": an instruction that this processor lacks\n"
                                     : ": touched memory beyond its operands\n");
  _exit(EXIT_FAILURE);
}

static void catch_faults(void) {
  struct sigaction action = {.sa_handler = forbidden_access};
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGILL, &action, NULL);
}

// The fewest ticks that one job took.
static uint64_t time_of(const check *check, const maskd_kernels *family) {
  uint64_t fewest = UINT64_MAX;
  for (size_t i = 0; i < JOB_REPEATS; i += 1) {
    const uint64_t begin = cycles_now();
    check->job(family);
    const uint64_t ticks = cycles_now() - begin;
    fewest = ticks < fewest ? ticks : fewest;
  }
  return fewest;
}

// Returns whether the kernel is right.
static bool run_check(const check *check, const maskd_kernels *family, const maskd_kernels *generic, bool benchmark) {
  current.kernel = check->kernel;
  current.family = family->family;
  current.cases = current.failures = 0;
  check->run(family, generic);
  printf("%-19s %-11s %5u cases  %s", check->kernel, family->family, current.cases,
         current.failures == 0 ? "ok" : "DIFFERS");
  if (benchmark) {
    snprintf(current.case_text, sizeof current.case_text, "benchmark");
    const size_t elements = check->prepare_job(family);
    const uint64_t ticks = time_of(check, family);
    printf("  %9llu ticks a job, %7.2f elements a tick", (unsigned long long)ticks,
           (double)elements / (double)(ticks > 0 ? ticks : 1));
  }
  printf("\n");
  fflush(stdout);
  return current.failures == 0;
}

static bool is_wanted(const char *family, const char *wanted) {
  return !wanted || strcmp(family, wanted) == 0;
}

// Runs one check on every wanted family that has a kernel of its own there. Returns how many kernels are wrong.
static unsigned run_on_families(const check *check, const char *wanted, bool benchmark, unsigned *kernels) {
  const maskd_kernels *families[FAMILIES];
  const size_t found = maskd_kernels_available(families, FAMILIES);
  const size_t count = found < FAMILIES ? found : FAMILIES;
  const maskd_kernels *generic = families[count - 1];
  unsigned wrong = 0;
  for (size_t i = count; i-- > 0;) {
    const bool inherited = i + 1 < count && check->function(families[i]) == check->function(families[i + 1]);
    if (inherited || !is_wanted(families[i]->family, wanted))
      continue;
    *kernels += 1;
    wrong += !run_check(check, families[i], generic, benchmark);
  }
  return wrong;
}

static void print_skipped(const char *wanted) {
  for (size_t i = 0; i < COUNT_OF(known_families); i += 1)
    if (is_wanted(known_families[i], wanted) && !maskd_kernels_named(known_families[i]))
      printf("skipped: %s (not in this build, or this processor lacks it)\n", known_families[i]);
}

static void usage(const char *problem, const char *argument) {
  fprintf(stderr, "kernelcheck: %s: %s\nusage: kernelcheck [--seed N] [--family NAME] [--benchmark]\n", problem,
          argument);
  exit(EXIT_USAGE);
}

static uint64_t parse_seed(const char *text) {
  char *end;
  errno = 0;
  const unsigned long long seed = strtoull(text, &end, 0);
  if (errno != 0 || end == text || *end != 0)
    usage("not a number", text);
  return seed;
}

int main(int argc, char **argv) {
  uint64_t seed = (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
  const char *family = NULL;
  bool benchmark = false;
  for (int i = 1; i < argc; i += 1) {
    if (strcmp(argv[i], "--benchmark") == 0)
      benchmark = true;
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
      seed = parse_seed(argv[i += 1]);
    else if (strcmp(argv[i], "--family") == 0 && i + 1 < argc)
      family = argv[i += 1];
    else
      usage("unknown switch, or its value is missing", argv[i]);
  }
  if (family && !maskd_kernels_named(family))
    usage("no such family in this build or on this processor", family);
  catch_faults();
  printf("seed %llu\n", (unsigned long long)seed);
  unsigned wrong = 0, kernels = 0;
  for (size_t i = 0; i < COUNT_OF(all_checks); i += 1) {
    values_seed(seed);
    wrong += run_on_families(all_checks[i], family, benchmark, &kernels);
  }
  print_skipped(family);
  printf("%u kernels checked, %u wrong\n", kernels, wrong);
  return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
