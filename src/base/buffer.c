/* SPDX-License-Identifier: ISC */
#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/memory.h"

enum { FIRST_CAP = 128 };

void buffer_init(struct buffer *buffer, size_t max_len)
{
	memset(buffer, 0, sizeof *buffer);
	buffer->max_len =
	    max_len < BUFFER_UNLIMITED ? max_len : BUFFER_UNLIMITED;
}

void buffer_fini(struct buffer *buffer)
{
	memory_free(buffer->data);
	buffer_init(buffer, buffer->max_len);
}

void buffer_clear(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->overflowed = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

char *buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t need = buffer->len + len;

	if (len > buffer->max_len - buffer->len) {
		buffer->overflowed = true;
		return NULL;
	}
	if (need + 1 > buffer->cap) {
		size_t cap =
		    buffer->cap ? buffer->cap + buffer->cap / 2 : FIRST_CAP;

		if (cap < need + 1)
			cap = need + 1;
		if (cap > buffer->max_len + 1)
			cap = buffer->max_len + 1;
		buffer->data = memory_realloc(buffer->data, cap);
		buffer->cap = cap;
	}
	return buffer->data + buffer->len;
}

void buffer_commit(struct buffer *buffer, size_t len)
{
	assert(len < buffer->cap - buffer->len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

bool buffer_append(struct buffer *buffer, const void *data, size_t len)
{
	char *room = buffer_reserve(buffer, len);

	if (!room)
		return false;
	if (len)
		memcpy(room, data, len);
	buffer_commit(buffer, len);
	return true;
}

bool buffer_append_slice(struct buffer *buffer, struct slice slice)
{
	return buffer_append(buffer, slice.data, slice.len);
}

bool buffer_append_string(struct buffer *buffer, const char *string)
{
	return buffer_append(buffer, string, strlen(string));
}

bool buffer_append_char(struct buffer *buffer, char c)
{
	return buffer_append(buffer, &c, 1);
}

bool buffer_append_uint(struct buffer *buffer, unsigned long long value)
{
	char digits[24];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return buffer_append(buffer, digits + at, sizeof digits - at);
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	va_list again;
	int len;
	char *room;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	/* What cannot be formatted fits nowhere. */
	room = buffer_reserve(buffer, len < 0 ? SIZE_MAX : (size_t)len);
	if (room) {
		vsnprintf(room, (size_t)len + 1, format, again);
		buffer_commit(buffer, (size_t)len);
	}
	va_end(again);
	return room != NULL;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
	assert(len <= buffer->len);
	if (len == 0)
		return;
	memmove(buffer->data, buffer->data + len, buffer->len - len);
	buffer->len -= len;
	buffer->data[buffer->len] = '\0';
}

const char *buffer_string(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

struct slice buffer_slice(const struct buffer *buffer)
{
	return slice_make(buffer_string(buffer), buffer->len);
}

char *buffer_detach(struct buffer *buffer)
{
	char *data = buffer->data ? buffer->data : memory_strdup("");

	buffer->data = NULL;
	buffer_fini(buffer);
	return data;
}
