/* SPDX-License-Identifier: ISC */
/*
 * What a master says to itself across its own execve(): children, channels,
 * requests on their way, sockets and counters, as lines of text.
 *
 * The reader may be a newer binary, or an older one: a line that it does not
 * know is passed over, and what an older one cannot do without has another
 * version, which the check before a reload asks for.
 *
 * Descriptors are numbers here. master_state_keep() makes them survive the
 * execve; nothing in this file opens or closes one.
 */
#ifndef LEAT_MASTER_MASTER_STATE_H
#define LEAT_MASTER_MASTER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/ids.h"
#include "pool/listen.h"
#include "pool/slots_about.h"

enum { MASTER_STATE_VERSION = 1, MASTER_STATE_MAX = 8 << 20 };

struct master_state_listener {
	int lock_fd;		     /* -1: none */
	char text[LISTEN_TEXT_SIZE]; /* listen_print() */
};

struct master_state_worker {
	struct turn_place place; /* incarnation 0: it waits to be started */
	uint32_t generation;
	pid_t pid;
	unsigned phase; /* of master_pool */
	bool was_ready;
	bool is_blind;	     /* its ticks go to an older file */
	uint64_t started_ms; /* these are monotonic */
	uint64_t due_ms;
	uint64_t end_ms;
	unsigned deaths;
	unsigned missed;
	uint32_t last_tick;
	int channel_fd; /* -1: none */
	bool is_leaving;
	bool owes_bye;
	bool owes_drain;
	unsigned drain_ms;
};

struct master_state_transfer {
	unsigned slot; /* whose port it waits at */
	struct turn_place sender;
	uint64_t id;
	unsigned why;
	bool is_sent; /* and not taken yet */
	int peer_fd;
	int memory_fd;
	size_t memory_len;
};

struct master_state {
	pid_t pid;
	uint64_t started_ms;	  /* wall clock */
	uint32_t last_generation; /* the last number given */
	uint32_t last_incarnation;
	bool is_wanted; /* another reload */
	int slots_fd;
	char slots_path[SLOTS_TEXT_SIZE]; /* "": it has none */
	int first_config_fd;		  /* of the start; -1: no file */
	int new_config_fd;		  /* to be taken up */
	char config_path[SLOTS_TEXT_SIZE];
	/* The generation that serves. */
	uint32_t generation;
	unsigned wanted;
	int config_fd;
	int exe_fd; /* its binary */
	struct master_state_listener listeners[LISTEN_MAX];
	unsigned listener_count;
	struct master_state_worker *workers;
	size_t worker_count;
	struct master_state_transfer *transfers;
	size_t transfer_count;
};

void master_state_init(struct master_state *state);
void master_state_fini(struct master_state *state);
void master_state_add_worker(struct master_state *state,
			     const struct master_state_worker *worker);
void master_state_add_transfer(struct master_state *state,
			       const struct master_state_transfer *transfer);

/* False: something in it cannot be written as a line. */
bool master_state_write(const struct master_state *state, struct buffer *out);
/* Into a state from master_state_init(). NULL, or what is wrong. */
const char *master_state_read(struct master_state *state, struct slice text);

/* Takes CLOEXEC from all its descriptors (is_kept), or sets it again. */
void master_state_keep(const struct master_state *state, bool is_kept);

#endif
