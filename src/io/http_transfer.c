/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "io/curl_private.h"
#include "io/http_private.h"

/* What one recv may bring. A chunk of an answer is a few hundred bytes; this
 * memory is held by every open stream (libcurl's least is 1 KiB). */
enum { RECEIVE_BYTES = 1024, SEND_BYTES = 16384, KEEPALIVE_SECONDS = 60 };

static unsigned version_of(const struct http_request *request)
{
	long version = CURL_HTTP_VERSION_NONE;

	curl_easy_getinfo(request->easy, CURLINFO_HTTP_VERSION, &version);
	switch (version) {
	case CURL_HTTP_VERSION_1_0:
		return 10;
	case CURL_HTTP_VERSION_1_1:
		return 11;
	case CURL_HTTP_VERSION_2_0:
		return 20;
	default:
		return 0;
	}
}

static size_t on_header_line(char *data, size_t size, size_t count, void *state)
{
	struct http_request *request = state;
	size_t len = size * count;
	struct http_response response = {.request = request};
	long status = 0;
	curl_off_t sent = 0;

	/* The blank line ends the headers; trailers come later. */
	if (len > 2 || data[0] == ' ' || request->has_headers)
		return len;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || request->is_cancelled)
		return len;
	request->has_headers = true;
	request->status = response.status = (int)status;
	response.version = version_of(request);
	/* The connection stands, its errors need no more words. */
	curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, NULL);
	memory_free(request->detail);
	request->detail = NULL;
	/* Sent and answered: libcurl will not send it again. */
	curl_easy_getinfo(request->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	if (request->body && (size_t)sent >= request->body_len) {
		memory_free(request->body);
		request->body = NULL;
	}
	request->sink.on_headers(request->sink.state, &response);
	return request->is_cancelled ? 0 : len;
}

static size_t on_body(char *data, size_t size, size_t count, void *state)
{
	struct http_request *request = state;
	size_t len = size * count;

	if (request->is_cancelled)
		return 0;
	request->sink.on_data(request->sink.state, slice_make(data, len));
	return request->is_cancelled ? 0 : len;
}

struct slice http_response_header(const struct http_response *response,
				  const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(response->request->easy, name, 0, CURLH_HEADER, -1,
			     &header) != CURLHE_OK)
		return SLICE_NONE;
	return slice_of(header->value);
}

/* Without TLS the names of bundles are only copied, for each transfer and
 * each connection. A proxy from the environment may still be spoken to by
 * TLS: its bundle stays. */
static bool is_in_the_clear(const struct http_request *request)
{
	return strncasecmp(request->url, "http://", 7) == 0;
}

/* Trust: the bundle, parsed once for all connections of the multi handle.
 * That cache needs CAPATH to be unset, which Debian's libcurl has set. */
static void set_trust(CURL *easy, const struct http_request *request)
{
	if (is_in_the_clear(request)) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	} else if (request->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	} else if (request->client->is_short_lived &&
		   curl_version_info(CURLVERSION_NOW)->capath) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	} else {
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 24L * 60 * 60);
#endif
	curl_easy_setopt(easy, CURLOPT_SHARE, request->client->share);
}

static int on_connected(void *state, char *address, char *local_address,
			int port, int local_port_number)
{
	struct http_request *request = state;

	(void)address;
	(void)local_address;
	(void)port;
	(void)local_port_number;
	timer_stop(&request->timer);
	return CURL_PREREQFUNC_OK;
}

static void set_connection(CURL *easy, struct http_request *request)
{
	uint64_t now_ms = loop_now_ms(request->client->loop);
	uint64_t left_ms =
	    request->timer.due_ms > now_ms ? request->timer.due_ms - now_ms : 1;
	bool may_multiplex = request->is_https && !request->is_http_1_1;

	/* So that it goes on to the next address in time. */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)left_ms);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Removing a handle whose name libcurl itself looks up (a proxy, an
	 * exception to one) must not wait for that. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_SECONDS);
	/* HTTP/2 where TLS offers it, and then one connection for all. In
	 * the clear there is nothing to wait for: libcurl 7.88 would hold
	 * every request back until the first one's answer has ended. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)(may_multiplex ? CURL_HTTP_VERSION_2TLS
					      : CURL_HTTP_VERSION_1_1));
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT,
			 may_multiplex && !request->is_alone ? 1L : 0L);
	if (request->is_alone) {
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BYTES);
	if (request->addresses) {
		request->resolve = memory_zalloc(sizeof *request->resolve);
		request->resolve->data = request->addresses->line;
		curl_easy_setopt(easy, CURLOPT_RESOLVE, request->resolve);
	}
}

static size_t on_upload(char *data, size_t size, size_t count, void *state)
{
	struct http_request *request = state;
	size_t len = request->body ? request->body_len - request->body_sent : 0;

	if (len > size * count)
		len = size * count;
	if (len)
		memcpy(data, request->body + request->body_sent, len);
	request->body_sent += len;
	return len;
}

/* From the beginning again, on another connection. */
static int on_rewind(void *state, curl_off_t offset, int origin)
{
	struct http_request *request = state;

	if (origin != SEEK_SET || offset != 0 || !request->body)
		return CURL_SEEKFUNC_FAIL;
	request->body_sent = 0;
	return CURL_SEEKFUNC_OK;
}

/* libcurl asks for the pieces: given as a whole (POSTFIELDS) with that header
 * it would, over TLS, go on to read standard input. */
static void set_chunked(CURL *easy, struct http_request *request)
{
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
	curl_easy_setopt(easy, CURLOPT_READDATA, request);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, request);
}

static void set_request(CURL *easy, struct http_request *request)
{
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, request->client->user_agent);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->lines);
	if (request->is_chunked) {
		set_chunked(easy, request);
	} else if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
	if (request->accept_encoding)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
				 request->accept_encoding);
	request->detail = memory_zalloc(CURL_ERROR_SIZE);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
}

bool http_transfer_start(struct http_request *request)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return false;
	request->easy = easy;
	set_trust(easy, request);
	set_connection(easy, request);
	set_request(easy, request);
	if (curl_multi_add_handle(request->client->multi, easy) != CURLM_OK)
		return false;
	list_append(&request->client->running, &request->node);
	return true;
}

static long local_port(const struct http_request *request)
{
	long port = 0;

	curl_easy_getinfo(request->easy, CURLINFO_LOCAL_PORT, &port);
	return port;
}

/* libcurl 7.88 writes down that an HTTP/2 stream is reset, but sends it only
 * with the next frame that the connection needs. Pausing and continuing a
 * neighbour on the connection makes that one a window update, now. */
static void flush_reset(struct http_client *client, long port)
{
	for (struct list *node = client->running.next;
	     port && node != &client->running; node = node->next) {
		struct http_request *other =
		    LIST_ENTRY(node, struct http_request, node);

		if (!other->is_https || local_port(other) != port)
			continue;
		client->depth++;
		curl_easy_pause(other->easy, CURLPAUSE_RECV);
		curl_easy_pause(other->easy, CURLPAUSE_CONT);
		client->depth--;
		return;
	}
}

void http_transfer_stop(struct http_request *request)
{
	struct http_client *client = request->client;
	void *easy = request->easy;
	long port = 0;

	if (easy) {
		if (request->is_cancelled && request->is_https)
			port = local_port(request);
		/* Only if nobody else is on it: then a reset would not be
		 * sent at all, but closing is as good. */
		if (request->is_cancelled)
			curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
		list_remove(&request->node);
		request->easy = NULL;
		curl_multi_remove_handle(client->multi, easy);
		curl_easy_cleanup(easy);
		flush_reset(client, port);
	}
	memory_free(request->resolve);
	request->resolve = NULL;
}

static enum http_failure failure_of(CURLcode result)
{
	switch (result) {
	case CURLE_OK:
		return HTTP_OK;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_NAME_UNKNOWN;
	case CURLE_COULDNT_CONNECT:
		return HTTP_CONNECT_FAILED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_CONNECT_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return HTTP_TLS_FAILED;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
	case CURLE_BAD_CONTENT_ENCODING:
		return HTTP_INVALID;
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return HTTP_INTERNAL;
	default:
		return HTTP_BROKEN;
	}
}

void http_transfer_end(void *easy, int result)
{
	struct http_request *request = NULL;
	CURLcode code = (CURLcode)result;
	long os_error = 0;
	char detail[CURL_ERROR_SIZE];

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	if (code == CURLE_OK)
		detail[0] = '\0';
	else if (code == CURLE_SSL_CACERT_BADFILE) /* its path is in it */
		snprintf(detail, sizeof detail, "%s", curl_easy_strerror(code));
	else
		snprintf(detail, sizeof detail, "%s%s%s",
			 request->detail && request->detail[0]
			     ? request->detail
			     : curl_easy_strerror(code),
			 os_error ? ": " : "",
			 os_error ? strerror((int)os_error) : "");
	http_request_end(request, failure_of(code), detail);
}
