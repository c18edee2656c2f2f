/* SPDX-License-Identifier: ISC */
#include "fake_peer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEADER_LEN = 8, CONTENT_MAX = 65535, RECEIVE_BYTES = 64 * 1024 };

void fake_peer_put_padded(struct buffer *out, enum fake_record type,
			  unsigned id, struct slice content, unsigned padding)
{
	char header[HEADER_LEN] = {1,
				   (char)type,
				   (char)(id >> 8),
				   (char)id,
				   (char)(content.len >> 8),
				   (char)content.len,
				   (char)padding,
				   0};

	assert_true(content.len <= CONTENT_MAX);
	buffer_append(out, header, sizeof header);
	buffer_append_slice(out, content);
	for (unsigned i = 0; i < padding; i++)
		buffer_append_char(out, 'P');
}

void fake_peer_put(struct buffer *out, enum fake_record type, unsigned id,
		   struct slice content)
{
	fake_peer_put_padded(out, type, id, content, 0);
}

void fake_peer_put_begin(struct buffer *out, unsigned id, unsigned role,
			 bool keeps)
{
	char content[8] = {(char)(role >> 8), (char)role, keeps, 0};

	fake_peer_put(out, FAKE_BEGIN, id, slice_make(content, sizeof content));
}

static void put_length(struct buffer *out, size_t len)
{
	if (len >= 128) {
		buffer_append_char(out, (char)(len >> 24 | 0x80));
		buffer_append_char(out, (char)(len >> 16));
		buffer_append_char(out, (char)(len >> 8));
	}
	buffer_append_char(out, (char)len);
}

void fake_peer_put_pair(struct buffer *out, const char *name,
			struct slice value)
{
	put_length(out, strlen(name));
	put_length(out, value.len);
	buffer_append_string(out, name);
	buffer_append_slice(out, value);
}

static void put_stream(struct buffer *out, enum fake_record type, unsigned id,
		       struct slice content)
{
	while (content.len > 0) {
		size_t len =
		    content.len < CONTENT_MAX ? content.len : CONTENT_MAX;

		fake_peer_put(out, type, id, slice_make(content.data, len));
		content.data += len;
		content.len -= len;
	}
	fake_peer_put(out, type, id, SLICE_NONE);
}

void fake_peer_put_request(struct buffer *out,
			   const struct fake_request *request)
{
	unsigned id = request->id ? request->id : 1;
	struct buffer params;

	buffer_init(&params, BUFFER_UNLIMITED);
	for (const char *const *at = request->params; at && *at; at += 2)
		fake_peer_put_pair(&params, at[0], slice_of(at[1]));
	fake_peer_put_begin(out, id, 1, request->keeps);
	put_stream(out, FAKE_PARAMS, id, buffer_slice(&params));
	put_stream(out, FAKE_STDIN, id, request->body);
	buffer_fini(&params);
}

void fake_peer_init(struct fake_peer *peer, int fd)
{
	memset(peer, 0, sizeof *peer);
	peer->fd = fd;
	buffer_init(&peer->raw, BUFFER_UNLIMITED);
	buffer_init(&peer->reply, BUFFER_UNLIMITED);
}

void fake_peer_leave(struct fake_peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

void fake_peer_fini(struct fake_peer *peer)
{
	fake_peer_leave(peer);
	buffer_fini(&peer->raw);
	buffer_fini(&peer->reply);
}

void fake_peer_clear(struct fake_peer *peer)
{
	buffer_clear(&peer->reply);
	peer->records = 0;
	peer->has_ended = false;
}

void fake_peer_send(struct fake_peer *peer, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t done = send(peer->fd, bytes.data, bytes.len,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		/* The other side does not take it: what a test does not want
		 * must not be sent. */
		if (done <= 0)
			fail_msg("send: %s", strerror(errno));
		bytes.data += done;
		bytes.len -= (size_t)done;
	}
}

/* One record; false: it is not whole yet. */
static bool take_record(struct fake_peer *peer)
{
	const unsigned char *p = (const unsigned char *)peer->raw.data;
	size_t len;

	if (peer->raw.len < HEADER_LEN)
		return false;
	len = (size_t)p[4] << 8 | p[5];
	if (peer->raw.len < HEADER_LEN + len + p[6])
		return false;
	assert_int_equal(p[0], 1);
	assert_false(peer->has_ended);
	if (p[1] == FAKE_STDOUT) {
		buffer_append(&peer->reply, p + HEADER_LEN, len);
		peer->records += len > 0;
	} else {
		assert_int_equal(p[1], FAKE_END);
		assert_int_equal(len, 8);
		peer->has_ended = true;
		peer->end_status = p[HEADER_LEN + 4];
	}
	buffer_consume(&peer->raw, HEADER_LEN + len + p[6]);
	return true;
}

void fake_peer_receive(struct fake_peer *peer, size_t max)
{
	static char bytes[RECEIVE_BYTES];
	ssize_t got = 1;

	while (peer->fd >= 0 && got > 0 && max > 0) {
		got =
		    recv(peer->fd, bytes,
			 max < sizeof bytes ? max : sizeof bytes, MSG_DONTWAIT);
		if (got > 0) {
			buffer_append(&peer->raw, bytes, (size_t)got);
			max -= (size_t)got;
		}
	}
	if (got == 0)
		peer->is_half_closed = true;
	if (got == 0 || (got < 0 && errno != EAGAIN))
		peer->is_closed = true;
	while (take_record(peer))
		continue;
}

int fake_peer_status(const struct fake_peer *peer)
{
	static const char name[] = "Status: ";
	const char *text = buffer_string(&peer->reply);

	if (strncmp(text, name, sizeof name - 1) != 0)
		fail_msg("no status in \"%s\"", text);
	return atoi(text + sizeof name - 1);
}

const char *fake_peer_header(const struct fake_peer *peer, const char *name)
{
	static char value[1024];
	const char *text = buffer_string(&peer->reply);
	const char *end = strstr(text, "\r\n\r\n");
	size_t len = strlen(name);

	assert_non_null(end);
	value[0] = '\0';
	for (const char *line = text; line < end + 2;
	     line = strstr(line, "\r\n") + 2) {
		if (strncasecmp(line, name, len) != 0 ||
		    strncmp(line + len, ": ", 2) != 0)
			continue;
		/* A header that is there twice is never meant. */
		assert_string_equal(value, "");
		line += len + 2;
		snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r"),
			 line);
	}
	return value;
}

const char *fake_peer_body(const struct fake_peer *peer)
{
	const char *end = strstr(buffer_string(&peer->reply), "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}
