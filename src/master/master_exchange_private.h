/* SPDX-License-Identifier: ISC */
/*
 * What the files of the exchange share.
 */
#ifndef LEAT_MASTER_MASTER_EXCHANGE_PRIVATE_H
#define LEAT_MASTER_MASTER_EXCHANGE_PRIVATE_H

#include "base/list.h"
#include "master/master_exchange.h"
#include "pool/channel.h"

/* A request on its way: in the queue of the port that it goes to, then, if
 * that port owns it, among the untaken ones. */
struct transfer {
	struct list node;
	struct turn_place sender;
	struct channel_message message; /* ADOPT; owns its descriptors */
	char bytes[];			/* what message.bytes shows */
};

struct port {
	int fd; /* -1: no worker */
	uint32_t incarnation;
	struct list queue;   /* to be sent */
	struct list untaken; /* sent to the owner */
	unsigned queue_count;
	unsigned owned_count; /* of both, those that this port owns */
	bool is_closed;	      /* by the other end */
	bool is_stuck;
	bool is_leaving; /* said LEAVE */
	bool owes_bye;
	bool owes_drain;
	unsigned drain_ms;
	bool is_full;	/* the socket: wait for room */
	bool is_paused; /* the kernel: wait a while */
};

struct master_exchange {
	struct master_exchange_listener listener;
	struct channel_buffer *buffer;
	uint64_t last_id;
	unsigned count;
	struct port ports[];
};

#endif
