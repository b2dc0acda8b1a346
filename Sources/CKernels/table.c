#include "families.h"
#include "features.h"
#include <pthread.h>
#include <string.h>

#define FAMILY_CAPACITY 4

// Worst first while they are filled: each family starts as a copy of the one below.
static maskd_kernels tables[FAMILY_CAPACITY];
static size_t table_count = 0;
static pthread_once_t tables_filled = PTHREAD_ONCE_INIT;

static void add_family(void (*install)(maskd_kernels *table)) {
  if (table_count > 0)
    tables[table_count] = tables[table_count - 1];
  install(&tables[table_count]);
  table_count += 1;
}

static void fill_tables(void) {
  add_family(maskd_install_generic);
#if defined(__x86_64__)
  if (maskd_processor_has_avx2())
    add_family(maskd_install_avx2);
  if (maskd_processor_has_avx2() && maskd_processor_has_avx512vnni())
    add_family(maskd_install_avx512vnni);
#elif defined(__aarch64__)
  if (maskd_processor_has_neon())
    add_family(maskd_install_neon);
  if (maskd_processor_has_neon() && maskd_processor_has_dotprod())
    add_family(maskd_install_dotprod);
  if (maskd_processor_has_neon() && maskd_processor_has_dotprod() && maskd_processor_has_i8mm())
    add_family(maskd_install_i8mm);
#endif
}

size_t maskd_kernels_available(const maskd_kernels **families, size_t capacity) {
  pthread_once(&tables_filled, fill_tables);
  for (size_t i = 0; i < table_count && i < capacity; i += 1)
    families[i] = &tables[table_count - 1 - i];
  return table_count;
}

const maskd_kernels *maskd_kernels_named(const char *family) {
  pthread_once(&tables_filled, fill_tables);
  for (size_t i = 0; i < table_count; i += 1)
    if (strcmp(tables[i].family, family) == 0)
      return &tables[i];
  return NULL;
}
