/* SPDX-License-Identifier: ISC */
#include "web/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* When it is needed first. Its signal handlers are taken back. */
static void initialise(void)
{
	static const int signals[] = {SIGPIPE, SIGUSR1, SIGTERM};
	static bool is_done;
	struct sigaction saved[3];

	if (is_done)
		return;
	is_done = true;
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], NULL, &saved[i]);
	if (FCGX_Init() != 0)
		abort();
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &saved[i], NULL);
}

static int open_memory(struct slice records)
{
	int fd = memfd_create("fastcgi", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < records.len) {
		ssize_t n = pwrite(fd, records.data + done, records.len - done,
				   (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	return fd;
}

/* To the empty STDIN record, whatever CONTENT_LENGTH says: a chunked upload
 * has none. libfcgi stops at CONTENT_LENGTH by itself. */
static bool read_body(FCGX_Request *request, size_t max_bytes,
		      struct slice *body, struct fault *fault)
{
	const char *said = FCGX_GetParam("CONTENT_LENGTH", request->envp);
	uint64_t said_len = 0;
	bool has_len = said && *said;
	struct buffer bytes;
	int got = 1;

	if (has_len && !text_parse_uint(slice_of(said), &said_len))
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "Content-Length is not a number.");
	buffer_init(&bytes, max_bytes);
	while (got > 0) {
		char *room = buffer_reserve(&bytes, 1);
		size_t space = bytes.cap - bytes.len - 1;

		if (!room)
			break;
		got = FCGX_GetStr(room, (int)space, request->in);
		if (got > 0)
			buffer_commit(&bytes, (size_t)got);
	}
	if (FCGX_GetError(request->in) || (has_len && bytes.len != said_len)) {
		buffer_fini(&bytes);
		return fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "The body has another length than Content-Length says.");
	}
	body->len = bytes.len;
	body->data = bytes.len ? buffer_detach(&bytes) : NULL;
	buffer_fini(&bytes);
	return true;
}

bool fcgi_decode(struct slice records, size_t max_body_bytes,
		 const struct fcgi_sink *sink, struct slice *body,
		 struct fault *fault)
{
	FCGX_Request request;
	int fd = open_memory(records);
	bool is_ok = false;

	initialise();
	*body = SLICE_NONE;
	if (fd < 0)
		return fault_set(fault, ERROR_OVERLOADED, "memfd: errno %d",
				 errno);
	/* Listening on -1: when libfcgi wants another connection, it gets an
	 * error instead of waiting. keepConnection: it closes nothing. */
	FCGX_InitRequest(&request, -1, 0);
	request.ipcFd = fd;
	request.keepConnection = 1;
	FCGX_Detach(&request);
	if (FCGX_Accept_r(&request) < 0) {
		/* It has closed the descriptor. */
		return fault_set(fault, ERROR_BAD_REQUEST,
				 "libfcgi refuses the request");
	}
	if (FCGX_GetError(request.in)) {
		fault_set(fault, ERROR_BAD_REQUEST, "parameters: error %d",
			  FCGX_GetError(request.in));
	} else {
		sink->on_params(sink->state, request.envp);
		is_ok = read_body(&request, max_body_bytes, body, fault);
	}
	fd = request.ipcFd;
	FCGX_Free(&request, 0);
	close(fd);
	return is_ok;
}
