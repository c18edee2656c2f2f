/* SPDX-License-Identifier: ISC */
#include "chat/turn_report.h"

#include <stdio.h>

#include "base/log.h"
#include "base/text.h"

enum { QUESTION_LOGGED_MAX = 200 };

void turn_report_number(char *out, size_t size, uint64_t number)
{
	char digits[24];
	int len =
	    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
	size_t at = 0;

	for (int i = 0; i < len && at + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

/* Sources of the final event: the passages, each cut to what is shown. */
static void add_sources(struct turn *turn, struct event_final *final)
{
	struct ask *ask = turn->ask;
	struct passage *shown;
	size_t max = chat_snippet_bytes(turn->chat);

	if (ask->passage_count == 0)
		return;
	shown = arena_alloc(&ask->arena, ask->passage_count * sizeof *shown);
	for (size_t i = 0; i < ask->passage_count; i++) {
		shown[i] = ask->passages[i];
		if (shown[i].text.len > max)
			shown[i].text.len =
			    text_utf8_floor(shown[i].text.data, max);
	}
	final->sources = shown;
	final->source_count = (uint32_t)ask->passage_count;
}

/* The one that was asked, while the one that answers has not said its own. */
static struct slice model_asked(const struct turn *turn)
{
	return turn->model.len ? turn->model : slice_of(turn->provider->model);
}

static void make_final(struct turn *turn, struct event *event,
		       uint32_t total_ms)
{
	event->type = EVENT_FINAL;
	event->final = turn->final;
	if (!turn->call_done) {
		event->final.model = model_asked(turn);
		event->final.provider = slice_of(turn->provider->name);
		event->final.usage = (struct usage){-1, -1, false};
	}
	if (turn->wish == WISH_STOP)
		event->final.reason = FINISH_CANCELLED;
	event->final.first_token_ms = turn->first_token_ms;
	event->final.total_ms = total_ms;
	add_sources(turn, &event->final);
}

static void make_error(struct turn *turn, struct event *event)
{
	struct fault fault;

	if (turn->wish == WISH_LEFT)
		fault_set(&fault, ERROR_CANCELLED, "nobody reads");
	else
		fault_set(&fault, ERROR_INTERRUPTED, "process ends");
	turn_blame(turn, &fault);
	event->type = EVENT_ERROR;
	event->error =
	    (struct event_error){.code = turn->fault->code,
				 .is_retryable = fault_retryable(turn->fault),
				 .retry_after_ms = turn->fault->retry_after_ms,
				 .hint = slice_of(turn->fault->hint)};
}

static void count_outcome(struct turn *turn, const struct event *event)
{
	struct metrics *metrics = chat_parts_of(turn->chat)->metrics;
	enum metric outcome = METRIC_TURNS_ERROR;

	if (turn->wish == WISH_STOP || turn->wish == WISH_LEFT)
		outcome = METRIC_TURNS_CANCELLED;
	else if (event->type == EVENT_FINAL)
		outcome = METRIC_TURNS_COMPLETE;
	metrics_inc(metrics, outcome);
}

/* One line per turn; never its question unless the operator asked. */
static void log_end(struct turn *turn, const struct event *event,
		    uint32_t total_ms)
{
	struct slice id = journal_turn_id(turn->journal);
	struct slice provider = turn->call_done && turn->final.provider.len
				    ? turn->final.provider
				    : slice_of(turn->provider->name);
	bool is_final = event->type == EVENT_FINAL;
	struct slice model = is_final ? event->final.model : turn->final.model;
	struct slice question = turn->ask->query;

	if (model.len == 0)
		model = model_asked(turn);
	log_info("turn",
		 "turn=%.*s outcome=%s provider=%.*s model=%.*s first_ms=%d "
		 "last_ms=%d total_ms=%u events=%u bytes=%zu sources=%zu%s%s%s",
		 (int)id.len, id.data,
		 is_final ? event_finish_name(event->final.reason)
			  : error_name(event->error.code),
		 (int)provider.len, provider.data, (int)model.len,
		 model.len ? model.data : "", turn->first_token_ms,
		 turn->last_token_ms, total_ms, journal_tail(turn->journal),
		 journal_answer_bytes(turn->journal), turn->ask->passage_count,
		 is_final ? "" : " detail=\"",
		 is_final ? "" : turn->fault->detail, is_final ? "" : "\"");
	if (!chat_options_of(turn->chat)->logs_questions)
		return;
	if (question.len > QUESTION_LOGGED_MAX)
		question.len =
		    text_utf8_floor(question.data, QUESTION_LOGGED_MAX);
	log_info("turn", "turn=%.*s question=\"%.*s\"", (int)id.len, id.data,
		 (int)question.len, question.data);
}

void turn_report_terminal(struct turn *turn, uint32_t total_ms)
{
	struct event event = {.branch = 0};

	if (turn->wish == WISH_STOP || turn->wish == WISH_NONE)
		make_final(turn, &event, total_ms);
	else
		make_error(turn, &event);
	count_outcome(turn, &event);
	log_end(turn, &event, total_ms);
	journal_append(turn->journal, &event, NULL);
}
