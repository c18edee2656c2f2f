/* SPDX-License-Identifier: ISC */
/*
 * However the bytes of a connection are cut, they are the same requests, and
 * what is called complete, libfcgi can decode. The first byte chooses the size
 * of the pieces.
 */
#include <stdint.h>
#include <stdlib.h>

#include "web/fcgi.h"
#include "web/record.h"
#include "web/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARAMS_MAX = 4096, BODY_MAX = 8192 };

static void need(bool fact)
{
	if (!fact)
		abort();
}

static void decode(struct slice records)
{
	struct request *request = request_new();
	struct fault fault;

	if (request_decode(request, records, BODY_MAX, &fault))
		need(request->body.len <= BODY_MAX);
	else
		need(request->body.len == 0);
	request_free(request);
}

/* What became of each request, appended to out. */
static void read_all(struct buffer *out, struct slice bytes, size_t step)
{
	static const struct record_limits limits = {PARAMS_MAX, BODY_MAX};
	enum record_status status = RECORD_MORE;
	struct record_reader reader;

	record_reader_init(&reader);
	while (status == RECORD_MORE && bytes.len > 0) {
		size_t len = bytes.len < step ? bytes.len : step;

		buffer_append(&reader.bytes, bytes.data, len);
		bytes.data += len;
		bytes.len -= len;
		while ((status = record_scan(&reader, &limits)) ==
		       RECORD_COMPLETE) {
			need(reader.params_bytes <= PARAMS_MAX);
			need(reader.body_bytes <= BODY_MAX);
			decode(record_request(&reader));
			buffer_append_slice(out, record_request(&reader));
			record_next(&reader);
		}
	}
	buffer_append_uint(out, status);
	buffer_append_uint(out, reader.request_id);
	record_reader_fini(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes;
	struct buffer whole;
	struct buffer cut;

	if (size < 2)
		return 0;
	bytes = slice_make((const char *)data + 1, size - 1);
	buffer_init(&whole, BUFFER_UNLIMITED);
	buffer_init(&cut, BUFFER_UNLIMITED);
	read_all(&whole, bytes, bytes.len);
	read_all(&cut, bytes, 1 + data[0] % 32);
	need(slice_equal(buffer_slice(&whole), buffer_slice(&cut)));
	buffer_fini(&whole);
	buffer_fini(&cut);
	return 0;
}
