/* SPDX-License-Identifier: ISC */
/*
 * A worker's end of its channel to the master, on the loop.
 *
 * Nothing here blocks. A request is handed over or refused at once; short
 * words (TAKEN and the like) that do not fit wait in a small queue.
 */
#ifndef LEAT_POOL_WORKER_LINK_H
#define LEAT_POOL_WORKER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/channel.h"

struct loop;
struct worker_link;

/* Called from the loop. */
struct worker_link_events {
	void *state;
	/* A request that another worker read. The descriptor is the
	 * callee's, the bytes are borrowed. */
	void (*on_adopt)(void *state, const struct channel_message *message,
			 struct slice bytes);
	void (*on_bye)(void *state);
	/* Others have taken over; streams may go on for so long. */
	void (*on_drain)(void *state, unsigned timeout_ms);
	/* The master is dead; once. */
	void (*on_master_gone)(void *state);
};

/* The descriptor stays open until the process ends: its closing is how the
 * master learns of a death. */
struct worker_link *worker_link_new(struct loop *loop, int fd,
				    const struct worker_link_events *events);
void worker_link_free(struct worker_link *link);

bool worker_link_is_up(const struct worker_link *link);
/* READY, TAKEN, REFUSED or LEAVE. */
void worker_link_say(struct worker_link *link, enum channel_type type,
		     uint64_t id);
/* The peer's descriptor and request go to the owner. False: they could not
 * be sent now; nothing happened. */
bool worker_link_forward(struct worker_link *link, struct turn_place owner,
			 int peer_fd, struct slice bytes);
/* Before there is a loop: why this worker cannot start. */
void worker_link_say_failed(int fd, const char *why);

#endif
