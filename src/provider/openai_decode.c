/* SPDX-License-Identifier: ISC */
#include "provider/openai_decode.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "provider/openai_chunk.h"
#include "provider/openai_error.h"

void openai_decode_init(struct openai_decode *decode,
			const struct provider_sink *sink, struct slice secret)
{
	memset(decode, 0, sizeof *decode);
	decode->reason = FINISH_OTHER;
	decode->usage.input_tokens = -1;
	decode->usage.output_tokens = -1;
	decode->sink = sink;
	decode->secret = secret;
	sse_read_init(&decode->reader, OPENAI_EVENT_BYTES_MAX);
	buffer_init(&decode->body, OPENAI_EVENT_BYTES_MAX);
	buffer_init(&decode->scratch, BUFFER_UNLIMITED);
}

void openai_decode_limit(struct openai_decode *decode, size_t max_bytes)
{
	sse_read_fini(&decode->reader);
	sse_read_init(&decode->reader, max_bytes);
	decode->body.max_len = max_bytes;
}

void openai_decode_fini(struct openai_decode *decode)
{
	sse_read_fini(&decode->reader);
	buffer_fini(&decode->body);
	buffer_fini(&decode->scratch);
	memory_free(decode->fault);
}

static bool is_over(const struct openai_decode *decode)
{
	return decode->state >= OPENAI_DECODE_DONE;
}

/* Made when it is needed: an open stream should cost little. */
static struct fault *fault_of(struct openai_decode *decode)
{
	if (!decode->fault)
		decode->fault = memory_zalloc(sizeof *decode->fault);
	return decode->fault;
}

static void fail(struct openai_decode *decode, enum error_code code,
		 const char *detail)
{
	fault_set(fault_of(decode), code, "%s", detail);
	decode->state = OPENAI_DECODE_FAILED;
}

static void emit(void *state, const struct event *event)
{
	struct openai_decode *decode = state;

	if (decode->state == OPENAI_DECODE_FAILED ||
	    decode->state == OPENAI_DECODE_STOPPED)
		return;
	decode->has_begun = true;
	if (!decode->sink->on_event(decode->sink->state, event))
		decode->state = OPENAI_DECODE_STOPPED;
}

static void emit_text(struct openai_decode *decode, enum event_type type,
		      struct slice text)
{
	struct text_join *join =
	    type == EVENT_REASONING ? &decode->reasoning : &decode->content;
	struct event event = {.type = type};

	event.text = text_join_feed(join, text, &decode->scratch);
	if (event.text.len)
		emit(decode, &event);
}

static struct slice string_of(const struct json *value)
{
	struct slice text = SLICE_NONE;

	json_string(value, &text);
	return text;
}

static void copy_word(char *out, size_t size, struct slice word)
{
	size_t len = word.len < size ? word.len : size - 1;

	len = text_utf8_floor(word.data, len);
	if (len)
		memcpy(out, word.data, len);
	out[len] = '\0';
	/* Half a character (see base/json.h) must not go further. */
	if (!text_is_utf8(out, len))
		out[0] = '\0';
}

/* Mistral: content is text or a list of {type, text} and {type: thinking,
 * thinking: [{type, text}]}; OpenRouter's reasoning_details have text or
 * summary. */
static void take_parts(struct openai_decode *decode, const struct json *parts,
		       enum event_type type)
{
	for (size_t i = 0; i < json_count(parts); i++) {
		const struct json *part = json_item(parts, i);
		const struct json *thinking = json_member(part, "thinking");

		if (json_kind(part) == JSON_STRING)
			emit_text(decode, type, string_of(part));
		else if (json_kind(thinking) == JSON_ARRAY)
			for (size_t k = 0; k < json_count(thinking); k++)
				emit_text(decode, EVENT_REASONING,
					  string_of(json_member(
					      json_item(thinking, k), "text")));
		else if (json_kind(thinking) == JSON_STRING)
			emit_text(decode, EVENT_REASONING, string_of(thinking));
		else if (json_member(part, "text"))
			emit_text(decode, type,
				  string_of(json_member(part, "text")));
		else
			emit_text(decode, type,
				  string_of(json_member(part, "summary")));
	}
}

static void take_text(struct openai_decode *decode, const struct json *value,
		      enum event_type type)
{
	if (json_kind(value) == JSON_ARRAY)
		take_parts(decode, value, type);
	else
		emit_text(decode, type, string_of(value));
}

static void take_reasoning(struct openai_decode *decode,
			   const struct json *delta)
{
	static const char *const names[] = {"reasoning_content", "reasoning",
					    "reasoning_details"};

	/* Some send the same text under two names. */
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct json *value = json_member(delta, names[i]);

		if (value) {
			take_text(decode, value, EVENT_REASONING);
			return;
		}
	}
}

static void take_tools(struct openai_decode *decode, const struct json *delta)
{
	const struct openai_tools_sink sink = {emit, decode, &decode->scratch};
	const struct json *calls = json_member(delta, "tool_calls");

	for (size_t i = 0; i < json_count(calls); i++) {
		if (!openai_tools_feed(&decode->tools, json_item(calls, i),
				       &sink)) {
			fail(decode, ERROR_UPSTREAM_INVALID,
			     "a tool call with an index out of range");
			return;
		}
	}
}

static void take_finish(struct openai_decode *decode, struct slice word)
{
	static const struct {
		const char *word;
		enum finish_reason reason;
	} words[] = {
	    {"stop", FINISH_STOP},
	    {"eos", FINISH_STOP},
	    {"end_turn", FINISH_STOP},
	    {"stop_sequence", FINISH_STOP},
	    {"length", FINISH_LENGTH},
	    {"model_length", FINISH_LENGTH},
	    {"max_tokens", FINISH_LENGTH},
	    {"tool_calls", FINISH_TOOL_CALLS},
	    {"function_call", FINISH_TOOL_CALLS},
	    {"tool_use", FINISH_TOOL_CALLS},
	    {"content_filter", FINISH_CONTENT_FILTER},
	    {"safety", FINISH_CONTENT_FILTER},
	    {"refusal", FINISH_CONTENT_FILTER},
	};

	if (word.len == 0)
		return;
	decode->has_finish = true;
	decode->reason = FINISH_OTHER;
	copy_word(decode->reason_raw, sizeof decode->reason_raw, word);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (text_equal_nocase(word, words[i].word))
			decode->reason = words[i].reason;
	}
	if (decode->reason == FINISH_STOP && decode->tools.count)
		decode->reason = FINISH_TOOL_CALLS;
	if (text_equal_nocase(word, "error"))
		fail(decode, ERROR_UPSTREAM_UNAVAILABLE, "finish_reason error");
}

static void take_choice(struct openai_decode *decode, const struct json *choice)
{
	const struct json *delta = json_member(choice, "delta");
	int64_t index = 0;

	json_integer(json_member(choice, "index"), &index);
	if (index != 0)
		return;
	if (!delta)
		delta = json_member(choice, "message");
	take_reasoning(decode, delta);
	take_text(decode, json_member(delta, "content"), EVENT_CONTENT);
	take_text(decode, json_member(delta, "refusal"), EVENT_CONTENT);
	if (json_member(delta, "tool_calls"))
		take_tools(decode, delta);
	take_finish(decode, string_of(json_member(choice, "finish_reason")));
}

static void take_usage(struct openai_decode *decode, const struct json *usage)
{
	if (json_kind(usage) != JSON_OBJECT)
		return;
	json_integer(json_member(usage, "prompt_tokens"),
		     &decode->usage.input_tokens);
	json_integer(json_member(usage, "completion_tokens"),
		     &decode->usage.output_tokens);
}

static void take_model(struct openai_decode *decode, struct slice model)
{
	if (!decode->model[0])
		copy_word(decode->model, sizeof decode->model, model);
}

static void take_root(struct openai_decode *decode, const struct json *root,
		      bool is_error_event)
{
	const struct json *choices = json_member(root, "choices");
	const struct json *error = openai_error_find(root, is_error_event);
	bool was_done = is_over(decode);

	if (error) {
		openai_error_read(fault_of(decode), error, decode->secret);
		decode->state = OPENAI_DECODE_FAILED;
		return;
	}
	take_model(decode, string_of(json_member(root, "model")));
	take_usage(decode, json_member(root, "usage"));
	take_usage(decode, json_member(json_member(root, "x_groq"), "usage"));
	/* A stream has chunks without a choice; a whole answer is one. */
	if (json_count(choices) > 0 ||
	    (decode->state != OPENAI_DECODE_BODY &&
	     (json_kind(choices) == JSON_ARRAY ||
	      json_kind(json_member(root, "usage")) == JSON_OBJECT)))
		decode->has_chunk = true;
	for (size_t i = 0; i < json_count(choices); i++) {
		if (!was_done && is_over(decode))
			return;
		take_choice(decode, json_item(choices, i));
	}
}

/* False when the text is not JSON. */
static bool take_json(struct openai_decode *decode, struct slice text,
		      bool is_error_event)
{
	struct json *root = json_parse(text, &json_limits_upstream, NULL);

	if (!root)
		return false;
	if (json_kind(root) == JSON_ARRAY)
		take_root(decode, json_item(root, 0), is_error_event);
	else if (json_kind(root) == JSON_OBJECT)
		take_root(decode, root, is_error_event);
	else
		fail(decode, ERROR_UPSTREAM_INVALID,
		     "a chunk that is no object");
	json_free(root);
	return true;
}

static void take_event(struct openai_decode *decode,
		       const struct sse_event *event)
{
	struct slice data = text_trim(event->data);
	bool is_error_event = slice_is(event->type, "error");
	struct openai_chunk chunk;

	if (data.len == 0)
		return;
	if (slice_is(data, "[DONE]")) {
		decode->state = OPENAI_DECODE_DONE;
		return;
	}
	if (!is_error_event &&
	    openai_chunk_read(&chunk, data, &decode->scratch)) {
		take_model(decode, chunk.model);
		decode->has_chunk = true;
		emit_text(decode, EVENT_CONTENT, chunk.content);
		return;
	}
	if (!take_json(decode, data, is_error_event) && !slice_is(data, "null"))
		fail(decode, ERROR_UPSTREAM_INVALID,
		     "a chunk that is not JSON");
}

static void feed_stream(struct openai_decode *decode, struct slice input)
{
	struct sse_event event;

	while (!is_over(decode)) {
		switch (sse_read_next(&decode->reader, &input, &event)) {
		case SSE_READ_MORE:
			return;
		case SSE_READ_EVENT:
			take_event(decode, &event);
			break;
		case SSE_READ_STRAY:
			take_json(decode, event.data, false);
			break;
		case SSE_READ_TOO_LARGE:
			fail(decode, ERROR_UPSTREAM_INVALID,
			     "an event over 1 MiB");
			break;
		}
	}
}

/* A brace or bracket first: not an event stream, whatever the Content-Type
 * says of it. White space before it says nothing. */
static void choose_shape(struct openai_decode *decode, struct slice *input)
{
	char c;

	while (input->len && memchr(" \t\r\n", input->data[0], 4)) {
		input->data++;
		input->len--;
	}
	if (input->len == 0)
		return;
	c = input->data[0];
	decode->state =
	    c == '{' || c == '[' ? OPENAI_DECODE_BODY : OPENAI_DECODE_STREAM;
}

bool openai_decode_feed(struct openai_decode *decode, struct slice input)
{
	if (decode->state == OPENAI_DECODE_START)
		choose_shape(decode, &input);
	if (decode->state == OPENAI_DECODE_STREAM)
		feed_stream(decode, input);
	else if (decode->state == OPENAI_DECODE_BODY &&
		 !buffer_append_slice(&decode->body, input))
		fail(decode, ERROR_UPSTREAM_INVALID, "a body over 1 MiB");
	return !is_over(decode);
}

/* An event that no blank line ended counts when it is whole. */
static void end_stream(struct openai_decode *decode)
{
	struct sse_event event;
	enum sse_read_status status;

	while (!is_over(decode)) {
		status = sse_read_end(&decode->reader, &event);
		if (status != SSE_READ_EVENT && status != SSE_READ_STRAY)
			return;
		if (slice_is(text_trim(event.data), "[DONE]"))
			decode->state = OPENAI_DECODE_DONE;
		else
			take_json(decode, event.data,
				  status == SSE_READ_EVENT &&
				      slice_is(event.type, "error"));
	}
}

/* The answer is known to be whole, although no reason was given. */
static void assume_finish(struct openai_decode *decode)
{
	if (decode->has_finish)
		return;
	decode->has_finish = true;
	decode->reason = decode->tools.count ? FINISH_TOOL_CALLS : FINISH_STOP;
}

static void end_body(struct openai_decode *decode)
{
	if (!take_json(decode, buffer_slice(&decode->body), false)) {
		fail(decode, ERROR_UPSTREAM_INVALID, "a body that is not JSON");
		return;
	}
	/* A whole body is a whole answer. */
	if (!is_over(decode) && decode->has_chunk) {
		assume_finish(decode);
		decode->state = OPENAI_DECODE_DONE;
	}
}

/* Halves of characters that never came, calls without arguments. */
static void flush(struct openai_decode *decode)
{
	const struct openai_tools_sink sink = {emit, decode, &decode->scratch};
	struct event event = {.type = EVENT_REASONING};

	event.text = text_join_end(&decode->reasoning);
	if (event.text.len)
		emit(decode, &event);
	event.type = EVENT_CONTENT;
	event.text = text_join_end(&decode->content);
	if (event.text.len)
		emit(decode, &event);
	openai_tools_end(&decode->tools, &sink);
}

bool openai_decode_end(struct openai_decode *decode)
{
	bool came_nothing = decode->state == OPENAI_DECODE_START;

	if (decode->state == OPENAI_DECODE_STREAM)
		end_stream(decode);
	else if (decode->state == OPENAI_DECODE_BODY)
		end_body(decode);
	flush(decode);
	if (decode->state == OPENAI_DECODE_FAILED ||
	    decode->state == OPENAI_DECODE_STOPPED)
		return false;
	if (!decode->has_chunk && !came_nothing)
		fail(decode, ERROR_UPSTREAM_INVALID,
		     "nothing in it was a chunk");
	else if (!decode->has_finish && decode->state != OPENAI_DECODE_DONE)
		fail(decode, ERROR_UPSTREAM_TRUNCATED,
		     "it ended without a finish_reason");
	else
		assume_finish(decode);
	return decode->state != OPENAI_DECODE_FAILED;
}
