/* SPDX-License-Identifier: ISC */
#include "pool/worker_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/loop.h"
#include "pool/channel.h"

enum {
	BATCH = 32, /* messages per pass */
	/* One TAKEN or REFUSED for each that may be untaken, and the rest. */
	WORDS_MAX = CHANNEL_UNTAKEN_MAX + 8,
	RETRY_MS = 5
};

struct word {
	enum channel_type type;
	uint64_t id;
};

struct worker_link {
	int fd;
	bool is_up;
	struct watch *watch; /* NULL: the master is gone */
	struct timer retry;
	struct worker_link_events events;
	struct word words[WORDS_MAX];
	unsigned word_count;
	struct channel_buffer buffer;
};

static void flush_words(struct worker_link *link)
{
	enum channel_result result = CHANNEL_DONE;
	unsigned sent = 0;

	while (sent < link->word_count) {
		struct channel_message message =
		    channel_message(link->words[sent].type);

		message.id = link->words[sent].id;
		result = channel_send(link->fd, &message);
		if (result == CHANNEL_AGAIN || result == CHANNEL_LATER)
			break;
		sent++; /* or the master is gone, which reading tells */
	}
	link->word_count -= sent;
	memmove(link->words, link->words + sent,
		link->word_count * sizeof *link->words);
	if (result == CHANNEL_LATER)
		timer_start(&link->retry, RETRY_MS);
	watch_set(link->watch, result == CHANNEL_AGAIN
				   ? WATCH_READ | WATCH_WRITE
				   : WATCH_READ);
}

static void on_retry(void *state)
{
	struct worker_link *link = state;

	if (link->is_up)
		flush_words(link);
}

void worker_link_say(struct worker_link *link, enum channel_type type,
		     uint64_t id)
{
	if (!link->is_up)
		return;
	if (link->word_count == WORDS_MAX) {
		log_error("pool", "the master does not read its channel");
		return;
	}
	link->words[link->word_count++] = (struct word){type, id};
	flush_words(link);
}

static void adopt(struct worker_link *link, struct channel_message *message)
{
	struct slice bytes;
	void *mapping = NULL;

	if (message->lost_fds || message->peer_fd < 0 ||
	    !channel_map(message, &bytes, &mapping)) {
		/* The master still has the peer, if it is ours. */
		if (message->why == CHANNEL_WHY_OWN)
			worker_link_say(link, CHANNEL_REFUSED, message->id);
		log_warn("pool", "no descriptor is left for a request of "
				 "another worker");
		channel_close(message);
		return;
	}
	link->events.on_adopt(link->events.state, message, bytes);
	message->peer_fd = -1; /* the callee's */
	channel_unmap(mapping, bytes);
	channel_close(message);
}

static void on_gone(struct worker_link *link)
{
	link->is_up = false;
	timer_stop(&link->retry);
	watch_close(link->watch);
	link->watch = NULL;
	link->word_count = 0;
	link->events.on_master_gone(link->events.state);
}

static bool read_one(struct worker_link *link)
{
	struct channel_message message;

	switch (channel_receive(link->fd, &message, &link->buffer)) {
	case CHANNEL_DONE:
		break;
	case CHANNEL_BROKEN:
		log_warn("pool", "the master sent what cannot be read");
		return true;
	case CHANNEL_GONE:
		on_gone(link);
		return false;
	default:
		return false;
	}
	if (message.type == CHANNEL_ADOPT)
		adopt(link, &message);
	else if (message.type == CHANNEL_BYE)
		link->events.on_bye(link->events.state);
	else if (message.type == CHANNEL_DRAIN)
		link->events.on_drain(link->events.state, (unsigned)message.id);
	channel_close(&message);
	return true;
}

static void on_ready(void *state, unsigned events)
{
	struct worker_link *link = state;

	for (int i = 0; i < BATCH && read_one(link); i++)
		continue;
	if (!link->is_up)
		return;
	if (events & WATCH_WRITE && link->word_count > 0)
		flush_words(link);
	else if (events & WATCH_GONE)
		watch_set(link->watch, WATCH_READ);
}

struct worker_link *worker_link_new(struct loop *loop, int fd,
				    const struct worker_link_events *events)
{
	struct worker_link *link = memory_zalloc(sizeof *link);

	link->fd = fd;
	link->is_up = true;
	link->events = *events;
	timer_init(&link->retry, loop, on_retry, link);
	link->watch = watch_open(loop, fd, on_ready, link);
	watch_set(link->watch, WATCH_READ);
	return link;
}

void worker_link_free(struct worker_link *link)
{
	if (!link)
		return;
	timer_stop(&link->retry);
	watch_close(link->watch);
	memory_free(link);
}

bool worker_link_is_up(const struct worker_link *link)
{
	return link->is_up;
}

bool worker_link_forward(struct worker_link *link, struct turn_place owner,
			 int peer_fd, struct slice bytes)
{
	struct channel_message message = channel_message(CHANNEL_FORWARD);
	enum channel_result result;

	/* What waits in the queue must not be starved by requests. */
	if (!link->is_up || link->word_count > 0)
		return false;
	message.owner = owner;
	if (!channel_pack(&message, peer_fd, bytes)) {
		log_warn("pool", "a request cannot be handed over: %s",
			 strerror(errno));
		return false;
	}
	result = channel_send(link->fd, &message);
	if (message.memory_fd >= 0)
		close(message.memory_fd);
	return result == CHANNEL_DONE;
}

void worker_link_say_failed(int fd, const char *why)
{
	struct channel_message message = channel_message(CHANNEL_FAILED);
	size_t len = strlen(why);

	message.bytes = slice_make(why, len < CHANNEL_INLINE_MAX ? len : 512);
	channel_send(fd, &message);
}
