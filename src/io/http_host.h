/* SPDX-License-Identifier: ISC */
/*
 * Names of upstream servers and their addresses: at most one lookup per name
 * is under way, an answer is kept for a minute, a failure for a second.
 *
 * libcurl's own lookups would start a thread per connection, and its cache
 * does not know that another request is already asking.
 */
#ifndef LEAT_IO_HTTP_HOST_H
#define LEAT_IO_HTTP_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "io/loop.h"

enum { HTTP_HOST_MAX = 64 };

/* Addresses as CURLOPT_RESOLVE takes them; counted, because a transfer
 * reads them for as long as it runs. */
struct http_addresses {
	unsigned refs;
	char *line; /* host:port:address[,address...] */
};

void http_addresses_unref(struct http_addresses *addresses);

struct http_hosts {
	struct loop *loop;
	struct list hosts; /* most recently asked for first */
	unsigned count;
};

/* Embedded in who waits for a name; how long is its own affair. */
struct http_host_wait {
	struct list node;
	/* From the loop. addresses is a reference of its own; NULL: failed,
	 * and detail says why. */
	void (*on_addresses)(struct http_host_wait *wait,
			     struct http_addresses *addresses,
			     const char *detail);
};

void http_hosts_init(struct http_hosts *hosts, struct loop *loop);
void http_hosts_fini(struct http_hosts *hosts); /* nobody waits any more */

/* True when the name is one that must be looked up: no address, not
 * "localhost" (libcurl knows it), and in ASCII. */
bool http_host_needs_lookup(const char *host);
/* The addresses at once (a reference of its own) when they are known; else
 * NULL, and on_addresses will come. `wait` must be left before its memory
 * goes: http_host_leave() is fine at any time. */
struct http_addresses *http_host_ask(struct http_hosts *hosts, const char *host,
				     const char *port,
				     struct http_host_wait *wait);
void http_host_leave(struct http_host_wait *wait);

#endif
