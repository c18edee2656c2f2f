/* SPDX-License-Identifier: ISC */
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mark.h"

#define LINE_MAX_BYTES (4 * 1024 * 1024)

enum phase {
	PHASE_HEAD,
	PHASE_SIZE,
	PHASE_DATA,
	PHASE_DATA_END,
	PHASE_LAST,
	PHASE_DONE
};

const char *reader_failure_name(enum reader_failure failure)
{
	static const char *const names[READER_FAILURES] = {
	    "ok",      "status",   "bad_http",	  "cut",
	    "missing", "disorder", "error_event", "after_end"};

	return names[failure];
}

static void fail(struct reader *reader, enum reader_failure failure,
		 const char *excerpt, size_t len)
{
	char *to = reader->tally->first_failure;
	size_t room = sizeof(reader->tally->first_failure) - 1;

	reader->failure = failure;
	if (*to || !len)
		return;
	for (size_t i = 0; i < len && i < room; i++)
		to[i] = excerpt[i] < ' ' || excerpt[i] > '~' ? ' ' : excerpt[i];
}

/* Each mark is the reader's next one, or the stream is broken. */
static void take_marks(struct reader *reader, const char *at, size_t len,
		       uint64_t now_ns)
{
	const char *end = at + len;
	unsigned number;

	while ((at = memchr(at, '@', (size_t)(end - at)))) {
		if (!mark_read(at, (size_t)(end - at), &number) ||
		    number != reader->marks) {
			fail(reader, READER_DISORDER, at, (size_t)(end - at));
			return;
		}
		if (!reader->first_content_ns)
			reader->first_content_ns = now_ns;
		reader->marks++;
		reader->tally->marks++;
		hist_add(&reader->tally->delay, mark_delay_ns(at, now_ns));
		at += MARK_LEN;
	}
}

/* The answer within the terminal event must be what was streamed. */
static bool holds_all_marks(const char *at, size_t len, unsigned wanted)
{
	const char *end = at + len;
	unsigned count = 0;
	unsigned number;

	while ((at = memchr(at, '@', (size_t)(end - at)))) {
		if (!mark_read(at, (size_t)(end - at), &number) ||
		    number != count)
			return false;
		count++;
		at++;
	}
	return count == wanted;
}

static void take_terminal(struct reader *reader, const char *data, size_t len)
{
	reader->has_ended = true;
	if (reader->marks != reader->marks_wanted)
		fail(reader, READER_MISSING, data, len);
	else if (reader->is_native &&
		 !holds_all_marks(data, len, reader->marks_wanted))
		fail(reader, READER_MISSING, data, len);
}

static bool has(const char *data, size_t len, const char *what)
{
	return memmem(data, len, what, strlen(what)) != NULL;
}

/* One event's data. No text in it can look like these members: the model says
 * nothing but marks. */
static void take_event(struct reader *reader, const char *data, size_t len,
		       uint64_t now_ns)
{
	if (reader->has_ended) {
		fail(reader, READER_AFTER_END, data, len);
	} else if (len == 6 && !memcmp(data, "[DONE]", 6)) {
		if (reader->is_native)
			fail(reader, READER_BAD_HTTP, data, len);
		else
			take_terminal(reader, data, len);
	} else if (reader->is_native && has(data, len, "\"type\":\"status\"")) {
		if (!reader->first_status_ns)
			reader->first_status_ns = now_ns;
	} else if (reader->is_native && has(data, len, "\"type\":\"final\"")) {
		take_terminal(reader, data, len);
	} else if (has(data, len, "\"type\":\"error\"") ||
		   has(data, len, "{\"error\":")) {
		fail(reader, READER_ERROR, data, len);
	} else {
		reader->tally->events++;
		take_marks(reader, data, len, now_ns);
	}
}

static void take_line(struct reader *reader, const char *line, size_t len,
		      uint64_t now_ns)
{
	if (len && line[len - 1] == '\r')
		len--;
	if (len > 5 && !memcmp(line, "data:", 5)) {
		size_t skip = line[5] == ' ' ? 6 : 5;

		take_event(reader, line + skip, len - skip, now_ns);
	}
}

static bool hold(struct reader *reader, const char *bytes, size_t len)
{
	size_t need = reader->held_len + len;

	if (need > LINE_MAX_BYTES)
		return false;
	if (need > reader->held_room) {
		size_t room = need < 512 ? 512 : need * 2;
		char *grown = realloc(reader->held, room);

		if (!grown)
			return false;
		reader->held = grown;
		reader->held_room = room;
	}
	memcpy(reader->held + reader->held_len, bytes, len);
	reader->held_len = need;
	return true;
}

static void take_body(struct reader *reader, const char *bytes, size_t len,
		      uint64_t now_ns)
{
	const char *eol;

	if (!reader->first_body_ns)
		reader->first_body_ns = now_ns;
	while (len && !reader->failure && (eol = memchr(bytes, '\n', len))) {
		size_t line_len = (size_t)(eol - bytes);

		if (reader->held_len) {
			if (!hold(reader, bytes, line_len))
				fail(reader, READER_BAD_HTTP, bytes, len);
			take_line(reader, reader->held, reader->held_len,
				  now_ns);
			reader->held_len = 0;
		} else {
			take_line(reader, bytes, line_len, now_ns);
		}
		bytes += line_len + 1;
		len -= line_len + 1;
	}
	if (len && !reader->failure && !hold(reader, bytes, len))
		fail(reader, READER_BAD_HTTP, bytes, len);
}

static void take_turn(struct reader *reader, const char *head)
{
	static const char name[] = "\r\nx-leat-turn:";
	const char *at = strcasestr(head, name);
	size_t len;

	if (!at)
		return;
	at += sizeof(name) - 1;
	at += strspn(at, " ");
	len = strcspn(at, " \r\n");
	if (len <= READER_TURN_MAX)
		memcpy(reader->turn, at, len);
}

static void take_head(struct reader *reader)
{
	char *head = reader->held;
	size_t len = reader->held_len - 1;

	head[len] = '\0'; /* over its last line break */
	if (sscanf(head, "HTTP/1.%*1[01] %3u", &reader->status) != 1)
		reader->status = 0;
	if (strncmp(head, "HTTP/1.1 200 ", 13)) {
		fail(reader,
		     strncmp(head, "HTTP/1.", 7) ? READER_BAD_HTTP
						 : READER_STATUS,
		     head, len);
		return;
	}
	if (!strcasestr(head, "\r\ncontent-type: text/event-stream")) {
		fail(reader, READER_BAD_HTTP, head, len);
		return;
	}
	take_turn(reader, head);
	reader->is_chunked = strcasestr(head, "\r\ntransfer-encoding: chunked");
	reader->phase = reader->is_chunked ? PHASE_SIZE : PHASE_DATA;
	reader->chunk_left = SIZE_MAX;
	free(reader->held);
	reader->held = NULL;
	reader->held_len = 0;
	reader->held_room = 0;
}

/* The head is held line by line until the empty one. */
static size_t feed_head(struct reader *reader, const char *bytes, size_t len)
{
	const char *eol = memchr(bytes, '\n', len);
	size_t take = eol ? (size_t)(eol - bytes) + 1 : len;

	if (!hold(reader, bytes, take) || reader->held_len > 65536)
		fail(reader, READER_BAD_HTTP, bytes, len);
	else if (eol && reader->held_len >= 4 &&
		 !memcmp(reader->held + reader->held_len - 4, "\r\n\r\n", 4))
		take_head(reader);
	return take;
}

/* A chunk's size, digit by digit: it may be split anywhere. */
static void feed_size(struct reader *reader, char byte)
{
	unsigned digit = 0;

	if (reader->chunk_left == SIZE_MAX)
		reader->chunk_left = 0;
	if (byte >= '0' && byte <= '9')
		digit = (unsigned)(byte - '0');
	else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
		digit = (unsigned)((byte | 0x20) - 'a') + 10;
	else if (byte == '\n')
		reader->phase = reader->chunk_left ? PHASE_DATA : PHASE_LAST;
	else if (byte != '\r')
		fail(reader, READER_BAD_HTTP, &byte, 1);
	if (byte != '\n' && byte != '\r')
		reader->chunk_left = reader->chunk_left * 16 + digit;
	if (reader->chunk_left > UINT32_MAX)
		fail(reader, READER_BAD_HTTP, "chunk", 5);
}

static void feed_separator(struct reader *reader, char byte)
{
	if (byte != '\r' && byte != '\n')
		fail(reader, READER_BAD_HTTP, &byte, 1);
	if (byte != '\n')
		return;
	reader->chunk_left = 0;
	if (reader->phase == PHASE_DATA_END) {
		reader->phase = PHASE_SIZE;
	} else {
		reader->phase = PHASE_DONE;
		reader->is_whole = true;
	}
}

bool reader_feed(struct reader *reader, const char *bytes, size_t len,
		 uint64_t now_ns)
{
	while (len && !reader->failure && reader->phase != PHASE_DONE) {
		size_t take = 1;

		if (reader->phase == PHASE_HEAD) {
			take = feed_head(reader, bytes, len);
		} else if (reader->phase == PHASE_SIZE) {
			feed_size(reader, *bytes);
		} else if (reader->phase == PHASE_DATA) {
			take =
			    len < reader->chunk_left ? len : reader->chunk_left;
			take_body(reader, bytes, take, now_ns);
			if (reader->is_chunked)
				reader->chunk_left -= take;
			if (!reader->chunk_left)
				reader->phase = PHASE_DATA_END;
		} else {
			feed_separator(reader, *bytes);
		}
		bytes += take;
		len -= take;
	}
	if (reader->phase == PHASE_DONE)
		reader_end(reader);
	return !reader->failure && reader->phase != PHASE_DONE;
}

void reader_end(struct reader *reader)
{
	if (reader->failure)
		return;
	if (!reader->is_chunked && reader->phase == PHASE_DATA)
		reader->is_whole = true;
	if (!reader->has_ended || !reader->is_whole)
		fail(reader, READER_CUT, reader->held, reader->held_len);
}

void reader_fini(struct reader *reader)
{
	free(reader->held);
	reader->held = NULL;
	reader->held_len = 0;
	reader->held_room = 0;
}
