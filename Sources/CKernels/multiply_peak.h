#ifndef MASKD_MULTIPLY_PEAK_H
#define MASKD_MULTIPLY_PEAK_H

#include <stddef.h>
#include <stdint.h>

// How each family's peak is measured: sums that do not wait for one another, more of them than the instruction takes
// cycles times how many start in a cycle, and an empty piece of assembly that keeps the compiler from counting ahead.

#define MASKD_PEAK_SUMS 12

#endif
