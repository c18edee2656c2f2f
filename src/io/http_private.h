/* SPDX-License-Identifier: ISC */
/*
 * What the files of the HTTP client share: http.c (requests and their
 * order), http_transfer.c (one request as a libcurl handle), http_multi.c
 * (libcurl's sockets and timer on the loop). libcurl's handles are void
 * here, so that its header stays out of ours.
 *
 * A request is in one place at a time: in `early`, waiting for its name (its
 * wait is in a host's list), in `ready`, with libcurl (easy is set; in
 * `running`, or in `doomed` when it was cancelled while libcurl was at work),
 * in `done`.
 */
#ifndef LEAT_IO_HTTP_PRIVATE_H
#define LEAT_IO_HTTP_PRIVATE_H

#include <stdint.h>

#include "base/list.h"
#include "io/http.h"
#include "io/http_host.h"
#include "io/loop.h"

struct curl_slist;

struct http_client {
	struct loop *loop;
	struct metrics *metrics;
	char *user_agent;
	bool is_short_lived;
	bool has_http_proxy; /* by the environment */
	bool has_https_proxy;
	struct http_hosts hosts;
	void *multi; /* CURLM; NULL: libcurl is not loaded yet */
	void *share; /* CURLSH: TLS sessions */
	struct timer curl_timer;
	struct timer kick;   /* lists below have work for the next pass */
	unsigned depth;	     /* > 0: inside libcurl */
	struct list early;   /* until libcurl is loaded */
	struct list ready;   /* to be given to libcurl */
	struct list running; /* with libcurl */
	struct list doomed;  /* cancelled while inside libcurl */
	struct list done;    /* on_done is due */
	unsigned request_count;
};

struct http_headers {
	struct curl_slist *first;
};

struct http_request {
	struct list node; /* in one of the client's lists, or in none */
	struct http_client *client;
	struct http_host_wait wait;
	struct http_addresses *addresses;
	void *easy;		    /* CURL; NULL: not with libcurl */
	struct curl_slist *lines;   /* our own one, then the shared ones */
	struct curl_slist *resolve; /* points at addresses */
	char *url;
	char *body;
	size_t body_len;
	const struct http_headers *headers;
	const char *ca_file;
	const char *accept_encoding;
	bool is_chunked;
	size_t body_sent; /* of a chunked one */
	bool is_http_1_1;
	bool is_alone;
	struct timer timer; /* runs until there is a connection */
	struct http_sink sink;
	bool is_https;
	bool has_headers; /* on_headers was called */
	bool is_cancelled;
	bool is_done;
	enum http_failure failure;
	int status;
	char *detail; /* libcurl's words; only until the headers came */
};

/* http.c. The request goes to done, whatever it was doing. */
void http_request_end(struct http_request *request, enum http_failure failure,
		      const char *detail);
/* Ends what was cancelled inside libcurl and tells what is done; called
 * after libcurl returned. */
void http_client_settle(struct http_client *client);

/* http_multi.c */
bool http_multi_open(struct http_client *client);
void http_multi_close(struct http_client *client);
/* Gives the timer's turn to libcurl: new transfers begin at once. */
void http_multi_run(struct http_client *client);

/* http_transfer.c. False when libcurl refuses. */
bool http_transfer_start(struct http_request *request);
void http_transfer_stop(struct http_request *request);
/* libcurl reported `result` (a CURLcode) for the handle. */
void http_transfer_end(void *easy, int result);

#endif
