/* SPDX-License-Identifier: ISC */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "web/peer_read.h"
#include "web/server_private.h"
#include "web/stream.h"
#include "web/stream_selftest.h"

enum {
	SWEEP_MS = 100,
	ACCEPT_PAUSE_MS = 1,
	NO_DESCRIPTOR_PAUSE_MS = 100,
	DRAIN_INPUT_MS = 2000,
	INTERRUPT_MS = 1000
};

void server_hold(struct server *server, struct peer *peer, size_t bytes)
{
	server->held_bytes += bytes - peer->held_bytes;
	peer->held_bytes = bytes;
}

struct peer *server_oldest_holder(const struct server *server)
{
	const struct list *node = server->reading.next;

	for (; node != &server->reading; node = node->next) {
		struct peer *peer = LIST_ENTRY(node, struct peer, time_node);

		if (peer->held_bytes > 0)
			return peer;
	}
	return NULL;
}

void server_mark_pump(struct peer *peer)
{
	list_remove(&peer->pump_node);
	list_append(&peer->server->pump, &peer->pump_node);
}

static void tell_open(struct server *server)
{
	if (server->hooks.on_open_count)
		server->hooks.on_open_count(server->hooks.state,
					    server->peer_count);
}

void server_count_stream(struct server *server, int delta)
{
	server->stream_count += (unsigned)delta;
	metrics_set(server->metrics, METRIC_STREAMS_OPEN, server->stream_count);
	tell_open(server);
}

static void on_pass(void *state)
{
	struct server *server = state;
	struct list ready;
	struct list *node;

	list_init(&ready);
	list_splice(&ready, &server->pump);
	while ((node = list_shift(&ready)))
		peer_run(LIST_ENTRY(node, struct peer, pump_node));
	if (!list_is_empty(&server->pump))
		loop_again(server->loop);
}

static struct peer *oldest(const struct server *server, struct list *list,
			   uint64_t age_ms)
{
	struct peer *peer;

	if (list_is_empty(list))
		return NULL;
	peer = LIST_ENTRY(list->next, struct peer, time_node);
	return peer->since_ms + age_ms <= loop_now_ms(server->loop) ? peer
								    : NULL;
}

static void on_sweep(void *state)
{
	struct server *server = state;
	const struct server_options *options = &server->options;
	struct peer *peer;

	while (
	    (peer = oldest(server, &server->streaming, options->heartbeat_ms)))
		peer->stream->heartbeat(peer);
	while ((peer = oldest(server, &server->reading,
			      options->request_timeout_ms)))
		peer_read_late(peer);
	while (
	    (peer = oldest(server, &server->slow, options->write_timeout_ms))) {
		metrics_inc(server->metrics, METRIC_READERS_DROPPED);
		log_info("web", "a reader took nothing for %u ms: dropped",
			 options->write_timeout_ms);
		peer_close(peer);
	}
	while ((peer = oldest(server, &server->draining, DRAIN_INPUT_MS)))
		peer_close(peer);
	timer_start(&server->sweep, SWEEP_MS);
}

static void check_drained(struct server *server)
{
	void (*on_drained)(void *state) = server->on_drained;

	if (!server->is_draining || server->peer_count > 0 || !on_drained)
		return;
	server->on_drained = NULL;
	timer_stop(&server->drain_timer);
	on_drained(server->drained_state);
}

void server_on_peer_gone(struct server *server)
{
	tell_open(server);
	if (server->is_draining && server->peer_count == 0)
		timer_start(&server->drain_timer, 0);
}

static void close_all(struct server *server)
{
	while (!list_is_empty(&server->peers))
		peer_close(LIST_ENTRY(server->peers.next, struct peer, node));
}

/* First the turns are interrupted, so that their readers are told; who has
 * not left a moment later is cut. */
static void on_drain_timer(void *state)
{
	struct server *server = state;

	if (server->peer_count > 0 && !server->is_interrupting) {
		server->is_interrupting = true;
		chat_interrupt_all(server->chat);
		stream_selftest_end_all(server);
		timer_start(&server->drain_timer, INTERRUPT_MS);
		return;
	}
	close_all(server);
	check_drained(server);
}

static int open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

struct server *server_new(const struct server_options *options,
			  const struct server_hooks *hooks,
			  const struct server_parts *parts)
{
	struct server *server = memory_zalloc(sizeof *server);

	server->loop = parts->loop;
	server->options = *options;
	if (hooks)
		server->hooks = *hooks;
	server->chat = parts->chat;
	server->metrics = parts->metrics;
	server->self = parts->self;
	server->reserve_fd = open_reserve();
	list_init(&server->peers);
	list_init(&server->reading);
	list_init(&server->idle);
	list_init(&server->streaming);
	list_init(&server->slow);
	list_init(&server->draining);
	list_init(&server->waiting);
	list_init(&server->pump);
	buffer_init(&server->scratch, BUFFER_UNLIMITED);
	server->received = memory_alloc(SERVER_RECEIVE_BYTES);
	timer_init(&server->sweep, parts->loop, on_sweep, server);
	timer_init(&server->drain_timer, parts->loop, on_drain_timer, server);
	timer_start(&server->sweep, SWEEP_MS);
	loop_on_pass(parts->loop, on_pass, server);
	return server;
}

/* What waits in the backlog was promised an answer. */
static void take_backlog(struct server *server)
{
	for (unsigned i = 0; i < server->listener_count; i++) {
		int fd;

		while ((fd = accept4(server->listeners[i].fd, NULL, NULL,
				     SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
			peer_open(server, fd);
	}
	tell_open(server);
}

static void close_listeners(struct server *server)
{
	for (unsigned i = 0; i < server->listener_count; i++) {
		watch_close(server->listeners[i].watch);
		timer_stop(&server->listeners[i].pause);
	}
	server->listener_count = 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	close_listeners(server);
	close_all(server);
	timer_stop(&server->sweep);
	timer_stop(&server->drain_timer);
	if (server->reserve_fd >= 0)
		close(server->reserve_fd);
	buffer_fini(&server->scratch);
	memory_free(server->received);
	memory_free(server);
}

static void pause_listener(struct listener *listener, uint64_t ms)
{
	watch_set(listener->watch, 0);
	timer_start(&listener->pause, ms);
}

static void on_pause_over(void *state)
{
	struct listener *listener = state;

	listener->must_accept = true;
	watch_set(listener->watch, WATCH_READ);
}

/* A kept connection on which nothing is under way costs nobody anything, and
 * next to go is who has taken longest to say what he wants. False: there is
 * neither. */
static bool make_way(struct server *server)
{
	struct peer *peer;

	if (!list_is_empty(&server->idle)) {
		peer_close(
		    LIST_ENTRY(server->idle.next, struct peer, time_node));
		return true;
	}
	peer = oldest(server, &server->reading, 0);
	if (peer)
		peer_read_make_way(peer);
	return peer != NULL;
}

static int accept_one(const struct listener *listener)
{
	return accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* Without a descriptor nothing can be answered. If nobody makes way, the one
 * in reserve takes the connection in, and closes it, so that the web server is
 * told at once. */
static int shed(struct listener *listener)
{
	struct server *server = listener->server;
	int fd = make_way(server) ? accept_one(listener) : -1;

	if (fd >= 0)
		return fd;
	log_warn("web", "no descriptor is left for a connection");
	if (server->reserve_fd >= 0) {
		close(server->reserve_fd);
		fd = accept_one(listener);
		if (fd >= 0)
			close(fd);
		server->reserve_fd = open_reserve();
	}
	pause_listener(listener, NO_DESCRIPTOR_PAUSE_MS);
	return -1;
}

/* Those without an answer under way must not fill the room of those with
 * one. */
static void bound_unanswered(struct server *server)
{
	unsigned limit = server->options.max_unanswered;

	if (limit > 0 && server->peer_count - server->stream_count >= limit)
		make_way(server);
}

/* One at a time, and none while others have fewer: what is left in the
 * backlog is the others' to take. After a pause one is taken all the same,
 * or a stopped worker at 0 would starve everybody. */
static void on_listener(void *state, unsigned events)
{
	struct listener *listener = state;
	struct server *server = listener->server;
	int fd;

	(void)events;
	if (!listener->must_accept && server->hooks.may_accept &&
	    !server->hooks.may_accept(server->hooks.state)) {
		pause_listener(listener, ACCEPT_PAUSE_MS);
		return;
	}
	listener->must_accept = false;
	fd = accept_one(listener);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		fd = shed(listener);
	if (fd < 0)
		return;
	bound_unanswered(server);
	peer_open(server, fd);
	tell_open(server);
	loop_hurry(server->loop);
}

bool server_listen(struct server *server, int fd)
{
	struct listener *listener;

	if (server->listener_count == SERVER_LISTENERS_MAX)
		return false;
	listener = &server->listeners[server->listener_count++];
	listener->server = server;
	listener->fd = fd;
	timer_init(&listener->pause, server->loop, on_pause_over, listener);
	listener->watch = watch_open(server->loop, fd, on_listener, listener);
	watch_set(listener->watch, WATCH_READ);
	return true;
}

void server_adopt(struct server *server, int fd, struct slice bytes,
		  uint64_t hand_over_id, enum server_adopt why)
{
	struct peer *peer = peer_open(server, fd);

	if (why == ADOPT_OWN)
		metrics_inc(server->metrics, METRIC_HANDOVERS_IN);
	tell_open(server);
	peer_adopt(peer, bytes, hand_over_id, why);
}

void server_drain(struct server *server, unsigned timeout_ms,
		  void (*on_drained)(void *state), void *state)
{
	if (server->is_draining) {
		if (server->peer_count > 0 && !server->is_interrupting)
			timer_start(&server->drain_timer, timeout_ms);
		return;
	}
	server->is_draining = true;
	server->on_drained = on_drained;
	server->drained_state = state;
	take_backlog(server);
	close_listeners(server);
	while (!list_is_empty(&server->idle))
		peer_close(
		    LIST_ENTRY(server->idle.next, struct peer, time_node));
	timer_start(&server->drain_timer,
		    server->peer_count > 0 ? timeout_ms : 0);
}

unsigned server_open_peers(const struct server *server)
{
	return server->peer_count;
}

unsigned server_open_streams(const struct server *server)
{
	return server->stream_count;
}
