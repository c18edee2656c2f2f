/* SPDX-License-Identifier: ISC */
#include "web/cgi.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "web/fault_reply.h"
#include "web/peer_read.h"
#include "web/reply.h"
#include "web/request.h"

enum { DRAIN_MS = 2000, CHUNK = 16384 };

static uint64_t now_ms(void)
{
	return clock_monotonic_ms(&clock_system);
}

/* Bytes read; 0: the end; -1 with errno, ETIMEDOUT when the time is over. */
static ssize_t read_some(int fd, char *to, size_t size, uint64_t end_ms)
{
	for (;;) {
		struct pollfd ready = {fd, POLLIN, 0};
		uint64_t now = now_ms();
		int count =
		    now < end_ms ? poll(&ready, 1, (int)(end_ms - now)) : 0;
		ssize_t got;

		if (count == 0)
			errno = ETIMEDOUT;
		if (count == 0 || (count < 0 && errno != EINTR))
			return -1;
		if (count < 0)
			continue;
		got = read(fd, to, size);
		if (got >= 0 || (errno != EINTR && errno != EAGAIN))
			return got;
	}
}

/* Until `wanted` bytes are there or, where that is not known, to the end. */
struct body_reading {
	int fd;
	size_t wanted;
	bool has_length;
	uint64_t end_ms;
	struct buffer bytes;
};

static bool too_large(size_t max_bytes, struct fault *fault)
{
	return fault_set_hint(fault, ERROR_TOO_LARGE,
			      "Its body has more than %zu bytes.", max_bytes);
}

static bool read_bytes(struct body_reading *reading, struct fault *fault)
{
	struct buffer *bytes = &reading->bytes;

	while (!reading->has_length || bytes->len < reading->wanted) {
		char chunk[CHUNK];
		size_t size = sizeof chunk;
		ssize_t got;

		if (reading->has_length && reading->wanted - bytes->len < size)
			size = reading->wanted - bytes->len;
		got = read_some(reading->fd, chunk, size, reading->end_ms);
		if (got < 0 && errno == ETIMEDOUT)
			return fault_set(fault, ERROR_REQUEST_TIMEOUT,
					 "standard input");
		/* Closed, or no longer there: what has come is all. */
		if (got <= 0)
			break;
		if (!buffer_append(bytes, chunk, (size_t)got))
			return too_large(bytes->max_len, fault);
	}
	if (reading->has_length && bytes->len < reading->wanted)
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The body has another length than "
				      "Content-Length says.");
	return true;
}

/* Without a length a body is there only if something says so, or the method
 * is one that has a body: then its end is the end of the input. */
static bool may_have_body(const struct request *request)
{
	return request->transfer_encoding.len > 0 ||
	       request_is(request, "POST") || request_is(request, "PUT") ||
	       request_is(request, "PATCH");
}

static bool read_body(struct request *request, const struct cgi_input *input,
		      struct fault *fault)
{
	struct body_reading reading = {
	    .fd = input->fd,
	    .has_length = request->content_length.len > 0,
	    .end_ms = now_ms() + input->timeout_ms,
	};
	uint64_t wanted = 0;
	bool is_ok;

	if (reading.has_length &&
	    !text_parse_uint(request->content_length, &wanted))
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "Content-Length is not a number.");
	if (wanted > input->max_body_bytes)
		return too_large(input->max_body_bytes, fault);
	if (!reading.has_length && !may_have_body(request))
		return true;
	reading.wanted = (size_t)wanted;
	buffer_init(&reading.bytes, input->max_body_bytes);
	is_ok = read_bytes(&reading, fault);
	if (is_ok && reading.bytes.len > 0) {
		request->body.len = reading.bytes.len;
		request->body.data = buffer_detach(&reading.bytes);
	}
	buffer_fini(&reading.bytes);
	return is_ok;
}

bool cgi_read(struct request *request, char *const *params,
	      struct cgi_input *input, struct fault *fault)
{
	size_t params_bytes = 0;

	request_set_params(request, params);
	for (; *params; params++)
		params_bytes += strlen(*params);
	input->is_cut = true;
	if (params_bytes > input->max_params_bytes)
		return fault_set_hint(fault, ERROR_TOO_LARGE,
				      "Its headers take more than %zu bytes.",
				      input->max_params_bytes);
	if (!read_body(request, input, fault))
		return false;
	input->is_cut = false;
	return true;
}

void cgi_answer(struct server *server, struct request *request, int fd,
		const struct fault *fault)
{
	peer_read_answer(peer_open_raw(server, fd, request), fault);
}

/* As much as is taken: who takes nothing for a while gets no more. */
static void write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t done = write(fd, bytes.data, bytes.len);
		struct pollfd full = {fd, POLLOUT, 0};

		if (done < 0 && errno == EAGAIN &&
		    poll(&full, 1, DRAIN_MS) == 0)
			return;
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (done > 0)
			bytes = slice_make(bytes.data + done,
					   bytes.len - (size_t)done);
	}
}

void cgi_refuse(char *const *params, int fd, const struct fault *fault)
{
	static const char *const no_origins[] = {NULL};
	struct request *request = request_new();
	struct reply_head head;
	struct buffer body;
	struct buffer out;

	request_set_params(request, params);
	buffer_init(&body, BUFFER_UNLIMITED);
	buffer_init(&out, BUFFER_UNLIMITED);
	fault_reply_make(request, fault, &head, &body);
	reply_put_head(&out, &head, request, no_origins);
	if (!request_is(request, "HEAD"))
		buffer_append_slice(&out, buffer_slice(&body));
	write_all(fd, buffer_slice(&out));
	buffer_fini(&out);
	buffer_fini(&body);
	request_free(request);
}

void cgi_drain(int fd)
{
	uint64_t end_ms = now_ms() + DRAIN_MS;
	char chunk[CHUNK];

	while (read_some(fd, chunk, sizeof chunk, end_ms) > 0)
		continue;
}
