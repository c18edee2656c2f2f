/* SPDX-License-Identifier: ISC */
/*
 * An HTTP client on the loop: libcurl's multi socket interface behind plain
 * C. One client per process; all its requests share connections, TLS
 * sessions, the parsed CA bundle and looked-up names.
 *
 * Callbacks come from the loop, never from inside http_request_start() or
 * http_request_cancel(). on_headers and on_data come while libcurl is at
 * work: they may decode, record, and cancel any request, but starting one is
 * deferred by itself. on_done comes exactly once, after libcurl returned;
 * the request is gone when it returns.
 *
 * Deadlines: only the connection's (name, TCP, TLS) is kept here. What
 * comes after is its user's affair: libcurl's own timers would be set anew
 * for every piece of data.
 *
 * Redirects are not followed. No secret is kept beyond its request but in
 * struct http_headers, which wipes itself. The process must ignore SIGPIPE.
 */
#ifndef LEAT_IO_HTTP_H
#define LEAT_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct loop;
struct metrics;
struct fault;
struct http_client;
struct http_request;

struct http_client_options {
	struct loop *loop;
	struct metrics *metrics; /* upstream_calls, _aborted; may be NULL */
	const char *user_agent;	 /* copied */
	/* A few requests only: certificates are looked up in the system's
	 * hashed folder (6 ms for one TLS connection instead of 21 for the
	 * bundle, which pays only when it is loaded once for many). */
	bool is_short_lived;
};

struct http_client *http_client_new(const struct http_client_options *options);
void http_client_free(struct http_client *client); /* no request is left */
/* Loads and initialises libcurl now: 4 ms that the first request would take
 * otherwise. False with a fault when it cannot be loaded; requests will end
 * with HTTP_INTERNAL and the same words. */
bool http_client_prepare(struct http_client *client, struct fault *fault);

/* Header lines prepared once for many requests. */
struct http_headers;
struct http_headers *http_headers_new(void);
/* False, and nothing is added, when the name is no token or the value holds
 * a control character (RFC 9110, 5.1 and 5.5). */
bool http_headers_add(struct http_headers *headers, const char *name,
		      const char *value);
void http_headers_free(struct http_headers *headers); /* wiped */

enum http_failure {
	HTTP_OK, /* the response is complete; its status may be anything */
	HTTP_CANCELLED,
	HTTP_NAME_UNKNOWN,
	HTTP_CONNECT_FAILED,
	HTTP_CONNECT_TIMEOUT,
	HTTP_TLS_FAILED,
	HTTP_BROKEN,  /* the connection broke, or the response is not whole */
	HTTP_INVALID, /* what came is not HTTP */
	HTTP_INTERNAL /* a bad address, or a fault of this program */
};

struct http_response {
	int status;
	unsigned version; /* 10, 11, 20: HTTP/2; 0: unknown */
	struct http_request *request;
};

/* The value of a response header, empty when there is none; only inside
 * on_headers. */
struct slice http_response_header(const struct http_response *response,
				  const char *name);

struct http_result {
	enum http_failure failure;
	int status;	    /* 0: no response came */
	const char *detail; /* for the log; holds no secret; never NULL */
};

struct http_sink {
	void (*on_headers)(void *state, const struct http_response *response);
	void (*on_data)(void *state, struct slice data);
	void (*on_done)(void *state, const struct http_result *result);
	void *state;
};

struct http_request_options {
	const char *url;		    /* http or https */
	const struct http_headers *headers; /* lives until on_done */
	const char *header; /* one more line, "Name: value"; copied; or NULL */
	/* With a body the method is POST, else GET. The memory
	 * (memory_alloc()) is the request's from now on, which frees it as
	 * soon as it was sent. */
	char *body;
	size_t body_len;
	unsigned connect_timeout_ms;
	const char *ca_file; /* PEM; NULL: the system's; lives until on_done */
	/* Codings to accept ("gzip, br"), decoded before on_data as far as
	 * they have come; lives until on_done. NULL: none is asked for. */
	const char *accept_encoding;
	/* The body's length is not said (HTTP/1.1: chunked). */
	bool is_chunked;
	/* (Who asks one server by both must have is_alone with HTTP/2: else
	 * libcurl 7.88 puts a request on a connection that is in use.) */
	bool is_http_1_1; /* also where the server offers HTTP/2 */
	bool is_alone;	  /* a connection of its own, closed after it */
	struct http_sink sink;
};

/* Never NULL: what cannot start ends by on_done. */
struct http_request *http_request_start(
    struct http_client *client, const struct http_request_options *options);
/* The connection (HTTP/2: the stream) is closed before this returns, or, in
 * a callback, as soon as libcurl has returned. No on_headers or on_data
 * comes after it; on_done does, with HTTP_CANCELLED. */
void http_request_cancel(struct http_request *request);

#endif
