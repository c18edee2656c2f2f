/* SPDX-License-Identifier: ISC */
#include "io/http_host.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

enum { KNOWN_MS = 60 * 1000, FAILED_MS = 1000, LINE_MAX_BYTES = 1024 };

struct http_host {
	struct list node;
	struct http_hosts *hosts;
	char *name;
	char *port;
	struct lookup *lookup; /* NULL: none under way */
	struct http_addresses *addresses;
	uint64_t fresh_until_ms;
	struct list waiting;
	struct timer timer;  /* to answer from the loop, after a failure */
	const char *failure; /* why the last lookup failed; NULL: it did not */
};

void http_addresses_unref(struct http_addresses *addresses)
{
	if (!addresses || --addresses->refs)
		return;
	memory_free(addresses->line);
	memory_free(addresses);
}

static struct http_addresses *ref(struct http_addresses *addresses)
{
	addresses->refs++;
	return addresses;
}

static void host_free(struct http_host *host)
{
	if (host->lookup)
		lookup_cancel(host->lookup);
	timer_stop(&host->timer);
	list_remove(&host->node);
	host->hosts->count--;
	http_addresses_unref(host->addresses);
	memory_free(host->name);
	memory_free(host->port);
	memory_free(host);
}

void http_hosts_init(struct http_hosts *hosts, struct loop *loop)
{
	hosts->loop = loop;
	hosts->count = 0;
	list_init(&hosts->hosts);
}

void http_hosts_fini(struct http_hosts *hosts)
{
	while (!list_is_empty(&hosts->hosts))
		host_free(
		    LIST_ENTRY(hosts->hosts.next, struct http_host, node));
}

bool http_host_needs_lookup(const char *host)
{
	struct slice name = slice_of(host);
	unsigned char address[sizeof(struct in6_addr)];

	if (host[0] == '[' || inet_pton(AF_INET, host, address) == 1)
		return false;
	for (const char *c = host; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			return false;
	}
	if (name.len > 10 &&
	    text_equal_nocase(slice_make(host + name.len - 10, 10),
			      ".localhost"))
		return false;
	return !text_equal_nocase(name, "localhost");
}

/* The list is taken off first: who is answered may ask again. */
static void answer_waiting(struct http_host *host)
{
	struct list waiting;
	struct list *node;

	list_init(&waiting);
	list_splice(&waiting, &host->waiting);
	while ((node = list_shift(&waiting))) {
		struct http_host_wait *wait =
		    LIST_ENTRY(node, struct http_host_wait, node);

		if (host->addresses)
			wait->on_addresses(wait, ref(host->addresses), "");
		else
			wait->on_addresses(wait, NULL, host->failure);
	}
}

static void on_timer(void *state)
{
	struct http_host *host = state;

	if (!host->lookup)
		answer_waiting(host);
}

static struct http_addresses *make_addresses(const struct http_host *host,
					     char (*list)[LOOKUP_ADDRESS_SIZE],
					     int count)
{
	struct http_addresses *addresses = memory_zalloc(sizeof *addresses);
	struct buffer line;

	buffer_init(&line, LINE_MAX_BYTES);
	buffer_printf(&line, "%s:%s:", host->name, host->port);
	for (int i = 0; i < count; i++) {
		bool is_ipv6 = strchr(list[i], ':') != NULL;

		buffer_printf(&line, "%s%s%s%s", i ? "," : "",
			      is_ipv6 ? "[" : "", list[i], is_ipv6 ? "]" : "");
	}
	addresses->refs = 1;
	addresses->line = buffer_detach(&line);
	return addresses;
}

static void on_lookup(void *state, int status,
		      char (*addresses)[LOOKUP_ADDRESS_SIZE], int count)
{
	struct http_host *host = state;
	uint64_t now_ms = loop_now_ms(host->hosts->loop);

	host->lookup = NULL;
	timer_stop(&host->timer);
	http_addresses_unref(host->addresses);
	host->addresses = NULL;
	host->failure = NULL;
	if (status == 0 && count > 0) {
		host->addresses = make_addresses(host, addresses, count);
		host->fresh_until_ms = now_ms + KNOWN_MS;
	} else {
		host->failure =
		    status ? loop_strerror(status) : "the name has no address";
		host->fresh_until_ms = now_ms + FAILED_MS;
	}
	answer_waiting(host);
}

/* Makes room for one more by forgetting the one unused for longest. */
static void forget_oldest(struct http_hosts *hosts)
{
	struct list *node = hosts->hosts.prev;

	while (node != &hosts->hosts) {
		struct http_host *host =
		    LIST_ENTRY(node, struct http_host, node);

		if (!host->lookup && list_is_empty(&host->waiting)) {
			host_free(host);
			return;
		}
		node = node->prev;
	}
}

static struct http_host *find_host(struct http_hosts *hosts, const char *name,
				   const char *port)
{
	struct http_host *host;

	for (struct list *node = hosts->hosts.next; node != &hosts->hosts;
	     node = node->next) {
		host = LIST_ENTRY(node, struct http_host, node);
		if (strcmp(host->name, name) == 0 &&
		    strcmp(host->port, port) == 0)
			return host;
	}
	if (hosts->count >= HTTP_HOST_MAX)
		forget_oldest(hosts);
	host = memory_zalloc(sizeof *host);
	host->hosts = hosts;
	host->name = memory_strdup(name);
	host->port = memory_strdup(port);
	list_init(&host->waiting);
	list_init(&host->node);
	timer_init(&host->timer, hosts->loop, on_timer, host);
	list_append(&hosts->hosts, &host->node);
	hosts->count++;
	return host;
}

struct http_addresses *http_host_ask(struct http_hosts *hosts, const char *name,
				     const char *port,
				     struct http_host_wait *wait)
{
	struct http_host *host = find_host(hosts, name, port);
	bool is_fresh = loop_now_ms(hosts->loop) < host->fresh_until_ms;

	list_remove(&host->node);
	list_append(hosts->hosts.next, &host->node);
	list_init(&wait->node);
	if (!host->lookup && is_fresh && host->addresses)
		return ref(host->addresses);
	list_append(&host->waiting, &wait->node);
	if (!host->lookup && !is_fresh) {
		host->failure = "no lookup is possible";
		http_addresses_unref(host->addresses);
		host->addresses = NULL;
		host->lookup = lookup_start(hosts->loop, name, on_lookup, host);
	}
	/* A failure, too, is told from the loop. */
	if (!host->lookup)
		timer_start(&host->timer, 0);
	return NULL;
}

void http_host_leave(struct http_host_wait *wait)
{
	list_remove(&wait->node);
}
