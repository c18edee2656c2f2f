/* SPDX-License-Identifier: ISC */
/*
 * Allocation that does not return NULL. Everything that a stranger can make
 * grow has a cap of its own; what is left of memory exhaustion is a machine
 * that cannot go on, and the process says so and aborts (the master restarts
 * it).
 */
#ifndef LEAT_BASE_MEMORY_H
#define LEAT_BASE_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t size);  /* uninitialised */
void *memory_zalloc(size_t size); /* zeroed */
void *memory_realloc(void *memory, size_t size);
char *memory_strdup(const char *string); /* NULL stays NULL */
char *memory_strndup(const char *data, size_t len);
void memory_free(void *memory);

#endif
