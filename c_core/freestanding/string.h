/// string.h - all of the C library that flight code may call.
///
/// Stands in for the real header wherever there is no C library: on the Cortex-M3, and in the check
/// that proves flight code needs no more than this. Whoever links flight code brings these four.
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int octet, size_t count);
int memcmp(const void *a, const void *b, size_t count);
