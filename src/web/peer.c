/* SPDX-License-Identifier: ISC */
#include "web/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "web/fault_reply.h"
#include "web/peer_read.h"
#include "web/server_private.h"
#include "web/stream.h"

enum { TOUCHES_PER_HEARTBEAT = 20, SEND_BUFFER_BYTES = 64 * 1024 };

void peer_touch(struct peer *peer, struct list *list)
{
	peer->since_ms = loop_now_ms(peer->server->loop);
	list_remove(&peer->time_node);
	list_append(list, &peer->time_node);
}

static void watch(struct peer *peer)
{
	unsigned events = peer->is_raw ? WATCH_HANGUP : WATCH_READ | WATCH_GONE;

	/* What cannot be watched takes everything at once. */
	if (peer->watch)
		watch_set(peer->watch,
			  events | (peer->out.len > 0 ? WATCH_WRITE : 0));
}

/* Bytes of the framed part that the socket takes now; -1: it is gone. */
static ssize_t send_some(struct peer *peer, const char *data, size_t len)
{
	ssize_t done;

	do
		done = peer->is_raw ? write(peer->fd, data, len)
				    : send(peer->fd, data, len,
					   MSG_DONTWAIT | MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return done;
}

/* Sends bytes that wait; false: the peer is gone. */
static bool flush(struct peer *peer)
{
	ssize_t done;

	if (peer->out.len == 0)
		return true;
	done = send_some(peer, peer->out.data, peer->out.len);
	if (done <= 0)
		return done == 0;
	buffer_consume(&peer->out, (size_t)done);
	if (peer->out.len > 0) {
		peer_touch(peer, &peer->server->slow);
		return true;
	}
	buffer_fini(&peer->out);
	watch(peer);
	peer_touch(peer, peer->state == PEER_STREAMING
			     ? &peer->server->streaming
			     : &peer->server->waiting);
	server_mark_pump(peer);
	return true;
}

static void on_ready(void *state, unsigned events)
{
	struct peer *peer = state;

	/* An error of the socket has ended the watch, but comes out only when
	 * the bytes before it have been read. */
	watch(peer);
	if ((events & WATCH_WRITE) && !flush(peer))
		peer_read_end(peer);
	else if (peer->is_raw && (events & WATCH_GONE))
		peer_read_end(peer);
	else if (events & (WATCH_READ | WATCH_GONE))
		peer_read(peer);
}

static void on_timer(void *state)
{
	struct peer *peer = state;

	peer->stream->on_timer(peer);
}

static struct peer *make(struct server *server, int fd, bool is_raw)
{
	struct peer *peer = memory_zalloc(sizeof *peer);
	int size = SEND_BUFFER_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	peer->server = server;
	peer->fd = fd;
	peer->is_raw = is_raw;
	list_init(&peer->time_node);
	list_init(&peer->pump_node);
	list_init(&peer->reader.node);
	list_append(&server->peers, &peer->node);
	server->peer_count++;
	record_reader_init(&peer->in);
	buffer_init(&peer->out, BUFFER_UNLIMITED);
	timer_init(&peer->timer, server->loop, on_timer, peer);
	peer->watch = watch_open(server->loop, fd, on_ready, peer);
	watch(peer);
	peer_touch(peer, &server->reading);
	return peer;
}

struct peer *peer_open(struct server *server, int fd)
{
	return make(server, fd, false);
}

struct peer *peer_open_raw(struct server *server, int fd,
			   struct request *request)
{
	struct peer *peer = make(server, fd, true);

	peer->request_id = RECORD_NONE;
	peer->request = request;
	return peer;
}

static void drop_request(struct peer *peer)
{
	request_free(peer->request);
	peer->request = NULL;
}

static void release_held(struct peer *peer)
{
	peer->server->held_bytes -= peer->held_bytes;
	peer->held_bytes = 0;
}

void peer_cut(struct peer *peer)
{
	peer->is_cut = true;
	peer->keeps_connection = false;
	record_reader_fini(&peer->in);
	record_reader_init(&peer->in);
	release_held(peer);
}

void peer_drop_records(struct peer *peer)
{
	if (!peer->has_records)
		return;
	peer->has_records = false;
	record_next(&peer->in);
	release_held(peer);
}

/* Everything but the descriptor. */
static void let_go(struct peer *peer)
{
	struct server *server = peer->server;

	if (peer->on_gone)
		peer->on_gone(peer);
	stream_leave(peer);
	watch_close(peer->watch);
	timer_stop(&peer->timer);
	list_remove(&peer->node);
	list_remove(&peer->time_node);
	list_remove(&peer->pump_node);
	release_held(peer);
	drop_request(peer);
	record_reader_fini(&peer->in);
	buffer_fini(&peer->out);
	server->peer_count--;
}

void peer_close(struct peer *peer)
{
	struct server *server = peer->server;

	let_go(peer);
	close(peer->fd);
	memory_free(peer);
	server_on_peer_gone(server);
}

void peer_release(struct peer *peer)
{
	peer_close(peer);
}

/* The reply is out. A request that was not read to its end is drained, or
 * the web server would report a reset instead of our answer. */
static void after_reply(struct peer *peer)
{
	struct server *server = peer->server;

	drop_request(peer);
	if (peer->is_cut) {
		shutdown(peer->fd, SHUT_WR);
		peer->state = PEER_DRAINING;
		peer_cut(peer);
		watch(peer);
		peer_touch(peer, &server->draining);
		return;
	}
	if (!peer->keeps_connection || server->is_draining) {
		peer_close(peer);
		return;
	}
	peer_drop_records(peer);
	peer->head_sent = false;
	peer->is_adopted = false;
	peer->state = PEER_READING;
	peer->is_idle = peer->in.bytes.len == 0;
	peer_touch(peer, peer->is_idle ? &server->idle : &server->reading);
	if (!peer->is_idle)
		server_mark_pump(peer);
}

void peer_finish(struct peer *peer)
{
	peer->state = PEER_FLUSHING;
	if (peer->out.len == 0)
		after_reply(peer);
}

/* Moving a peer within the list touches the memory of two others: at every
 * frame that would cost more than the frame. A heartbeat may come that much
 * early. */
static void note_write(struct peer *peer)
{
	struct server *server = peer->server;
	uint64_t age_ms = loop_now_ms(server->loop) - peer->since_ms;

	if (peer->state == PEER_STREAMING &&
	    age_ms >= server->options.heartbeat_ms / TOUCHES_PER_HEARTBEAT)
		peer_touch(peer, &server->streaming);
}

void peer_send(struct peer *peer, struct buffer *framed)
{
	ssize_t done = 0;

	if (framed->len == 0)
		return;
	if (peer->out.len == 0)
		done = send_some(peer, framed->data, framed->len);
	/* A peer that is gone is noticed by its watch, or without one by
	 * peer_run(); what it does not take waits there. */
	if (done < 0)
		done = 0;
	if ((size_t)done == framed->len) {
		note_write(peer);
		return;
	}
	buffer_append(&peer->out, framed->data + done,
		      framed->len - (size_t)done);
	watch(peer);
	peer_touch(peer, &peer->server->slow);
	if (!peer->watch)
		server_mark_pump(peer);
}

void peer_reply(struct peer *peer, const struct reply_head *head,
		struct slice body)
{
	struct server *server = peer->server;
	struct buffer *out = &server->scratch;
	size_t start;

	buffer_clear(out);
	start = record_begin(out);
	reply_put_head(out, head, peer->request, server->options.cors_origins);
	if (!peer->request || !request_is(peer->request, "HEAD"))
		buffer_append_slice(out, body);
	record_end(out, start, peer->request_id);
	record_put_end(out, peer->request_id);
	if (head->status >= 400)
		metrics_inc(server->metrics, METRIC_REQUESTS_REJECTED);
	peer->head_sent = true;
	peer_drop_records(peer);
	peer_send(peer, out);
	peer_finish(peer);
}

void peer_reply_json(struct peer *peer, int status, struct slice body)
{
	struct reply_head head = {.status = status,
				  .content_type = "application/json"};

	peer_reply(peer, &head, body);
}

void peer_reply_empty(struct peer *peer, int status)
{
	struct reply_head head = {.status = status};

	peer_reply(peer, &head, SLICE_NONE);
}

void peer_reply_fault(struct peer *peer, const struct fault *fault)
{
	fault_reply(peer, fault);
}

void peer_run(struct peer *peer)
{
	if (peer->out.len > 0) {
		/* The disk of a file is full: it will not take more later. */
		if (!peer->watch)
			peer_read_end(peer);
		return;
	}
	switch (peer->state) {
	case PEER_STREAMING:
		peer->stream->pump(peer);
		break;
	case PEER_FLUSHING:
		after_reply(peer);
		break;
	case PEER_READING:
		if (peer->in.bytes.len)
			peer_read_scan(peer);
		break;
	default:
		break;
	}
}

void peer_adopt(struct peer *peer, struct slice bytes, uint64_t hand_over_id,
		enum server_adopt why)
{
	peer->is_adopted = true;
	peer->hand_over_id = hand_over_id;
	peer->adopted_why = why;
	buffer_append_slice(&peer->in.bytes, bytes);
	peer_read_scan(peer);
}
