/* SPDX-License-Identifier: ISC */
#include "web/request.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "web/fcgi.h"

static const struct {
	const char *name;
	size_t offset;
} wanted[] = {
    {"REQUEST_METHOD", offsetof(struct request, method)},
    {"QUERY_STRING", offsetof(struct request, query_string)},
    {"HTTP_ACCEPT", offsetof(struct request, accept)},
    {"HTTP_LAST_EVENT_ID", offsetof(struct request, last_event_id)},
    {"HTTP_ORIGIN", offsetof(struct request, origin)},
    {"HTTP_HOST", offsetof(struct request, host)},
    {"HTTP_X_REQUEST_ID", offsetof(struct request, request_id)},
    {"REMOTE_ADDR", offsetof(struct request, remote_address)},
    {"HTTP_X_FORWARDED_FOR", offsetof(struct request, forwarded_for)},
    {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
     offsetof(struct request, wanted_headers)},
    {"LEAT_MOUNT", offsetof(struct request, mount_input.leat_mount)},
    {"SCRIPT_NAME", offsetof(struct request, mount_input.script_name)},
    {"PATH_INFO", offsetof(struct request, mount_input.path_info)},
    {"REQUEST_URI", offsetof(struct request, mount_input.request_uri)},
};

enum { WANTED_COUNT = sizeof wanted / sizeof wanted[0] };

struct request *request_new(void)
{
	struct request *request = memory_zalloc(sizeof *request);

	arena_init(&request->arena);
	return request;
}

void request_drop_body(struct request *request)
{
	memory_free((void *)(uintptr_t)request->body.data);
	request->body = SLICE_NONE;
}

void request_free(struct request *request)
{
	if (!request)
		return;
	request_drop_body(request);
	arena_fini(&request->arena);
	memory_free(request);
}

static void on_params(void *state, char *const *params)
{
	struct request *request = state;

	for (; *params; params++) {
		const char *equals = strchr(*params, '=');
		struct slice name;

		if (!equals)
			continue;
		name = slice_make(*params, (size_t)(equals - *params));
		for (int i = 0; i < WANTED_COUNT; i++) {
			struct slice *field =
			    (struct slice *)(void *)((char *)request +
						     wanted[i].offset);

			if (slice_is(name, wanted[i].name))
				*field = arena_copy(&request->arena,
						    slice_of(equals + 1));
		}
	}
}

bool request_decode(struct request *request, struct slice records,
		    size_t max_body_bytes, struct fault *fault)
{
	struct fcgi_sink sink = {on_params, request};

	return fcgi_decode(records, max_body_bytes, &sink, &request->body,
			   fault);
}

bool request_is(const struct request *request, const char *method)
{
	return slice_is(request->method, method);
}

bool request_wants_events(const struct request *request)
{
	static const char type[] = "text/event-stream";

	for (size_t i = 0; i + sizeof type - 1 <= request->accept.len; i++)
		if (text_equal_nocase(
			slice_make(request->accept.data + i, sizeof type - 1),
			type))
			return true;
	return false;
}

/* The scheme is the web server's matter (it may end TLS); the host is what
 * tells sites apart. "null" and what cannot be read are foreign. */
bool request_is_foreign(const struct request *request)
{
	struct slice host = request->origin;
	const char *slashes;
	char expected[256];

	if (host.len == 0)
		return false;
	slashes = memmem(host.data, host.len, "://", 3);
	if (!slashes || request->host.len >= sizeof expected)
		return true;
	host = slice_make(slashes + 3,
			  (size_t)(host.data + host.len - slashes - 3));
	memcpy(expected, request->host.data, request->host.len);
	expected[request->host.len] = '\0';
	return !text_equal_nocase(host, expected);
}
