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
    {"HTTP_SEC_FETCH_SITE", offsetof(struct request, fetch_site)},
    {"HTTP_HOST", offsetof(struct request, host)},
    {"HTTP_X_REQUEST_ID", offsetof(struct request, request_id)},
    {"REMOTE_ADDR", offsetof(struct request, remote_address)},
    {"HTTP_X_FORWARDED_FOR", offsetof(struct request, forwarded_for)},
    {"HTTP_FORWARDED", offsetof(struct request, forwarded)},
    {"HTTP_VIA", offsetof(struct request, via)},
    {"SERVER_PROTOCOL", offsetof(struct request, protocol)},
    {"HTTPS", offsetof(struct request, https)},
    {"REQUEST_SCHEME", offsetof(struct request, scheme)},
    {"CONTENT_TYPE", offsetof(struct request, content_type)},
    {"HTTP_TRANSFER_ENCODING", offsetof(struct request, transfer_encoding)},
    {"CONTENT_LENGTH", offsetof(struct request, content_length)},
    {"HTTP_AUTHORIZATION", offsetof(struct request, authorization)},
    {"REDIRECT_HTTP_AUTHORIZATION",
     offsetof(struct request, redirect_authorization)},
    {"SERVER_SOFTWARE", offsetof(struct request, server_software)},
    {"LEAT_MOUNT", offsetof(struct request, mount_input.leat_mount)},
    {"REDIRECT_LEAT_MOUNT", offsetof(struct request, redirect_mount)},
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

static void set_param(struct request *request, struct slice name,
		      const char *value)
{
	for (int i = 0; i < WANTED_COUNT; i++) {
		struct slice *field =
		    (struct slice *)(void *)((char *)request +
					     wanted[i].offset);

		if (slice_is(name, wanted[i].name))
			*field = arena_copy(&request->arena, slice_of(value));
	}
}

/* What Apache had set before an internal redirect has another name after
 * it. Clients cannot write such names: theirs begin with HTTP_. */
static void take_over(struct slice *field, struct slice redirected)
{
	if (field->len == 0)
		*field = redirected;
}

void request_set_params(struct request *request, char *const *params)
{
	for (; *params; params++) {
		const char *equals = strchr(*params, '=');

		if (equals)
			set_param(
			    request,
			    slice_make(*params, (size_t)(equals - *params)),
			    equals + 1);
	}
	take_over(&request->authorization, request->redirect_authorization);
	take_over(&request->mount_input.leat_mount, request->redirect_mount);
}

static void on_params(void *state, char *const *params)
{
	request_set_params(state, params);
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

/* Of host:port, [IPv6]:port or a host alone. */
static struct slice without_port(struct slice host)
{
	size_t at = host.len;

	while (at > 0 && host.data[at - 1] != ':' && host.data[at - 1] != ']')
		at--;
	if (at > 0 && host.data[at - 1] == ':')
		host.len = at - 1;
	return host;
}

/* The scheme is the web server's matter (it may end TLS); the host is what
 * tells sites apart. Where the server hands it on without its port (Debian's
 * fastcgi_params do), ports are not compared. A page cannot set
 * Sec-Fetch-Site; "null" and what cannot be read are foreign. */
bool request_is_foreign(const struct request *request)
{
	struct slice host = request->origin;
	const char *slashes;

	if (host.len == 0 || slice_is(request->fetch_site, "same-origin"))
		return false;
	slashes = memmem(host.data, host.len, "://", 3);
	if (!slashes)
		return true;
	host = slice_make(slashes + 3, (size_t)(slice_end(host) - slashes - 3));
	if (without_port(request->host).len == request->host.len)
		host = without_port(host);
	if (host.len == 0 || host.len != request->host.len)
		return true;
	for (size_t i = 0; i < host.len; i++)
		if (text_lower(host.data[i]) !=
		    text_lower(request->host.data[i]))
			return true;
	return false;
}

bool request_is_cross_site(const struct request *request)
{
	return slice_is(request->fetch_site, "cross-site");
}

bool request_is_https(const struct request *request)
{
	return text_equal_nocase(request->https, "on") ||
	       slice_is(request->https, "1") ||
	       text_equal_nocase(request->scheme, "https");
}

bool request_is_forwarded(const struct request *request)
{
	return request->forwarded_for.len > 0 || request->forwarded.len > 0 ||
	       request->via.len > 0;
}

bool request_hides_leaving(const struct request *request)
{
	return text_starts_with(request->server_software, "Apache");
}
