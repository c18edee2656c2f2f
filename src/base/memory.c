/* SPDX-License-Identifier: ISC */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *memory)
{
	static const char words[] = "leat: out of memory\n";

	if (memory)
		return memory;
	if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
		abort();
	abort();
}

void *memory_alloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *memory_zalloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *memory_realloc(void *memory, size_t size)
{
	return checked(realloc(memory, size ? size : 1));
}

char *memory_strndup(const char *data, size_t len)
{
	char *copy = memory_alloc(len + 1);

	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

char *memory_strdup(const char *string)
{
	return string ? memory_strndup(string, strlen(string)) : NULL;
}

void memory_free(void *memory)
{
	free(memory);
}
