/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/memory.h"

enum { BLOCK_MIN = 232, BLOCK_MAX = 64 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena)
{
	arena->blocks = NULL;
	arena->total_bytes = 0;
}

void arena_fini(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		memory_free(block);
		block = next;
	}
	arena_init(arena);
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
	struct arena_block *first = arena->blocks;
	size_t size = first ? first->size * 2 : BLOCK_MIN;
	struct arena_block *block;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	/* What does not fit a common block gets one of its own, behind the
	 * first, where others may still find room. */
	if (need > size / 2)
		size = need;
	block = memory_alloc(sizeof *block + size);
	block->used = 0;
	block->size = size;
	if (first && size == need) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		arena->blocks = block;
	}
	arena->total_bytes += sizeof *block + size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *result;

	assert(size <= SIZE_MAX / 2);
	size = (size + align - 1) & ~(align - 1);
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	result = block->data + block->used;
	block->used += size;
	memset(result, 0, size);
	return result;
}

char *arena_strndup(struct arena *arena, const char *data, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
	return string ? arena_strndup(arena, string, strlen(string)) : NULL;
}

struct slice arena_copy(struct arena *arena, struct slice slice)
{
	return slice_make(arena_strndup(arena, slice.data, slice.len),
			  slice.len);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	va_list again;
	int len;
	char *result;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	result = arena_alloc(arena, (size_t)(len < 0 ? 0 : len) + 1);
	vsnprintf(result, (size_t)(len < 0 ? 0 : len) + 1, format, again);
	va_end(again);
	return result;
}
