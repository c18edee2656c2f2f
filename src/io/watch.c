/* SPDX-License-Identifier: ISC */
#include "io/loop_private.h"

#include <stdlib.h>

#include "base/memory.h"

struct watch {
	uv_poll_t poll;
	void (*on_ready)(void *state, unsigned events);
	void *state;
	unsigned events;
};

static void on_poll(uv_poll_t *poll, int status, int ready)
{
	struct watch *watch = poll->data;
	struct loop *loop = poll->loop->data;
	unsigned events = 0;

	loop->window_events++;
	if (status < 0) {
		/* A peer that closed with unread data arrives as an error of
		 * the poll, and libuv has stopped it. */
		watch->events = 0;
		events = WATCH_GONE;
	} else {
		if (ready & UV_READABLE)
			events |= WATCH_READ;
		if (ready & UV_WRITABLE)
			events |= WATCH_WRITE;
		if (ready & (UV_DISCONNECT | UV_PRIORITIZED))
			events |= WATCH_GONE;
	}
	watch->on_ready(watch->state, events);
}

struct watch *watch_open(struct loop *loop, int fd,
			 void (*on_ready)(void *state, unsigned events),
			 void *state)
{
	struct watch *watch = memory_zalloc(sizeof *watch);
	int status = uv_poll_init(&loop->uv, &watch->poll, fd);

	if (status == UV_EPERM) {
		memory_free(watch);
		return NULL;
	}
	if (status != 0)
		abort();
	watch->poll.data = watch;
	watch->on_ready = on_ready;
	watch->state = state;
	return watch;
}

void watch_set(struct watch *watch, unsigned events)
{
	/* An error or a hang-up is always reported, if only something is
	 * waited for. Out-of-band data never comes. */
	int wanted = events & WATCH_HANGUP ? UV_PRIORITIZED : UV_DISCONNECT;

	if (events == watch->events)
		return;
	watch->events = events;
	if (events == 0) {
		uv_poll_stop(&watch->poll);
		return;
	}
	if (events & WATCH_READ)
		wanted |= UV_READABLE;
	if (events & WATCH_WRITE)
		wanted |= UV_WRITABLE;
	uv_poll_start(&watch->poll, wanted, on_poll);
}

static void on_closed(uv_handle_t *handle)
{
	memory_free(handle->data);
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}
