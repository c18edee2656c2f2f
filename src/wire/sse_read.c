/* SPDX-License-Identifier: ISC */
#include "wire/sse_read.h"

#include <string.h>

/* Memory above this is given back once its event was read: an open stream
 * should cost little while it waits. */
enum { KEEP_BYTES = 1024, FIRST_WINDOW = 64 };

static const char byte_order_mark[3] = "\xEF\xBB\xBF";

void sse_read_init(struct sse_read *reader, size_t max_event_bytes)
{
	memset(reader, 0, sizeof *reader);
	buffer_init(&reader->text, max_event_bytes);
	buffer_init(&reader->type, SSE_READ_NAME_MAX);
	buffer_init(&reader->id, SSE_READ_NAME_MAX);
	reader->retry_ms = -1;
}

void sse_read_fini(struct sse_read *reader)
{
	buffer_fini(&reader->text);
	buffer_fini(&reader->type);
	buffer_fini(&reader->id);
}

/* The first CR or LF, or len. Windows that double keep it linear although
 * the two are looked for one after the other: in a stream of CRs alone, a
 * search for LF would otherwise run to the end for every line. */
static size_t find_line_end(const char *data, size_t len)
{
	size_t at = 0;
	size_t window = FIRST_WINDOW;

	while (at < len) {
		size_t n = len - at < window ? len - at : window;
		const char *lf = memchr(data + at, '\n', n);
		const char *cr;

		if (lf)
			n = (size_t)(lf - (data + at));
		cr = memchr(data + at, '\r', n);
		if (cr)
			return (size_t)(cr - data);
		if (lf)
			return (size_t)(lf - data);
		at += n;
		window *= 2;
	}
	return len;
}

/* Forgets the event that the last call returned, or that had no data. */
static void begin_event(struct sse_read *reader)
{
	buffer_clear(&reader->type);
	reader->text.len = 0;
	if (reader->text.cap > KEEP_BYTES)
		buffer_fini(&reader->text);
	reader->data_len = 0;
	reader->whole = SLICE_NONE;
	reader->has_data = false;
	reader->is_delivered = false;
}

static void fill_event(struct sse_read *reader, struct sse_event *event)
{
	event->type = buffer_slice(&reader->type);
	event->id = buffer_slice(&reader->id);
	event->data =
	    reader->whole.data
		? reader->whole
		: slice_make(buffer_string(&reader->text), reader->data_len);
	reader->is_delivered = true;
}

/* Data that lies in the input is copied once something follows it, or the
 * input ends. */
static bool hold_data(struct sse_read *reader)
{
	struct slice whole = reader->whole;

	if (!whole.data)
		return true;
	reader->whole = SLICE_NONE;
	reader->data_len = whole.len;
	return buffer_append_slice(&reader->text, whole);
}

/* What the event holds so far, wherever it lies. */
static size_t held_bytes(const struct sse_read *reader)
{
	return reader->whole.data ? reader->whole.len : reader->data_len;
}

/* A data line that lies in the input. */
static bool take_data(struct sse_read *reader, struct slice value)
{
	if (!reader->has_data) {
		reader->has_data = true;
		reader->whole = value;
		return true;
	}
	if (!hold_data(reader) || !buffer_append_char(&reader->text, '\n') ||
	    !buffer_append_slice(&reader->text, value))
		return false;
	reader->data_len = reader->text.len;
	return true;
}

/* A data line that was collected in text behind the data: its value moves
 * to the front, where "data" made room for the LF between. */
static void take_collected(struct sse_read *reader, struct slice value)
{
	char *to = reader->text.data + reader->data_len;

	if (reader->has_data)
		*to++ = '\n';
	memmove(to, value.data, value.len);
	reader->has_data = true;
	reader->data_len = (size_t)(to - reader->text.data) + value.len;
}

static void take_retry(struct sse_read *reader, struct slice value)
{
	int64_t ms = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return;
		if (ms < INT64_MAX / 100)
			ms = ms * 10 + (value.data[i] - '0');
	}
	if (value.len)
		reader->retry_ms = ms;
}

static bool take_name(struct buffer *name, struct slice value)
{
	name->len = 0;
	return buffer_append_slice(name, value);
}

/* HTML standard, 9.2.6: how a line is split into field and value. */
static bool take_line(struct sse_read *reader, struct slice line,
		      bool is_in_text)
{
	const char *colon = memchr(line.data, ':', line.len);
	struct slice field = line;
	struct slice value = slice_make(slice_end(line), 0);

	if (colon) {
		field.len = (size_t)(colon - line.data);
		value = slice_make(colon + 1, line.len - field.len - 1);
		if (value.len && value.data[0] == ' ') {
			value.data++;
			value.len--;
		}
	}
	if (slice_equal(field, SLICE_LITERAL("data"))) {
		if (!is_in_text)
			return take_data(reader, value);
		take_collected(reader, value);
		return true;
	}
	if (slice_equal(field, SLICE_LITERAL("event")))
		return take_name(&reader->type, value);
	if (slice_equal(field, SLICE_LITERAL("id")))
		return memchr(value.data, '\0', value.len) ||
		       take_name(&reader->id, value);
	if (slice_equal(field, SLICE_LITERAL("retry")))
		take_retry(reader, value);
	return true;
}

/* True when the line ends something that *status tells the caller of. */
static bool end_line(struct sse_read *reader, struct slice line,
		     struct sse_event *event, enum sse_read_status *status)
{
	bool is_in_text = reader->text.len > reader->data_len;
	bool is_stray;

	if (is_in_text) {
		if (!buffer_append_slice(&reader->text, line))
			goto too_large;
		line = slice_make(reader->text.data + reader->data_len,
				  reader->text.len - reader->data_len);
	}
	if (line.len == 0) {
		*status = SSE_READ_EVENT;
		if (reader->has_data)
			fill_event(reader, event);
		else
			begin_event(reader);
		return reader->is_delivered;
	}
	*status = SSE_READ_STRAY;
	is_stray = line.data[0] == '{';
	event->data = line;
	if (line.len > reader->text.max_len - held_bytes(reader) ||
	    (!is_stray && !take_line(reader, line, is_in_text)))
		goto too_large;
	if (is_in_text)
		reader->text.len = reader->data_len;
	return is_stray;

too_large:
	reader->is_dead = true;
	*status = SSE_READ_TOO_LARGE;
	return true;
}

/* Skips one byte order mark at the very beginning. What only began like one
 * is the beginning of a line. */
static bool skip_mark(struct sse_read *reader, struct slice *input)
{
	while (reader->bom_seen < 3 && input->len) {
		if (input->data[0] != byte_order_mark[reader->bom_seen]) {
			size_t n = reader->bom_seen;

			reader->bom_seen = 3;
			return n == 0 ||
			       buffer_append(&reader->text, byte_order_mark, n);
		}
		reader->bom_seen++;
		input->data++;
		input->len--;
	}
	return true;
}

/* What is left of the input is the beginning of a line. */
static bool hold_rest(struct sse_read *reader, struct slice *input)
{
	bool is_at_start = reader->text.len == reader->data_len;
	struct slice rest = *input;

	*input = slice_make(slice_end(rest), 0);
	if (!hold_data(reader))
		return false;
	if (reader->in_comment || rest.len == 0)
		return true;
	if (is_at_start && rest.data[0] == ':') {
		reader->in_comment = true;
		return true;
	}
	return buffer_append_slice(&reader->text, rest);
}

/* One line off the front of the input. */
static bool next_line(struct sse_read *reader, struct slice *input,
		      struct sse_event *event, enum sse_read_status *status)
{
	size_t n;
	struct slice line = *input;
	bool is_comment;

	if (reader->after_cr) {
		reader->after_cr = false;
		if (input->data[0] == '\n') {
			input->data++;
			input->len--;
			return false;
		}
	}
	n = find_line_end(input->data, input->len);
	if (n == input->len) {
		reader->is_dead = !hold_rest(reader, input);
		*status = SSE_READ_TOO_LARGE;
		return reader->is_dead;
	}
	reader->after_cr = input->data[n] == '\r';
	input->data += n + 1;
	input->len -= n + 1;
	line.len = n;
	is_comment =
	    reader->in_comment ||
	    (n && line.data[0] == ':' && reader->text.len == reader->data_len);
	reader->in_comment = false;
	return !is_comment && end_line(reader, line, event, status);
}

enum sse_read_status sse_read_next(struct sse_read *reader, struct slice *input,
				   struct sse_event *event)
{
	enum sse_read_status status = SSE_READ_TOO_LARGE;

	if (reader->is_dead)
		return SSE_READ_TOO_LARGE;
	if (reader->is_delivered)
		begin_event(reader);
	if (reader->bom_seen < 3)
		reader->is_dead = !skip_mark(reader, input);
	while (input->len && !reader->is_dead) {
		if (next_line(reader, input, event, &status))
			return status;
	}
	/* The input may end with a data line, before the blank one. */
	if (!hold_data(reader))
		reader->is_dead = true;
	return reader->is_dead ? SSE_READ_TOO_LARGE : SSE_READ_MORE;
}

enum sse_read_status sse_read_end(struct sse_read *reader,
				  struct sse_event *event)
{
	enum sse_read_status status;

	if (reader->is_dead)
		return SSE_READ_TOO_LARGE;
	if (reader->is_delivered)
		begin_event(reader);
	if (reader->text.len > reader->data_len &&
	    end_line(reader, SLICE_NONE, event, &status))
		return status;
	if (!reader->has_data)
		return SSE_READ_MORE;
	fill_event(reader, event);
	return SSE_READ_EVENT;
}
