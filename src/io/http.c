/* SPDX-License-Identifier: ISC */
#include "io/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "base/text.h"
#include "io/curl_private.h"
#include "io/http_private.h"

/* A TLS handshake is one to two milliseconds of CPU; the streams that are
 * open should not wait for more than this many in a row. */
enum { HANDSHAKES_PER_PASS = 8 };

static void count(struct http_client *client, enum metric metric)
{
	if (client->metrics)
		metrics_inc(client->metrics, metric);
}

static void kick(struct http_client *client)
{
	if (!timer_is_running(&client->kick))
		timer_start(&client->kick, 0);
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

/* As libcurl reads the environment: HTTP_PROXY in capitals is not read,
 * because a CGI client can set it by a header. */
static void look_for_proxies(struct http_client *client)
{
	bool has_any = is_set("all_proxy") || is_set("ALL_PROXY");

	client->has_http_proxy = has_any || is_set("http_proxy");
	client->has_https_proxy =
	    has_any || is_set("https_proxy") || is_set("HTTPS_PROXY");
}

static void request_free(struct http_request *request)
{
	http_transfer_stop(request);
	http_addresses_unref(request->addresses);
	if (request->lines && request->lines != request->headers->first) {
		memory_free(request->lines->data);
		memory_free(request->lines);
	}
	memory_free(request->url);
	memory_free(request->body);
	memory_free(request->detail);
	request->client->request_count--;
	memory_free(request);
}

void http_request_end(struct http_request *request, enum http_failure failure,
		      const char *detail)
{
	if (request->is_done)
		return;
	request->is_done = true;
	request->failure = request->is_cancelled ? HTTP_CANCELLED : failure;
	timer_stop(&request->timer);
	http_host_leave(&request->wait);
	http_transfer_stop(request);
	if (detail) {
		memory_free(request->detail);
		request->detail = memory_strdup(detail);
	}
	list_remove(&request->node);
	list_append(&request->client->done, &request->node);
}

static void tell_done(struct http_client *client)
{
	struct list *node;

	while ((node = list_shift(&client->done))) {
		struct http_request *request =
		    LIST_ENTRY(node, struct http_request, node);
		struct http_result result = {
		    .failure = request->failure,
		    .status = request->status,
		    .detail = request->detail ? request->detail : "",
		};

		request->sink.on_done(request->sink.state, &result);
		request_free(request);
	}
}

void http_client_settle(struct http_client *client)
{
	struct list *node;

	while ((node = list_shift(&client->doomed)))
		http_request_end(LIST_ENTRY(node, struct http_request, node),
				 HTTP_CANCELLED, "");
	tell_done(client);
}

/* Gives libcurl what is ready, then lets it begin. */
static void start_ready(struct http_client *client)
{
	struct list later;
	struct list *node;
	unsigned handshakes = 0;
	bool has_started = false;

	list_init(&later);
	while ((node = list_shift(&client->ready))) {
		struct http_request *request =
		    LIST_ENTRY(node, struct http_request, node);

		if (request->is_https && ++handshakes > HANDSHAKES_PER_PASS) {
			list_append(&later, node);
			continue;
		}
		has_started = true;
		if (!http_transfer_start(request))
			http_request_end(request, HTTP_INTERNAL,
					 "libcurl does not take the request");
	}
	list_splice(&client->ready, &later);
	if (!list_is_empty(&client->ready))
		kick(client);
	if (has_started)
		http_multi_run(client);
}

static void on_addresses(struct http_host_wait *wait,
			 struct http_addresses *addresses, const char *detail)
{
	struct http_request *request =
	    LIST_ENTRY(wait, struct http_request, wait);

	request->addresses = addresses;
	if (addresses)
		list_append(&request->client->ready, &request->node);
	else
		http_request_end(request, HTTP_NAME_UNKNOWN, detail);
	kick(request->client);
}

/* Where the request goes first: to a lookup, to libcurl, or to its end. */
static void route(struct http_request *request)
{
	struct http_client *client = request->client;
	CURLU *url = curl_url();
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	bool has_proxy;

	if (!url ||
	    curl_url_set(url, CURLUPART_URL, request->url, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
		CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
		http_request_end(request, HTTP_INTERNAL,
				 "the address is not one of http or https");
		goto out;
	}
	request->is_https = strcmp(scheme, "https") == 0;
	has_proxy = request->is_https ? client->has_https_proxy
				      : client->has_http_proxy;
	if (!has_proxy && http_host_needs_lookup(host)) {
		request->addresses =
		    http_host_ask(&client->hosts, host, port, &request->wait);
		if (!request->addresses)
			goto out;
	}
	list_append(&client->ready, &request->node);
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
}

bool http_client_prepare(struct http_client *client, struct fault *fault)
{
	if (client->multi)
		return true;
	if (!curl_library_open(fault))
		return false;
	if (!http_multi_open(client))
		abort(); /* out of memory, as in base/memory.h */
	return true;
}

/* The first requests of a process that has not loaded libcurl yet. It takes
 * 4 ms, in a pass of its own: what their turns have said so far is out. */
static void route_early(struct http_client *client)
{
	struct list *node;

	while ((node = list_shift(&client->early))) {
		struct http_request *request =
		    LIST_ENTRY(node, struct http_request, node);
		struct fault fault = {0};

		if (http_client_prepare(client, &fault))
			route(request);
		else
			http_request_end(request, HTTP_INTERNAL, fault.detail);
	}
}

static void on_kick(void *state)
{
	struct http_client *client = state;

	route_early(client);
	start_ready(client);
	http_client_settle(client);
}

struct http_client *http_client_new(const struct http_client_options *options)
{
	struct http_client *client = memory_zalloc(sizeof *client);

	client->loop = options->loop;
	client->metrics = options->metrics;
	client->user_agent = memory_strdup(options->user_agent);
	client->is_short_lived = options->is_short_lived;
	list_init(&client->early);
	list_init(&client->ready);
	list_init(&client->running);
	list_init(&client->doomed);
	list_init(&client->done);
	timer_init(&client->kick, client->loop, on_kick, client);
	http_hosts_init(&client->hosts, client->loop);
	look_for_proxies(client);
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	timer_stop(&client->kick);
	if (client->multi)
		http_multi_close(client);
	http_hosts_fini(&client->hosts);
	memory_free(client->user_agent);
	memory_free(client);
}

/* libcurl has a timeout of its own, but does not look at it while a request
 * waits for another's connection (PIPEWAIT). */
static void on_connect_timeout(void *state)
{
	struct http_request *request = state;

	http_request_end(request, HTTP_CONNECT_TIMEOUT,
			 request->easy ? "there was no connection in time"
				       : "the name was not found in time");
	kick(request->client);
}

struct http_request *http_request_start(
    struct http_client *client, const struct http_request_options *options)
{
	struct http_request *request = memory_zalloc(sizeof *request);

	request->client = client;
	list_init(&request->node);
	list_init(&request->wait.node);
	request->url = memory_strdup(options->url);
	request->body = options->body;
	request->body_len = options->body_len;
	request->headers = options->headers;
	request->ca_file = options->ca_file;
	request->accept_encoding = options->accept_encoding;
	request->is_chunked = options->is_chunked && options->body;
	request->is_http_1_1 = options->is_http_1_1;
	request->is_alone = options->is_alone;
	request->sink = options->sink;
	timer_init(&request->timer, client->loop, on_connect_timeout, request);
	timer_start(&request->timer, options->connect_timeout_ms);
	request->wait.on_addresses = on_addresses;
	request->lines = options->headers->first;
	if (options->header) {
		request->lines = memory_zalloc(sizeof *request->lines);
		request->lines->data = memory_strdup(options->header);
		request->lines->next = options->headers->first;
	}
	client->request_count++;
	count(client, METRIC_UPSTREAM_CALLS);
	if (client->multi)
		route(request);
	else
		list_append(&client->early, &request->node);
	kick(client);
	return request;
}

void http_request_cancel(struct http_request *request)
{
	struct http_client *client = request->client;

	if (request->is_cancelled || request->is_done)
		return;
	request->is_cancelled = true;
	count(client, METRIC_UPSTREAM_ABORTED);
	if (client->depth && request->easy) {
		list_remove(&request->node);
		list_append(&client->doomed, &request->node);
		return;
	}
	http_request_end(request, HTTP_CANCELLED, "");
	kick(client);
}

struct http_headers *http_headers_new(void)
{
	struct http_headers *headers = memory_zalloc(sizeof *headers);

	/* Never "Expect: 100-continue": it costs a second where a server
	 * does not know it. */
	headers->first = memory_zalloc(sizeof *headers->first);
	headers->first->data = memory_strdup("Expect:");
	return headers;
}

static bool is_token(const char *name)
{
	return *name &&
	       name[strspn(name, "!#$%&'*+-.^_`|~0123456789"
				 "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

bool http_headers_add(struct http_headers *headers, const char *name,
		      const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	struct curl_slist *node;
	struct curl_slist **end = &headers->first;

	for (const char *c = value; *c; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7F)
			return false;
	}
	if (!is_token(name))
		return false;
	while (*end)
		end = &(*end)->next;
	node = memory_zalloc(sizeof *node);
	node->data = memory_alloc(size);
	/* "Name;" is how libcurl is told to send an empty value. */
	snprintf(node->data, size, *value ? "%s: %s" : "%s;%s", name, value);
	*end = node;
	return true;
}

void http_headers_free(struct http_headers *headers)
{
	if (!headers)
		return;
	while (headers->first) {
		struct curl_slist *node = headers->first;

		headers->first = node->next;
		explicit_bzero(node->data, strlen(node->data));
		memory_free(node->data);
		memory_free(node);
	}
	memory_free(headers);
}
