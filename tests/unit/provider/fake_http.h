/* SPDX-License-Identifier: ISC */
/*
 * An HTTP client in the place of src/io/http.c that sends nothing: the test
 * looks at the request and plays the upstream. One request at a time.
 */
#ifndef LEAT_TESTS_FAKE_HTTP_H
#define LEAT_TESTS_FAKE_HTTP_H

#include "base/buffer.h"
#include "io/http.h"

struct fake_http {
	struct http_request *request; /* NULL: none runs */
	int starts;
	int cancels;
	char url[256];
	char header[256];      /* the request's own line */
	struct buffer headers; /* prepared lines, LF after each */
	struct buffer body;
	const char *retry_after; /* of the response; NULL: none */
};

extern struct fake_http fake_http;

void fake_http_init(void);
void fake_http_fini(void); /* fails when a request still runs */
void fake_http_headers(int status);
void fake_http_data(const char *text);
/* The request's end; a cancelled one must be ended too. */
void fake_http_end(enum http_failure failure, const char *detail);

#endif
