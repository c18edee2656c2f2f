/* SPDX-License-Identifier: ISC */
/*
 * A chat on a loop of virtual time, with a scripted provider and retriever,
 * and one reader.
 */
#ifndef LEAT_TESTS_CHAT_WORLD_H
#define LEAT_TESTS_CHAT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/metrics.h"
#include "chat/chat.h"
#include "fake_loop.h"
#include "scripted_provider.h"
#include "scripted_retriever.h"

enum {
	WORLD_LINGER_MS = 1000,
	WORLD_RECALL_MS = 100,
	WORLD_TOTAL_MS = 5000,
	WORLD_ANSWER_MAX = 1000,
	WORLD_TURNS_MAX = 8
};

struct chat_world {
	struct loop *loop;
	struct metrics metrics;
	struct scripted_provider first; /* "one": the default */
	struct scripted_provider other; /* "two" */
	struct provider *providers[2];
	struct scripted_retriever retriever;
	struct chat_options options; /* changed before chat_world_open() */
	struct chat_parts parts;     /* likewise */
	struct chat *chat;
	struct journal_reader reader; /* of chat_world_ask() */
	int mores;		      /* how often it was told of more */
	struct fault fault;	      /* of the last refused ask */
	struct buffer text;	      /* of chat_world_journal() */
};

extern struct chat_world world;

/* For cmocka: an open chat with a retriever, and its end, at which every turn
 * must have ended. */
int chat_world_set_up(void **state);
int chat_world_tear_down(void **state);
/* Makes the chat anew with the options and parts as they stand. */
void chat_world_reopen(void);

struct ask *chat_world_make_ask(const char *query);
/* Asks, and reads from the start. */
struct turn *chat_world_ask(const char *query);
/* NULL: see world.fault. */
struct turn *chat_world_take(struct ask *ask, bool *attached);
void chat_world_read(struct turn *turn, struct journal_reader *reader);
/* The same, past the search: the provider has been called. */
struct turn *chat_world_ask_provider(const char *query);

/* The journal in short, a line for each event; lives until the next call. */
const char *chat_world_journal(struct turn *turn);
void chat_world_expect(struct turn *turn, const char *wanted);
/* Its last line. */
void chat_world_expect_end(struct turn *turn, const char *wanted);
uint64_t chat_world_count(enum metric metric);

#endif
