/* SPDX-License-Identifier: ISC */
#include "web/record.h"

#include "base/memory.h"

enum {
	VERSION = 1,
	BEGIN_REQUEST = 1,
	ABORT_REQUEST = 2,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	ROLE_RESPONDER = 1,
	FLAG_KEEP_CONN = 1,
	BEGIN_LEN = 8,
	PADDING_AT = 6,
	STATUS_REQUEST_COMPLETE = 0,
	STATUS_UNKNOWN_ROLE = 3,
	/* A reader may hold a request and one record that is not whole. */
	UNSCANNED_MAX = 2 * (RECORD_CONTENT_MAX + 255 + RECORD_HEADER_LEN)
};

struct record_header {
	unsigned type;
	unsigned id;
	size_t content_len;
	size_t total_len;
};

void record_reader_init(struct record_reader *reader)
{
	memset(reader, 0, sizeof *reader);
	buffer_init(&reader->bytes, BUFFER_UNLIMITED);
}

void record_reader_fini(struct record_reader *reader)
{
	buffer_fini(&reader->bytes);
}

static bool read_header(const unsigned char *p, struct record_header *header)
{
	header->type = p[1];
	header->id = (unsigned)p[2] << 8 | p[3];
	header->content_len = (size_t)p[4] << 8 | p[5];
	header->total_len =
	    RECORD_HEADER_LEN + header->content_len + p[PADDING_AT];
	return p[0] == VERSION;
}

/* Reads a length (section 3.4); false: there are not enough bytes. */
static bool read_length(const unsigned char **p, const unsigned char *end,
			size_t *len)
{
	if (*p == end)
		return false;
	if (**p < 0x80) {
		*len = *(*p)++;
		return true;
	}
	if (end - *p < 4)
		return false;
	*len = (size_t)((*p)[0] & 0x7F) << 24 | (size_t)(*p)[1] << 16 |
	       (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return true;
}

/* Every name and value must lie inside the parameters: libfcgi allocates
 * whatever a length says. */
static bool pairs_fit(const unsigned char *p, const unsigned char *end)
{
	while (p < end) {
		size_t name_len;
		size_t value_len;

		if (!read_length(&p, end, &name_len) ||
		    !read_length(&p, end, &value_len) ||
		    name_len > (size_t)(end - p) ||
		    value_len > (size_t)(end - p) - name_len)
			return false;
		if (memchr(p, '\0', name_len + value_len))
			return false;
		p += name_len + value_len;
	}
	return true;
}

/* A pair may lie across records: the contents are put together first. */
static bool params_are_sound(const struct record_reader *reader)
{
	const unsigned char *p = (const unsigned char *)reader->bytes.data;
	const unsigned char *end = p + reader->kept;
	unsigned char *all = memory_alloc(reader->params_bytes);
	struct record_header header;
	size_t len = 0;
	bool is_sound;

	for (; p < end; p += header.total_len) {
		read_header(p, &header);
		if (header.type != PARAMS)
			continue;
		memcpy(all + len, p + RECORD_HEADER_LEN, header.content_len);
		len += header.content_len;
	}
	is_sound = pairs_fit(all, all + len);
	memory_free(all);
	return is_sound;
}

static enum record_status take_begin(struct record_reader *reader,
				     const unsigned char *p,
				     const struct record_header *header)
{
	if (header->id == 0 || header->content_len != BEGIN_LEN)
		return RECORD_MALFORMED;
	reader->has_begun = true;
	reader->request_id = (uint16_t)header->id;
	reader->keeps_connection = p[RECORD_HEADER_LEN + 2] & FLAG_KEEP_CONN;
	if (((unsigned)p[RECORD_HEADER_LEN] << 8 | p[RECORD_HEADER_LEN + 1]) !=
	    ROLE_RESPONDER)
		return RECORD_UNKNOWN_ROLE;
	return RECORD_MORE;
}

static enum record_status take_record(struct record_reader *reader,
				      const struct record_header *header,
				      const struct record_limits *limits)
{
	switch (header->type) {
	case PARAMS:
		if (reader->has_params)
			return RECORD_MALFORMED;
		reader->params_bytes += header->content_len;
		reader->has_params = header->content_len == 0;
		if (reader->params_bytes > limits->max_params_bytes)
			return RECORD_PARAMS_TOO_LARGE;
		return RECORD_MORE;
	case STDIN:
		if (!reader->has_params)
			return RECORD_MALFORMED;
		reader->body_bytes += header->content_len;
		if (reader->body_bytes > limits->max_body_bytes)
			return RECORD_BODY_TOO_LARGE;
		return header->content_len ? RECORD_MORE : RECORD_COMPLETE;
	case ABORT_REQUEST:
		return RECORD_ABORTED;
	default:
		return RECORD_MALFORMED;
	}
}

/* Management records (id 0) and those of other requests are dropped. */
static bool is_ours(const struct record_reader *reader,
		    const struct record_header *header)
{
	if (!reader->has_begun)
		return header->type == BEGIN_REQUEST;
	return header->id == reader->request_id;
}

enum record_status record_scan(struct record_reader *reader,
			       const struct record_limits *limits)
{
	struct buffer *bytes = &reader->bytes;
	size_t at = reader->kept;
	enum record_status status = RECORD_MORE;
	struct record_header header;

	/* What was looked through for an abort is scanned now. */
	reader->watched = 0;
	while (status == RECORD_MORE && bytes->len - at >= RECORD_HEADER_LEN) {
		unsigned char *p = (unsigned char *)bytes->data + at;

		if (!read_header(p, &header))
			return RECORD_MALFORMED;
		if (bytes->len - at < header.total_len)
			break;
		at += header.total_len;
		if (!is_ours(reader, &header))
			continue;
		status = reader->has_begun
			     ? take_record(reader, &header, limits)
			     : take_begin(reader, p, &header);
		/* Without its padding: libfcgi stumbles over that of an empty
		 * record, and nobody should hold it. */
		p[PADDING_AT] = 0;
		header.total_len = RECORD_HEADER_LEN + header.content_len;
		memmove(bytes->data + reader->kept, p, header.total_len);
		reader->kept += header.total_len;
	}
	if (at > reader->kept) {
		memmove(bytes->data + reader->kept, bytes->data + at,
			bytes->len - at);
		bytes->len -= at - reader->kept;
	}
	if (bytes->len - reader->kept > UNSCANNED_MAX && status == RECORD_MORE)
		return RECORD_MALFORMED;
	if (status == RECORD_COMPLETE && !params_are_sound(reader))
		return RECORD_MALFORMED;
	return status;
}

struct slice record_request(const struct record_reader *reader)
{
	return slice_make(reader->bytes.data, reader->kept);
}

bool record_aborts(struct record_reader *reader, uint16_t request_id)
{
	const struct buffer *bytes = &reader->bytes;
	struct record_header header;

	while (bytes->len - reader->kept >=
	       reader->watched + RECORD_HEADER_LEN) {
		const unsigned char *p = (const unsigned char *)bytes->data +
					 reader->kept + reader->watched;

		if (!read_header(p, &header))
			return false;
		if (header.type == ABORT_REQUEST && header.id == request_id)
			return true;
		reader->watched += header.total_len;
	}
	return false;
}

void record_next(struct record_reader *reader)
{
	struct buffer rest;

	buffer_init(&rest, BUFFER_UNLIMITED);
	if (reader->bytes.len > reader->kept)
		buffer_append(&rest, reader->bytes.data + reader->kept,
			      reader->bytes.len - reader->kept);
	record_reader_fini(reader);
	record_reader_init(reader);
	reader->bytes = rest;
}

static void fill_header(char *p, unsigned type, uint16_t id, size_t len)
{
	p[0] = VERSION;
	p[1] = (char)type;
	p[2] = (char)(id >> 8);
	p[3] = (char)(id & 0xFF);
	p[4] = (char)(len >> 8);
	p[5] = (char)(len & 0xFF);
	p[6] = 0;
	p[7] = 0;
}

size_t record_begin(struct buffer *out)
{
	size_t start = out->len;

	buffer_reserve(out, RECORD_HEADER_LEN);
	buffer_commit(out, RECORD_HEADER_LEN);
	return start;
}

/* Long content moves up by one header for each further record. */
static void split(struct buffer *out, size_t start, size_t len, uint16_t id)
{
	size_t more = (len - 1) / RECORD_CONTENT_MAX;
	char *first;

	buffer_reserve(out, more * RECORD_HEADER_LEN);
	buffer_commit(out, more * RECORD_HEADER_LEN);
	first = out->data + start + RECORD_HEADER_LEN;
	for (size_t i = more; i > 0; i--) {
		char *from = first + i * RECORD_CONTENT_MAX;
		size_t part = i == more ? len - more * RECORD_CONTENT_MAX
					: RECORD_CONTENT_MAX;
		char *to = from + i * RECORD_HEADER_LEN;

		memmove(to, from, part);
		fill_header(to - RECORD_HEADER_LEN, RECORD_STDOUT, id, part);
	}
	fill_header(out->data + start, RECORD_STDOUT, id, RECORD_CONTENT_MAX);
}

static void take_header_away(struct buffer *out, size_t start, size_t len)
{
	char *at = out->data + start;

	memmove(at, at + RECORD_HEADER_LEN, len);
	out->len = start + len;
}

void record_end(struct buffer *out, size_t start, uint16_t request_id)
{
	size_t len = out->len - start - RECORD_HEADER_LEN;

	if (len == 0)
		out->len = start;
	else if (request_id == RECORD_NONE)
		take_header_away(out, start, len);
	else if (len > RECORD_CONTENT_MAX)
		split(out, start, len, request_id);
	else
		fill_header(out->data + start, RECORD_STDOUT, request_id, len);
}

static void put_end_request(struct buffer *out, uint16_t request_id,
			    unsigned protocol_status)
{
	char record[RECORD_HEADER_LEN + 8] = {0};

	fill_header(record, END_REQUEST, request_id, 8);
	record[RECORD_HEADER_LEN + 4] = (char)protocol_status;
	buffer_append(out, record, sizeof record);
}

void record_put_end(struct buffer *out, uint16_t request_id)
{
	char header[RECORD_HEADER_LEN];

	if (request_id == RECORD_NONE)
		return;
	fill_header(header, RECORD_STDOUT, request_id, 0);
	buffer_append(out, header, sizeof header);
	put_end_request(out, request_id, STATUS_REQUEST_COMPLETE);
}

void record_put_unknown_role(struct buffer *out, uint16_t request_id)
{
	put_end_request(out, request_id, STATUS_UNKNOWN_ROLE);
}
