/* SPDX-License-Identifier: ISC */
#include "chat/turn.h"

#include <assert.h>
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "chat/prompt.h"
#include "chat/turn_report.h"

enum step_result { STEP_NEXT, STEP_WAIT, STEP_FINISHED };

static void go(struct turn *turn, enum turn_state state);

static uint32_t elapsed_ms(const struct turn *turn)
{
	return (uint32_t)(loop_now_ms(chat_parts_of(turn->chat)->loop) -
			  turn->began_ms);
}

void turn_mark(struct turn *turn)
{
	chat_mark(turn->chat, turn);
}

/* The first wish counts. */
void turn_wish(struct turn *turn, enum turn_wish wish)
{
	if (turn->wish != WISH_NONE || turn->state >= TURN_ENDING)
		return;
	turn->wish = wish;
	turn_mark(turn);
}

void turn_blame(struct turn *turn, const struct fault *fault)
{
	struct fault *copy;

	if (turn->fault)
		return;
	copy = arena_alloc(&turn->ask->arena, sizeof *copy);
	*copy = *fault;
	turn->fault = copy;
}

/* A cap is reached, or a deadline. */
static void fail(struct turn *turn, const struct fault *fault)
{
	if (turn->wish == WISH_NONE)
		turn_blame(turn, fault);
	turn_wish(turn, WISH_FAULT);
}

static void put_status(struct turn *turn, enum status_step step,
		       enum status_state state, int progress,
		       const char *description)
{
	struct event event = {.type = EVENT_STATUS,
			      .status = {.step = step,
					 .state = state,
					 .progress = progress,
					 .elapsed_ms = elapsed_ms(turn),
					 .description = slice_of(description)}};
	struct fault fault;

	if (!journal_append(turn->journal, &event, &fault))
		fail(turn, &fault);
}

/* There are documents, and the ask wants them. */
static bool wants_recall(const struct turn *turn)
{
	return turn->ask->wants_context && chat_parts_of(turn->chat)->retriever;
}

static enum step_result step_admit(struct turn *turn)
{
	put_status(turn, STEP_ADMIT, STATE_DONE, -1, "Question received");
	go(turn, wants_recall(turn) ? TURN_RECALL : TURN_CALL);
	return STEP_NEXT;
}

static void on_recalled(void *state, const struct retrieval_result *result)
{
	struct turn *turn = state;
	struct retrieval_result *copy =
	    arena_alloc(&turn->ask->arena, sizeof *copy);

	*copy = *result;
	turn->recall = NULL;
	turn->recall_done = true;
	turn->recalled = copy;
	turn_mark(turn);
}

static void on_recall_timeout(void *state)
{
	turn_mark(state);
}

static void start_recall(struct turn *turn, struct retriever *retriever,
			 long size)
{
	struct retrieval_ask *wanted =
	    arena_alloc(&turn->ask->arena, sizeof *wanted);
	char words[80];
	char number[32];

	turn_report_number(number, sizeof number, (uint64_t)size);
	snprintf(words, sizeof words, "Searching %s passage%s", number,
		 size == 1 ? "" : "s");
	put_status(turn, STEP_CONTEXT, STATE_STARTED, 0, words);
	wanted->query = turn->ask->query;
	wanted->history = turn->ask->messages;
	wanted->history_count = turn->ask->message_count - 1;
	wanted->max_passages = turn->ask->context_passages;
	turn->recall = retriever->ops->start(
	    retriever, wanted, &turn->ask->arena, on_recalled, turn);
	timer_start(&turn->recall_timer,
		    chat_options_of(turn->chat)->recall_timeout_ms);
}

/* Once; its report is still to come. */
static void cancel_recall(struct turn *turn)
{
	if (!turn->recall || turn->recall_cancelled)
		return;
	turn->recall_cancelled = true;
	chat_parts_of(turn->chat)->retriever->ops->cancel(turn->recall);
}

static void end_recall(struct turn *turn)
{
	char words[sizeof turn->recalled->fault.hint + 80];

	timer_stop(&turn->recall_timer);
	if (!turn->recall_done) {
		cancel_recall(turn);
		put_status(
		    turn, STEP_CONTEXT, STATE_FAILED, -1,
		    "Searching took too long; answering without passages");
		log_warn("turn", "turn=%.*s search took over %u ms",
			 (int)turn_id(turn).len, turn_id(turn).data,
			 chat_options_of(turn->chat)->recall_timeout_ms);
	} else if (!turn->recalled->is_ok) {
		snprintf(words, sizeof words, "Could not search: %s",
			 turn->recalled->fault.hint[0]
			     ? turn->recalled->fault.hint
			     : error_sentence(turn->recalled->fault.code));
		put_status(turn, STEP_CONTEXT, STATE_FAILED, -1, words);
		log_warn("turn", "turn=%.*s search failed: %s %s",
			 (int)turn_id(turn).len, turn_id(turn).data,
			 turn->recalled->fault.hint,
			 turn->recalled->fault.detail);
	} else {
		turn->ask->was_searched = true;
		turn->ask->passages = turn->recalled->passages;
		turn->ask->passage_count = turn->recalled->passage_count;
		snprintf(words, sizeof words,
			 turn->ask->passage_count == 1 ? "Found %zu passage"
						       : "Found %zu passages",
			 turn->ask->passage_count);
		put_status(turn, STEP_CONTEXT, STATE_DONE, 100, words);
	}
}

static enum step_result step_recall(struct turn *turn)
{
	struct retriever *retriever = chat_parts_of(turn->chat)->retriever;
	char words[200];
	const char *why = "";
	long size;

	if (turn->recall || turn->recall_done) {
		if (!turn->recall_done && timer_is_running(&turn->recall_timer))
			return STEP_WAIT;
		end_recall(turn);
		go(turn, TURN_CALL);
		return STEP_NEXT;
	}
	size = retriever->ops->size(retriever, &why);
	if (size < 0) {
		snprintf(words, sizeof words, "Answering without passages: %s",
			 why);
		put_status(turn, STEP_CONTEXT, STATE_FAILED, -1, words);
		go(turn, TURN_CALL);
		return STEP_NEXT;
	}
	start_recall(turn, retriever, size);
	return STEP_WAIT;
}

static bool on_event(void *state, const struct event *event)
{
	struct turn *turn = state;
	struct event copy;
	struct fault fault;

	if (turn->state >= TURN_ENDING || turn->wish != WISH_NONE)
		return false;
	if (event->type == EVENT_STATUS) {
		copy = *event;
		copy.status.elapsed_ms = elapsed_ms(turn);
		event = &copy;
	} else {
		turn->last_token_ms = (int32_t)elapsed_ms(turn);
		if (turn->first_token_ms < 0) {
			turn->first_token_ms = turn->last_token_ms;
			metrics_first_token(chat_parts_of(turn->chat)->metrics,
					    (uint64_t)turn->first_token_ms);
		}
	}
	if (journal_append(turn->journal, event, &fault))
		return true;
	fail(turn, &fault);
	return false;
}

static void on_end(void *state, const struct provider_ending *ending)
{
	struct turn *turn = state;
	struct arena *arena = &turn->ask->arena;

	turn->call = NULL;
	turn->call_done = true;
	turn->final = (struct event_final){
	    .reason = ending->reason,
	    .reason_raw = arena_copy(arena, ending->reason_raw),
	    .model = arena_copy(arena, ending->model),
	    .provider = arena_copy(arena, ending->provider),
	    .is_extractive = ending->is_extractive,
	    .usage = ending->usage};
	if (!ending->is_ok)
		fail(turn, &ending->fault);
	turn_mark(turn);
}

static enum step_result step_call(struct turn *turn)
{
	put_status(turn, STEP_MODEL, STATE_STARTED, -1, "Writing the answer");
	if (turn->wish != WISH_NONE) /* there was no room for that */
		return STEP_NEXT;
	prompt_compose(turn->ask, chat_options_of(turn->chat)->system,
		       wants_recall(turn));
	turn->sink = (struct provider_sink){on_event, on_end, turn};
	turn->call = turn->provider->ops->start(turn->provider, turn->ask,
						turn->model, &turn->sink);
	go(turn, TURN_STREAM);
	return STEP_WAIT;
}

static enum step_result step_stream(struct turn *turn)
{
	if (!turn->call_done)
		return STEP_WAIT;
	go(turn, TURN_ENDING);
	return STEP_NEXT;
}

/* The one end: the terminal event now, then everything pending is
 * cancelled, and its reports are waited for. */
static void begin_end(struct turn *turn)
{
	turn_report_terminal(turn, elapsed_ms(turn));
	timer_stop(&turn->recall_timer);
	timer_stop(&turn->deadline);
	timer_stop(&turn->linger);
	cancel_recall(turn);
	if (turn->call)
		turn->provider->ops->cancel(turn->call);
}

static enum step_result step_ending(struct turn *turn)
{
	if (!journal_is_ended(turn->journal))
		begin_end(turn);
	if (turn->recall || turn->call)
		return STEP_WAIT;
	go(turn, TURN_ENDED);
	ask_free(turn->ask);
	turn->ask = NULL;
	chat_on_turn_ended(turn->chat, turn);
	return STEP_FINISHED;
}

static const struct {
	const char *name;
	enum step_result (*step)(struct turn *turn);
	unsigned next; /* bits of the states that may follow */
	bool may_wait;
} states[] = {
    [TURN_ADMIT] = {"admit", step_admit,
		    1 << TURN_RECALL | 1 << TURN_CALL | 1 << TURN_ENDING,
		    false},
    [TURN_RECALL] = {"recall", step_recall, 1 << TURN_CALL | 1 << TURN_ENDING,
		     true},
    [TURN_CALL] = {"call", step_call, 1 << TURN_STREAM | 1 << TURN_ENDING,
		   false},
    [TURN_STREAM] = {"stream", step_stream, 1 << TURN_ENDING, true},
    [TURN_ENDING] = {"ending", step_ending, 1 << TURN_ENDED, true},
    [TURN_ENDED] = {"ended", NULL, 0, false},
};

static void go(struct turn *turn, enum turn_state state)
{
	assert(states[turn->state].next & 1u << state);
	turn->state = state;
}

void turn_run(struct turn *turn)
{
	enum step_result result = STEP_NEXT;

	while (result == STEP_NEXT && turn->state != TURN_ENDED) {
		if (turn->wish != WISH_NONE && turn->state < TURN_ENDING)
			go(turn, TURN_ENDING);
		log_debug("turn", "turn=%.*s state=%s", (int)turn_id(turn).len,
			  turn_id(turn).data, states[turn->state].name);
		result = states[turn->state].step(turn);
		assert(result != STEP_WAIT || states[turn->state].may_wait);
	}
}

static void on_deadline(void *state)
{
	struct turn *turn = state;
	struct fault fault;

	fault_set(&fault, ERROR_UPSTREAM_TOTAL_TIMEOUT, "over %u ms",
		  chat_options_of(turn->chat)->total_timeout_ms);
	fail(turn, &fault);
}

/* While the turn runs: nobody came back. After it: it may be forgotten. */
static void on_linger(void *state)
{
	struct turn *turn = state;

	turn->lingers = false;
	if (journal_reader_count(turn->journal) > 0)
		timer_start(&turn->linger,
			    chat_options_of(turn->chat)->linger_ms);
	else if (turn->state == TURN_ENDED)
		chat_forget(turn->chat, turn);
	else
		turn_wish(turn, WISH_LEFT);
}

struct turn *turn_new(struct chat *chat, struct ask *ask, struct slice id)
{
	struct turn *turn = memory_zalloc(sizeof *turn);
	struct loop *loop = chat_parts_of(chat)->loop;

	turn->chat = chat;
	turn->ask = ask;
	turn->journal = journal_new(id, &chat_options_of(chat)->journal);
	ask->turn_id = journal_turn_id(turn->journal);
	turn->began_ms = loop_now_ms(loop);
	turn->first_token_ms = -1;
	turn->last_token_ms = -1;
	list_init(&turn->node);
	list_init(&turn->run_node);
	timer_init(&turn->recall_timer, loop, on_recall_timeout, turn);
	timer_init(&turn->deadline, loop, on_deadline, turn);
	timer_init(&turn->linger, loop, on_linger, turn);
	timer_start(&turn->deadline, chat_options_of(chat)->total_timeout_ms);
	return turn;
}

void turn_free(struct turn *turn)
{
	timer_stop(&turn->linger);
	list_remove(&turn->node);
	list_remove(&turn->run_node);
	journal_unref(turn->journal);
	memory_free(turn);
}

struct slice turn_id(const struct turn *turn)
{
	return journal_turn_id(turn->journal);
}

struct journal *turn_journal(const struct turn *turn)
{
	return turn->journal;
}

bool turn_is_ended(const struct turn *turn)
{
	return journal_is_ended(turn->journal);
}

bool turn_attach(struct turn *turn, struct journal_reader *reader,
		 uint32_t after_n,
		 void (*on_more)(struct journal_reader *reader))
{
	if (journal_reader_count(turn->journal) >=
	    chat_options_of(turn->chat)->max_readers)
		return false;
	if (turn->state < TURN_ENDING)
		timer_stop(&turn->linger);
	journal_attach(turn->journal, reader, after_n, on_more);
	return true;
}

void turn_detach(struct turn *turn, struct journal_reader *reader)
{
	journal_detach(reader);
	if (journal_reader_count(turn->journal) > 0 ||
	    turn->state >= TURN_ENDING)
		return;
	if (turn->lingers)
		timer_start(&turn->linger,
			    chat_options_of(turn->chat)->linger_ms);
	else
		turn_wish(turn, WISH_LEFT);
}

void turn_linger(struct turn *turn)
{
	if (turn->state >= TURN_ENDING)
		return;
	turn->lingers = true;
	if (journal_reader_count(turn->journal) == 0)
		timer_start(&turn->linger,
			    chat_options_of(turn->chat)->linger_ms);
}

void turn_stop(struct turn *turn)
{
	turn_wish(turn, WISH_STOP);
}
