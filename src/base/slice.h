/* SPDX-License-Identifier: ISC */
/*
 * A borrowed view of bytes. It dies with its owner and is not terminated.
 */
#ifndef LEAT_BASE_SLICE_H
#define LEAT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data;
	size_t len;
};

#define SLICE_NONE	 ((struct slice){NULL, 0})
#define SLICE_LITERAL(s) ((struct slice){("" s), sizeof(s) - 1})

static inline struct slice slice_of(const char *string)
{
	return (struct slice){string, string ? strlen(string) : 0};
}

static inline struct slice slice_make(const char *data, size_t len)
{
	return (struct slice){data, len};
}

/* Past the last byte. (C allows no offset to NULL, not even none.) */
static inline const char *slice_end(struct slice slice)
{
	return slice.len ? slice.data + slice.len : slice.data;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || !memcmp(a.data, b.data, a.len));
}

static inline bool slice_is(struct slice a, const char *string)
{
	return slice_equal(a, slice_of(string));
}

#endif
