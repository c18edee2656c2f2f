/* SPDX-License-Identifier: ISC */
/*
 * However a stream is cut, it reads the same. The first byte chooses the
 * size of the pieces, the second the cap.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "wire/sse_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(struct buffer *out, enum sse_read_status status,
		 const struct sse_event *event)
{
	buffer_append_uint(out, status);
	if (status == SSE_READ_TOO_LARGE)
		return;
	buffer_append_slice(out, event->data);
	if (status != SSE_READ_EVENT)
		return;
	buffer_append_char(out, '|');
	buffer_append_slice(out, event->type);
	buffer_append_char(out, '|');
	buffer_append_slice(out, event->id);
}

static char *read_stream(struct slice stream, size_t step, size_t cap)
{
	struct sse_read reader;
	struct sse_event event;
	struct buffer out;
	enum sse_read_status status = SSE_READ_MORE;

	sse_read_init(&reader, cap);
	buffer_init(&out, BUFFER_UNLIMITED);
	while (stream.len && status != SSE_READ_TOO_LARGE) {
		size_t n = stream.len < step ? stream.len : step;
		char *piece = memory_alloc(n);
		struct slice input = slice_make(piece, n);

		memcpy(piece, stream.data, n);
		while ((status = sse_read_next(&reader, &input, &event)) !=
		       SSE_READ_MORE) {
			note(&out, status, &event);
			if (status == SSE_READ_TOO_LARGE)
				break;
		}
		memory_free(piece);
		stream.data += n;
		stream.len -= n;
	}
	while (!reader.is_dead &&
	       (status = sse_read_end(&reader, &event)) != SSE_READ_MORE)
		note(&out, status, &event);
	buffer_append_uint(&out, (unsigned long long)reader.retry_ms);
	sse_read_fini(&reader);
	return buffer_detach(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice stream;
	size_t cap;
	char *whole;
	char *cut;

	if (size < 2)
		return 0;
	stream = slice_make((const char *)data + 2, size - 2);
	cap = 8 + (size_t)data[1] * 16;
	whole = read_stream(stream, size, cap);
	cut = read_stream(stream, 1 + data[0] % 16, cap);
	if (strcmp(whole, cut) != 0)
		abort();
	memory_free(whole);
	memory_free(cut);
	return 0;
}
