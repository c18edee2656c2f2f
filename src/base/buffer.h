/* SPDX-License-Identifier: ISC */
/*
 * Growing bytes with a cap.
 *
 * Invariants: len < cap; data[len] is '\0' once anything was allocated; a
 * buffer never holds more than max_len bytes. What does not fit is not
 * written at all, and `overflowed` stays set until buffer_clear(): callers
 * may append freely and ask once at the end.
 */
#ifndef LEAT_BASE_BUFFER_H
#define LEAT_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buffer {
	char *data;
	size_t len;
	size_t cap;
	size_t max_len;
	bool overflowed;
};

#define BUFFER_UNLIMITED ((size_t)1 << 40)

void buffer_init(struct buffer *buffer, size_t max_len);
void buffer_fini(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory */

/* False (and overflowed) when the cap does not allow it. What is appended is
 * not part of the buffer itself. */
bool buffer_append(struct buffer *buffer, const void *data, size_t len);
bool buffer_append_slice(struct buffer *buffer, struct slice slice);
bool buffer_append_string(struct buffer *buffer, const char *string);
bool buffer_append_char(struct buffer *buffer, char c);
bool buffer_append_uint(struct buffer *buffer, unsigned long long value);
bool buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for len more bytes at the end, or NULL; buffer_commit() counts what
 * was written there. */
char *buffer_reserve(struct buffer *buffer, size_t len);
void buffer_commit(struct buffer *buffer, size_t len);

/* Drops the first len bytes. */
void buffer_consume(struct buffer *buffer, size_t len);
/* The terminated content, never NULL. */
const char *buffer_string(const struct buffer *buffer);
struct slice buffer_slice(const struct buffer *buffer);
/* Hands the memory to the caller (memory_free()); the buffer is empty. */
char *buffer_detach(struct buffer *buffer);

#endif
