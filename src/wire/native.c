/* SPDX-License-Identifier: ISC */
#include "wire/native.h"

#include "base/json.h"
#include "base/text.h"
#include "core/ask.h"
#include "core/retriever.h"

/* The turn has cut it to what is configured. */
enum { SNIPPET_MAX_BYTES = 2000 };

static void put_type(struct buffer *out, const struct event *event)
{
	buffer_append_string(out, "{\"type\":\"");
	buffer_append_string(out, event_type_name(event->type));
	buffer_append_char(out, '"');
	if (event->branch)
		json_put_int_member(out, "branch", event->branch);
}

static void put_status(struct buffer *out, const struct event_status *status)
{
	json_put_name(out, "status");
	buffer_append_char(out, '{');
	json_put_string_member(out, "step",
			       slice_of(event_step_name(status->step)));
	json_put_string_member(out, "state",
			       slice_of(event_state_name(status->state)));
	json_put_string_member(out, "description", status->description);
	if (status->progress >= 0)
		json_put_int_member(out, "progress", status->progress);
	json_put_int_member(out, "elapsed_ms", status->elapsed_ms);
	buffer_append_char(out, '}');
}

static void put_tool_call(struct buffer *out,
			  const struct event_tool_call *call)
{
	json_put_name(out, "tool_call");
	buffer_append_char(out, '{');
	json_put_int_member(out, "index", call->index);
	if (call->id.len)
		json_put_string_member(out, "id", call->id);
	json_put_string_member(out, "type", SLICE_LITERAL("function"));
	json_put_name(out, "function");
	buffer_append_char(out, '{');
	if (call->name.len)
		json_put_string_member(out, "name", call->name);
	json_put_string_member(out, "arguments", call->arguments);
	buffer_append_string(out, "}}");
}

static void put_tool_result(struct buffer *out,
			    const struct event_tool_result *result)
{
	json_put_name(out, "tool_result");
	buffer_append_char(out, '{');
	json_put_string_member(out, "id", result->id);
	json_put_string_member(out, "name", result->name);
	json_put_string_member(out, "content", result->content);
	buffer_append_char(out, '}');
}

static void put_answer(struct buffer *out, const char *name,
		       const struct journal *journal)
{
	struct journal_place place = {0, 0};
	struct event event;

	json_put_name(out, name);
	buffer_append_char(out, '"');
	while (journal_next(journal, &place, &event))
		if (event.type == EVENT_CONTENT)
			json_put_string_part(out, event.text);
	buffer_append_char(out, '"');
}

/* Members: the caller writes the braces and may add more. */
static void put_passage(struct buffer *out, size_t n,
			const struct passage *passage, size_t snippet_max)
{
	size_t len = passage->text.len;

	if (len > snippet_max)
		len = text_utf8_floor(passage->text.data, snippet_max);
	json_put_int_member(out, "n", (int64_t)n);
	json_put_string_member(out, "title", passage->title);
	json_put_string_member(out, "heading", passage->heading);
	json_put_string_member(out, "url", passage->url);
	json_put_string_member(out, "snippet",
			       slice_make(passage->text.data, len));
}

static void put_sources(struct buffer *out, const struct event_final *final)
{
	json_put_name(out, "sources");
	buffer_append_char(out, '[');
	for (uint32_t i = 0; i < final->source_count; i++) {
		json_put_comma(out);
		buffer_append_char(out, '{');
		put_passage(out, i + 1, &final->sources[i], SNIPPET_MAX_BYTES);
		buffer_append_char(out, '}');
	}
	buffer_append_char(out, ']');
}

void native_put_search(struct buffer *out, struct slice query,
		       const struct retrieval_result *result,
		       size_t snippet_max)
{
	buffer_append_char(out, '{');
	json_put_string_member(out, "query", query);
	json_put_name(out, "passages");
	buffer_append_char(out, '[');
	for (size_t i = 0; i < result->passage_count; i++) {
		json_put_comma(out);
		buffer_append_char(out, '{');
		put_passage(out, i + 1, &result->passages[i], snippet_max);
		json_put_name(out, "score");
		json_put_number(out, result->passages[i].score);
		buffer_append_char(out, '}');
	}
	buffer_append_string(out, "]}\n");
}

static void put_usage(struct buffer *out, const struct usage *usage)
{
	if (usage->input_tokens < 0 && usage->output_tokens < 0)
		return;
	json_put_name(out, "usage");
	buffer_append_char(out, '{');
	if (usage->input_tokens >= 0)
		json_put_int_member(out, "input_tokens", usage->input_tokens);
	if (usage->output_tokens >= 0)
		json_put_int_member(out, "output_tokens", usage->output_tokens);
	json_put_bool_member(out, "estimated", usage->is_estimated);
	buffer_append_char(out, '}');
}

void native_put_result(struct buffer *out, const struct journal *journal,
		       const struct event_final *final)
{
	buffer_append_char(out, '{');
	put_answer(out, "answer", journal);
	put_sources(out, final);
	json_put_string_member(out, "finish_reason",
			       slice_of(event_finish_name(final->reason)));
	if (final->reason == FINISH_OTHER && final->reason_raw.len)
		json_put_string_member(out, "finish_reason_raw",
				       final->reason_raw);
	json_put_string_member(out, "model", final->model);
	json_put_string_member(out, "provider", final->provider);
	if (final->is_extractive)
		json_put_string_member(out, "mode",
				       SLICE_LITERAL("extractive"));
	put_usage(out, &final->usage);
	json_put_name(out, "timing");
	buffer_append_char(out, '{');
	if (final->first_token_ms >= 0)
		json_put_int_member(out, "first_token_ms",
				    final->first_token_ms);
	json_put_int_member(out, "total_ms", final->total_ms);
	buffer_append_char(out, '}');
	json_put_string_member(out, "turn", journal_turn_id(journal));
	buffer_append_char(out, '}');
}

static void put_error_text(struct buffer *out, enum error_code code,
			   struct slice hint)
{
	json_put_name(out, "error");
	buffer_append_char(out, '"');
	json_put_string_part(out, slice_of(error_sentence(code)));
	if (hint.len) {
		buffer_append_char(out, ' ');
		json_put_string_part(out, hint);
	}
	buffer_append_char(out, '"');
	json_put_string_member(out, "code", slice_of(error_name(code)));
}

static void put_error(struct buffer *out, const struct journal *journal,
		      const struct event_error *error)
{
	put_error_text(out, error->code, error->hint);
	json_put_bool_member(out, "retryable", error->is_retryable);
	if (error->retry_after_ms > 0)
		json_put_int_member(out, "retry_after_ms",
				    error->retry_after_ms);
	put_answer(out, "partial", journal);
	json_put_string_member(out, "turn", journal_turn_id(journal));
}

void native_put_fault(struct buffer *out, const struct fault *fault)
{
	buffer_append_string(out, "{\"type\":\"error\"");
	put_error_text(out, fault->code, slice_of(fault->hint));
	json_put_bool_member(out, "retryable", fault_retryable(fault));
	buffer_append_char(out, '}');
}

void native_put_object(struct buffer *out, const struct journal *journal,
		       const struct event *event)
{
	put_type(out, event);
	switch (event->type) {
	case EVENT_STATUS:
		put_status(out, &event->status);
		break;
	case EVENT_CONTENT:
	case EVENT_REASONING:
		json_put_string_member(out, event_type_name(event->type),
				       event->text);
		break;
	case EVENT_TOOL_CALL:
		put_tool_call(out, &event->tool_call);
		break;
	case EVENT_TOOL_RESULT:
		put_tool_result(out, &event->tool_result);
		break;
	case EVENT_FINAL:
		json_put_name(out, "result");
		native_put_result(out, journal, &event->final);
		break;
	case EVENT_ERROR:
		put_error(out, journal, &event->error);
		break;
	}
	buffer_append_char(out, '}');
}

static void put_event(struct buffer *out, const struct journal *journal,
		      uint32_t n, const struct event *event)
{
	dialect_put_frame_start(out, journal, n);
	native_put_object(out, journal, event);
	buffer_append(out, "\n\n", 2);
}

static void put_text(struct buffer *out, const struct journal *journal,
		     struct journal_place from, uint32_t last_n)
{
	static const char start[] = "{\"type\":\"content\"";
	struct event event;
	bool is_first = true;

	dialect_put_frame_start(out, journal, last_n);
	buffer_append(out, start, sizeof start - 1);
	while (from.n < last_n && journal_next(journal, &from, &event)) {
		if (is_first) {
			if (event.branch)
				json_put_int_member(out, "branch",
						    event.branch);
			buffer_append_string(out, ",\"content\":\"");
		}
		is_first = false;
		json_put_string_part(out, event.text);
	}
	buffer_append(out, "\"}\n\n", 4);
}

const struct dialect_ops native_dialect = {
    .name = "native",
    .content_type = "text/event-stream",
    .is_event_stream = true,
    .put_event = put_event,
    .put_text = put_text,
};
