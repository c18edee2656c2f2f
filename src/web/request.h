/* SPDX-License-Identifier: ISC */
/*
 * A request, decoded: what routes look at. Texts live in its arena until the
 * reply's head was written; the body goes as soon as it was read.
 */
#ifndef LEAT_WEB_REQUEST_H
#define LEAT_WEB_REQUEST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "web/mount.h"

struct request {
	struct arena arena;
	struct slice method;
	struct slice query_string;
	struct slice accept;
	struct slice last_event_id;
	struct slice origin;
	struct slice fetch_site; /* Sec-Fetch-Site */
	struct slice host;
	struct slice request_id;
	struct slice remote_address;
	struct slice forwarded_for;
	struct slice forwarded; /* Forwarded: RFC 7239 */
	struct slice via;
	struct slice server_software;
	struct slice protocol; /* "HTTP/1.1", "HTTP/2.0" */
	struct slice https;    /* "on", or empty */
	struct slice scheme;
	struct slice content_type;
	struct slice content_length; /* empty: chunked, or none */
	struct slice transfer_encoding;
	struct slice authorization;
	struct slice redirect_authorization;
	struct slice redirect_mount;
	struct mount_input mount_input;
	struct mount_place place;
	struct slice body; /* memory_free() its data */
};

/* Never NULL. */
struct request *request_new(void);
/* "NAME=value" texts, as FastCGI and a CGI program's environment have them;
 * NULL ends, what is of interest is copied. */
void request_set_params(struct request *request, char *const *params);
/* All of a request, from its complete records. False: the fault is the answer
 * (method and headers may be known all the same). */
bool request_decode(struct request *request, struct slice records,
		    size_t max_body_bytes, struct fault *fault);
void request_free(struct request *request);
void request_drop_body(struct request *request);

bool request_is(const struct request *request, const char *method);
/* Accept names text/event-stream. */
bool request_wants_events(const struct request *request);
/* The web server tells of a client that left only at the second write
 * (Apache). */
bool request_hides_leaving(const struct request *request);
/* An Origin header whose host is not the one that was asked. */
bool request_is_foreign(const struct request *request);
/* The client speaks TLS, as far as the web server knows. */
bool request_is_https(const struct request *request);
/* It came through a proxy in front of the web server, or claims so. */
bool request_is_forwarded(const struct request *request);
/* Another site's page made the browser ask: also by an image or a link, which
 * name no Origin (W3C Fetch Metadata, section 2.3). */
bool request_is_cross_site(const struct request *request);

#endif
