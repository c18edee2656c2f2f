/* SPDX-License-Identifier: ISC */
#include "app/worker_link.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "io/loop.h"

enum { WAITING_MAX_BYTES = 256 * 1024, RECEIVED_PER_EVENT = 32 };

static void lose_master(struct worker_link *link)
{
	if (link->fd < 0)
		return;
	watch_close(link->watch);
	link->watch = NULL;
	close(link->fd);
	link->fd = -1;
	link->listener.on_master_gone(link->listener.state);
}

/* Sends what waits, in order. */
static void flush(struct worker_link *link)
{
	struct channel_message message;

	while (link->waiting.len >= sizeof message) {
		enum channel_result result;

		memcpy(&message, link->waiting.data, sizeof message);
		result = channel_send(link->fd, &message);
		if (result == CHANNEL_AGAIN || result == CHANNEL_LATER)
			return;
		buffer_consume(&link->waiting, sizeof message);
	}
	watch_set(link->watch, WATCH_READ | WATCH_GONE);
}

static void send_or_wait(struct worker_link *link,
			 const struct channel_message *message)
{
	enum channel_result result = CHANNEL_AGAIN;

	if (link->fd < 0)
		return;
	if (link->waiting.len == 0)
		result = channel_send(link->fd, message);
	if (result != CHANNEL_AGAIN && result != CHANNEL_LATER)
		return;
	buffer_append(&link->waiting, message, sizeof *message);
	watch_set(link->watch, WATCH_READ | WATCH_WRITE | WATCH_GONE);
}

static void adopt(struct worker_link *link, struct channel_message *message)
{
	struct channel_message refused = channel_message(CHANNEL_REFUSED);
	struct slice bytes;
	void *mapping;
	int peer_fd = message->peer_fd;

	if (message->lost_fds || peer_fd < 0 ||
	    !channel_map(message, &bytes, &mapping)) {
		refused.id = message->id;
		send_or_wait(link, &refused);
		return;
	}
	message->peer_fd = -1;
	link->listener.on_adopt(link->listener.state, peer_fd, bytes,
				message->id, message->why);
	channel_unmap(mapping, bytes);
}

static void on_ready(void *state, unsigned events)
{
	struct worker_link *link = state;
	struct channel_buffer buffer;
	struct channel_message message;

	if (events & WATCH_WRITE)
		flush(link);
	for (int i = 0; i < RECEIVED_PER_EVENT && link->fd >= 0; i++) {
		enum channel_result result =
		    channel_receive(link->fd, &message, &buffer);

		if (result == CHANNEL_AGAIN || result == CHANNEL_LATER)
			return;
		if (result == CHANNEL_GONE) {
			lose_master(link);
			return;
		}
		if (result == CHANNEL_BROKEN)
			continue;
		if (message.type == CHANNEL_ADOPT)
			adopt(link, &message);
		else if (message.type == CHANNEL_BYE)
			link->listener.on_bye(link->listener.state);
		channel_close(&message);
	}
}

void worker_link_open(struct worker_link *link, struct loop *loop,
		      const struct worker_link_listener *listener)
{
	link->listener = *listener;
	buffer_init(&link->waiting, WAITING_MAX_BYTES);
	link->watch = watch_open(loop, link->fd, on_ready, link);
	watch_set(link->watch, WATCH_READ | WATCH_GONE);
}

void worker_link_close(struct worker_link *link)
{
	watch_close(link->watch);
	link->watch = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	buffer_fini(&link->waiting);
}

bool worker_link_has_master(const struct worker_link *link)
{
	return link->fd >= 0;
}

void worker_link_ready(struct worker_link *link)
{
	struct channel_message message = channel_message(CHANNEL_READY);

	send_or_wait(link, &message);
}

void worker_link_taken(struct worker_link *link, uint64_t id)
{
	struct channel_message message = channel_message(CHANNEL_TAKEN);

	message.id = id;
	send_or_wait(link, &message);
}

void worker_link_leave(struct worker_link *link)
{
	struct channel_message message = channel_message(CHANNEL_LEAVE);

	send_or_wait(link, &message);
}

void worker_link_failed(struct worker_link *link, const char *why)
{
	struct channel_message message = channel_message(CHANNEL_FAILED);

	message.bytes = slice_of(why);
	if (message.bytes.len > CHANNEL_INLINE_MAX)
		message.bytes.len = CHANNEL_INLINE_MAX;
	if (link->fd < 0 || channel_send(link->fd, &message) != CHANNEL_DONE)
		fprintf(stderr, "leat: worker: %s\n", why);
}

bool worker_link_forward(struct worker_link *link, struct turn_place owner,
			 int peer_fd, struct slice bytes)
{
	struct channel_message message = channel_message(CHANNEL_FORWARD);
	bool is_sent = false;

	if (link->fd < 0 || link->waiting.len > 0)
		return false;
	message.owner = owner;
	if (!channel_pack(&message, peer_fd, bytes))
		return false;
	is_sent = channel_send(link->fd, &message) == CHANNEL_DONE;
	/* The peer's descriptor stays the caller's. */
	message.peer_fd = -1;
	channel_close(&message);
	return is_sent;
}
