/* SPDX-License-Identifier: ISC */
#include "chat_world.h"

#include <string.h>

#include "base/log.h"

struct chat_world world;

void chat_world_reopen(void)
{
	chat_free(world.chat);
	if (world.loop)
		fake_loop_free(world.loop);
	world.loop = fake_loop_new();
	world.parts.loop = world.loop;
	world.chat = chat_new(&world.options, &world.parts);
}

int chat_world_set_up(void **state)
{
	struct log_options quiet = {LOG_LEVEL_ERROR, "stderr", "test"};

	(void)state;
	memset(&world, 0, sizeof world);
	log_open(&quiet);
	scripted_provider_init(&world.first, "one");
	scripted_provider_init(&world.other, "two");
	scripted_retriever_init(&world.retriever);
	world.providers[0] = &world.first.base;
	world.providers[1] = &world.other.base;
	world.options =
	    (struct chat_options){.journal = {WORLD_ANSWER_MAX, 100, 100},
				  .linger_ms = WORLD_LINGER_MS,
				  .recall_timeout_ms = WORLD_RECALL_MS,
				  .total_timeout_ms = WORLD_TOTAL_MS,
				  .max_readers = 3,
				  .max_turns = WORLD_TURNS_MAX};
	world.parts = (struct chat_parts){.metrics = &world.metrics,
					  .provider = &world.first.base,
					  .providers = world.providers,
					  .provider_count = 2,
					  .retriever = &world.retriever.base,
					  .self = {3, 77}};
	buffer_init(&world.text, BUFFER_UNLIMITED);
	chat_world_reopen();
	return 0;
}

int chat_world_tear_down(void **state)
{
	(void)state;
	journal_detach(&world.reader);
	assert_int_equal(chat_open_turns(world.chat), 0);
	chat_free(world.chat);
	fake_loop_free(world.loop);
	buffer_fini(&world.text);
	return 0;
}

struct ask *chat_world_make_ask(const char *query)
{
	struct ask *ask = ask_new();
	struct message *message = arena_alloc(&ask->arena, sizeof *message);

	message->role = ROLE_USER;
	message->content = arena_copy(&ask->arena, slice_of(query));
	ask->messages = message;
	ask->message_count = 1;
	ask->query = message->content;
	return ask;
}

static void on_more(struct journal_reader *reader)
{
	if (reader == &world.reader)
		world.mores++;
}

void chat_world_read(struct turn *turn, struct journal_reader *reader)
{
	assert_true(turn_attach(turn, reader, 0, on_more));
}

struct turn *chat_world_take(struct ask *ask, bool *attached)
{
	bool ignored;

	memset(&world.fault, 0, sizeof world.fault);
	return chat_ask(world.chat, ask, attached ? attached : &ignored,
			&world.fault);
}

struct turn *chat_world_ask(const char *query)
{
	struct turn *turn = chat_world_take(chat_world_make_ask(query), NULL);

	assert_non_null(turn);
	chat_world_read(turn, &world.reader);
	fake_loop_settle(world.loop);
	return turn;
}

struct turn *chat_world_ask_provider(const char *query)
{
	struct turn *turn = chat_world_ask(query);

	scripted_retriever_find(&world.retriever, 1);
	fake_loop_settle(world.loop);
	assert_non_null(world.first.sink);
	return turn;
}

static void print_final(struct buffer *out, const struct event_final *final)
{
	buffer_printf(
	    out, "final %s %.*s/%.*s sources=%u first=%d total=%u",
	    event_finish_name(final->reason), (int) final->provider.len,
	    final->provider.data, (int) final->model.len, final->model.data,
	    final->source_count, final->first_token_ms, final->total_ms);
}

static void print_event(struct buffer *out, const struct event *event)
{
	switch (event->type) {
	case EVENT_STATUS:
		buffer_printf(out, "status %s %s %u ",
			      event_step_name(event->status.step),
			      event_state_name(event->status.state),
			      event->status.elapsed_ms);
		buffer_append_slice(out, event->status.description);
		break;
	case EVENT_FINAL:
		print_final(out, &event->final);
		break;
	case EVENT_ERROR:
		buffer_printf(out, "error %s%s ", error_name(event->error.code),
			      event->error.is_retryable ? " retryable" : "");
		buffer_append_slice(out, event->error.hint);
		break;
	default:
		buffer_printf(out, "%s ", event_type_name(event->type));
		buffer_append_slice(out, event->text);
	}
}

const char *chat_world_journal(struct turn *turn)
{
	struct journal_place place = {0, 0};
	struct event event;

	buffer_clear(&world.text);
	while (journal_next(turn_journal(turn), &place, &event)) {
		if (place.n > 1)
			buffer_append_char(&world.text, '\n');
		print_event(&world.text, &event);
	}
	return buffer_string(&world.text);
}

void chat_world_expect(struct turn *turn, const char *wanted)
{
	assert_string_equal(chat_world_journal(turn), wanted);
}

void chat_world_expect_end(struct turn *turn, const char *wanted)
{
	const char *text = chat_world_journal(turn);
	const char *line = strrchr(text, '\n');

	assert_string_equal(line ? line + 1 : text, wanted);
}

uint64_t chat_world_count(enum metric metric)
{
	return world.metrics.values[metric];
}
