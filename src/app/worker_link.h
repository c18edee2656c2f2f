/* SPDX-License-Identifier: ISC */
/*
 * A worker's end of its channel to the master. Nothing blocks: what the
 * socket does not take waits here (a request that is handed over does not:
 * its sender is told to answer by itself).
 */
#ifndef LEAT_APP_WORKER_LINK_H
#define LEAT_APP_WORKER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "app/channel.h"
#include "base/buffer.h"

struct loop;
struct watch;

struct worker_link_listener {
	void *state;
	/* peer_fd is the listener's; bytes are borrowed. */
	void (*on_adopt)(void *state, int peer_fd, struct slice bytes,
			 uint64_t id, enum channel_why why);
	void (*on_bye)(void *state);
	void (*on_master_gone)(void *state);
};

struct worker_link {
	int fd; /* set before worker_link_open(); -1: the master is gone */
	struct watch *watch;
	struct worker_link_listener listener;
	struct buffer waiting; /* struct channel_message, without content */
};

void worker_link_open(struct worker_link *link, struct loop *loop,
		      const struct worker_link_listener *listener);
void worker_link_close(struct worker_link *link);
bool worker_link_has_master(const struct worker_link *link);

void worker_link_ready(struct worker_link *link);
void worker_link_taken(struct worker_link *link, uint64_t id);
void worker_link_leave(struct worker_link *link);
/* Before worker_link_open() too; without a master it goes to stderr. */
void worker_link_failed(struct worker_link *link, const char *why);
/* False: not now; the descriptor and the request stay the caller's. True:
 * they went, the caller closes its copy. */
bool worker_link_forward(struct worker_link *link, struct turn_place owner,
			 int peer_fd, struct slice bytes);

#endif
