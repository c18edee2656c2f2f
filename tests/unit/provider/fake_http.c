/* SPDX-License-Identifier: ISC */
#include "fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

struct http_request {
	struct http_sink sink;
	int status;
	bool is_cancelled;
};

struct http_headers {
	int unused;
};

struct fake_http fake_http;

void fake_http_init(void)
{
	memset(&fake_http, 0, sizeof fake_http);
	buffer_init(&fake_http.headers, BUFFER_UNLIMITED);
	buffer_init(&fake_http.body, BUFFER_UNLIMITED);
}

void fake_http_fini(void)
{
	assert_null(fake_http.request);
	buffer_fini(&fake_http.headers);
	buffer_fini(&fake_http.body);
}

struct http_headers *http_headers_new(void)
{
	return memory_zalloc(sizeof(struct http_headers));
}

bool http_headers_add(struct http_headers *headers, const char *name,
		      const char *value)
{
	assert_non_null(headers);
	if (strpbrk(value, "\r\n"))
		return false;
	return buffer_printf(&fake_http.headers, "%s: %s\n", name, value);
}

void http_headers_free(struct http_headers *headers)
{
	memory_free(headers);
}

struct http_request *http_request_start(
    struct http_client *client, const struct http_request_options *options)
{
	(void)client;
	assert_null(fake_http.request);
	fake_http.starts++;
	snprintf(fake_http.url, sizeof fake_http.url, "%s", options->url);
	snprintf(fake_http.header, sizeof fake_http.header, "%s",
		 options->header ? options->header : "");
	buffer_clear(&fake_http.body);
	buffer_append(&fake_http.body, options->body, options->body_len);
	memory_free(options->body);
	fake_http.request = memory_zalloc(sizeof *fake_http.request);
	fake_http.request->sink = options->sink;
	return fake_http.request;
}

void http_request_cancel(struct http_request *request)
{
	assert_ptr_equal(request, fake_http.request);
	if (!request->is_cancelled)
		fake_http.cancels++;
	request->is_cancelled = true;
}

struct slice http_response_header(const struct http_response *response,
				  const char *name)
{
	assert_ptr_equal(response->request, fake_http.request);
	return strcmp(name, "retry-after") == 0
		   ? slice_of(fake_http.retry_after)
		   : SLICE_NONE;
}

void fake_http_headers(int status)
{
	struct http_request *request = fake_http.request;
	struct http_response response = {.status = status, .request = request};

	assert_false(request->is_cancelled);
	request->status = status;
	request->sink.on_headers(request->sink.state, &response);
}

void fake_http_data(const char *text)
{
	struct http_request *request = fake_http.request;
	char *copy = memory_strdup(text);

	assert_false(request->is_cancelled);
	request->sink.on_data(request->sink.state, slice_of(copy));
	memory_free(copy);
}

void fake_http_end(enum http_failure failure, const char *detail)
{
	struct http_request *request = fake_http.request;
	struct http_result result = {request->is_cancelled ? HTTP_CANCELLED
							   : failure,
				     request->status, detail};

	fake_http.request = NULL;
	request->sink.on_done(request->sink.state, &result);
	memory_free(request);
}
