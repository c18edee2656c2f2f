/* SPDX-License-Identifier: ISC */
#include "chat/chat.h"

#include "base/log.h"
#include "base/memory.h"
#include "chat/model.h"
#include "chat/registry.h"
#include "chat/turn.h"

/* What ended turns may hold for readers that come back. */
enum { ENDED_MAX_BYTES = 64 * 1024 * 1024, SNIPPET_BYTES = 300 };

struct chat {
	struct chat_options options;
	struct chat_parts parts;
	char *system;
	struct registry registry;
	struct list running;
	struct list ended; /* oldest first */
	size_t ended_bytes;
	unsigned open_count;
	struct list run_queue;
	bool is_draining_queue;
};

const struct chat_options *chat_options_of(const struct chat *chat)
{
	return &chat->options;
}

const struct chat_parts *chat_parts_of(const struct chat *chat)
{
	return &chat->parts;
}

/* Outside a pass the queue is drained at the end of this one; inside the
 * draining it is at hand; after it (a reader left while replies were
 * written) the next pass must come at once. */
void chat_mark(struct chat *chat, struct turn *turn)
{
	list_remove(&turn->run_node);
	list_append(&chat->run_queue, &turn->run_node);
	if (!chat->is_draining_queue)
		loop_again(chat->parts.loop);
}

static void on_pass(void *state)
{
	struct chat *chat = state;
	struct list *node;

	chat->is_draining_queue = true;
	while ((node = list_shift(&chat->run_queue)))
		turn_run(LIST_ENTRY(node, struct turn, run_node));
	chat->is_draining_queue = false;
}

struct chat *chat_new(const struct chat_options *options,
		      const struct chat_parts *parts)
{
	struct chat *chat = memory_zalloc(sizeof *chat);

	chat->options = *options;
	chat->parts = *parts;
	chat->system = memory_strdup(options->system);
	chat->options.system = chat->system;
	registry_init(&chat->registry);
	list_init(&chat->running);
	list_init(&chat->ended);
	list_init(&chat->run_queue);
	loop_on_pass(parts->loop, on_pass, chat);
	return chat;
}

void chat_forget(struct chat *chat, struct turn *turn)
{
	chat->ended_bytes -= journal_bytes(turn->journal);
	registry_remove(&chat->registry, turn);
	turn_free(turn);
}

void chat_free(struct chat *chat)
{
	if (!chat)
		return;
	while (!list_is_empty(&chat->ended))
		chat_forget(chat,
			    LIST_ENTRY(chat->ended.next, struct turn, node));
	registry_fini(&chat->registry);
	memory_free(chat->system);
	memory_free(chat);
}

/* A turn that still has a reader is kept: the reader points at it. */
static void forget_oldest(struct chat *chat)
{
	struct list *at = chat->ended.next;

	while (at != &chat->ended && chat->ended_bytes > ENDED_MAX_BYTES) {
		struct turn *turn = LIST_ENTRY(at, struct turn, node);

		at = at->next;
		if (journal_reader_count(turn->journal) == 0)
			chat_forget(chat, turn);
	}
}

void chat_on_turn_ended(struct chat *chat, struct turn *turn)
{
	chat->open_count--;
	metrics_set(chat->parts.metrics, METRIC_TURNS_OPEN, chat->open_count);
	list_remove(&turn->node);
	list_append(&chat->ended, &turn->node);
	chat->ended_bytes += journal_bytes(turn->journal);
	timer_start(&turn->linger, chat->options.linger_ms);
	forget_oldest(chat);
}

static struct turn *refuse(struct ask *ask)
{
	ask_free(ask);
	return NULL;
}

struct turn *chat_ask(struct chat *chat, struct ask *ask, bool *attached,
		      struct fault *fault)
{
	char id[IDS_TURN_LEN + 1];
	struct turn *turn = NULL;
	struct provider *provider;
	struct slice model;

	*attached = false;
	if (ask->turn.len)
		turn = registry_find(&chat->registry, ask->turn);
	if (turn) {
		*attached = true;
		ask_free(ask);
		return turn;
	}
	if (!model_choose(&chat->parts, ask->model, &provider, &model, fault))
		return refuse(ask);
	if (chat->options.max_turns &&
	    chat->open_count >= chat->options.max_turns) {
		fault_set(fault, ERROR_OVERLOADED, "%u turns are open",
			  chat->open_count);
		return refuse(ask);
	}
	ids_make_turn(id, chat->parts.self);
	turn = turn_new(chat, ask, ask->turn.len ? ask->turn : slice_of(id));
	turn->provider = provider;
	turn->model = model;
	registry_add(&chat->registry, turn);
	list_append(&chat->running, &turn->node);
	chat->open_count++;
	metrics_inc(chat->parts.metrics, METRIC_TURNS_STARTED);
	metrics_set(chat->parts.metrics, METRIC_TURNS_OPEN, chat->open_count);
	turn_mark(turn);
	return turn;
}

struct turn *chat_find(struct chat *chat, struct slice id)
{
	return registry_find(&chat->registry, id);
}

void chat_interrupt_all(struct chat *chat)
{
	for (struct list *at = chat->running.next; at != &chat->running;
	     at = at->next)
		turn_wish(LIST_ENTRY(at, struct turn, node), WISH_INTERRUPT);
}

unsigned chat_open_turns(const struct chat *chat)
{
	return chat->open_count;
}

static bool tell_names(const struct list *turns,
		       bool (*on_name)(void *state, uint64_t hash), void *state)
{
	for (const struct list *at = turns->next; at != turns; at = at->next) {
		struct slice id = turn_id(LIST_ENTRY(at, struct turn, node));

		if (ids_is_client_turn(id) && !on_name(state, ids_hash(id)))
			return false;
	}
	return true;
}

void chat_each_named(const struct chat *chat,
		     bool (*on_name)(void *state, uint64_t hash), void *state)
{
	if (tell_names(&chat->running, on_name, state))
		tell_names(&chat->ended, on_name, state);
}

bool chat_is_empty(const struct chat *chat)
{
	return list_is_empty(&chat->running) && list_is_empty(&chat->ended);
}

size_t chat_snippet_bytes(const struct chat *chat)
{
	return chat->options.snippet_bytes ? chat->options.snippet_bytes
					   : SNIPPET_BYTES;
}

struct retriever *chat_retriever(struct chat *chat)
{
	return chat->parts.retriever;
}

const char *chat_not_ready(struct chat *chat)
{
	return chat->parts.provider ? NULL : "no provider is configured";
}
