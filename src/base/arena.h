/* SPDX-License-Identifier: ISC */
/*
 * An arena: many small allocations, one release. A turn has one; nothing in
 * it is freed singly. Memory exhaustion aborts the process (base/memory.h).
 */
#ifndef LEAT_BASE_ARENA_H
#define LEAT_BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t total_bytes;
};

void arena_init(struct arena *arena);
void arena_fini(struct arena *arena);

/* Zeroed, aligned for any type; lives until arena_fini(). Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/* A terminated copy. The copy of a NULL string is NULL. */
char *arena_strdup(struct arena *arena, const char *string);
char *arena_strndup(struct arena *arena, const char *data, size_t len);
/* A copy; the data is terminated although the length does not count it. */
struct slice arena_copy(struct arena *arena, struct slice slice);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
