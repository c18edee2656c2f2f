/* SPDX-License-Identifier: ISC */
#include "wire/ask_read.h"

#include <math.h>

#include "base/ids.h"
#include "base/json.h"
#include "base/text.h"
#include "wire/query_string.h"

enum {
	MODEL_MAX_BYTES = 256,
	MAX_TOKENS_MAX = 10000000,
	PASSAGES_MAX = 50,
	NAME_MAX_SHOWN = 64
};

struct reading {
	struct ask_form *form;
	struct ask *ask;
	const struct ask_limits *limits;
	struct fault *fault;
	bool has_question; /* query, message or messages was there */
};

static bool refuse_type(struct reading *reading, const char *name,
			const char *wanted, const struct json *value)
{
	return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
			      "\"%s\" must be %s, not %s.", name, wanted,
			      json_kind_name(json_kind(value)));
}

static bool refuse_field(struct reading *reading, struct slice name)
{
	size_t len = name.len;

	if (len > NAME_MAX_SHOWN)
		len = text_utf8_floor(name.data, NAME_MAX_SHOWN);
	return fault_set_hint(reading->fault, ERROR_UNSUPPORTED_FIELD,
			      "\"%.*s\" is not supported.", (int)len,
			      name.data);
}

static struct slice keep(struct reading *reading, struct slice text)
{
	return arena_copy(&reading->ask->arena, text);
}

static bool only_one_question(struct reading *reading)
{
	if (reading->has_question)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "Give one of \"query\", \"message\" and \"messages\".");
	reading->has_question = true;
	return true;
}

static bool read_query(struct reading *reading, const char *name,
		       const struct json *value)
{
	struct slice text;
	struct message *message;

	if (!json_string(value, &text))
		return refuse_type(reading, name, "a string", value);
	if (text_trim(text).len == 0)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"%s\" is empty.", name);
	if (text.len > reading->limits->max_query_bytes)
		return fault_set_hint(reading->fault, ERROR_TOO_LARGE,
				      "\"%s\" is longer than %zu bytes.", name,
				      reading->limits->max_query_bytes);
	if (!only_one_question(reading))
		return false;
	message = arena_alloc(&reading->ask->arena, sizeof *message);
	message->role = ROLE_USER;
	message->content = keep(reading, text);
	reading->ask->messages = message;
	reading->ask->message_count = 1;
	reading->form->came_as_message = name[0] == 'm';
	return true;
}

static bool read_role(struct reading *reading, size_t index,
		      const struct json *value, enum role *role)
{
	struct slice name;

	if (!json_string(value, &name))
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"messages[%zu].role\" must be a string.", index);
	if (slice_is(name, "user")) {
		*role = ROLE_USER;
	} else if (slice_is(name, "assistant")) {
		*role = ROLE_ASSISTANT;
	} else if (slice_is(name, "system")) {
		*role = ROLE_SYSTEM;
		if (!reading->limits->allow_system_role)
			return fault_set_hint(
			    reading->fault, ERROR_BAD_REQUEST,
			    "\"messages[%zu].role\" may not be \"system\" "
			    "here.",
			    index);
	} else {
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"messages[%zu].role\" must be \"user\" or "
		    "\"assistant\".",
		    index);
	}
	return true;
}

/* A string, or an array of {"type":"text","text":…} joined. */
static bool read_content(struct reading *reading, size_t index,
			 const struct json *value, struct slice *content)
{
	struct buffer text;
	struct slice part;
	struct slice type;
	bool is_ok = true;

	if (json_string(value, &part)) {
		*content = keep(reading, part);
		return true;
	}
	if (json_kind(value) != JSON_ARRAY)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"messages[%zu].content\" must be a string.", index);
	buffer_init(&text, BUFFER_UNLIMITED);
	for (size_t i = 0; is_ok && i < json_count(value); i++) {
		const struct json *item = json_item(value, i);

		is_ok = json_string(json_member(item, "type"), &type) &&
			slice_is(type, "text") &&
			json_string(json_member(item, "text"), &part);
		if (is_ok)
			buffer_append_slice(&text, part);
		else
			fault_set_hint(
			    reading->fault, ERROR_UNSUPPORTED_FIELD,
			    "\"messages[%zu].content[%zu]\" is not text.",
			    index, i);
	}
	if (is_ok)
		*content = keep(reading, buffer_slice(&text));
	buffer_fini(&text);
	return is_ok;
}

static bool read_message(struct reading *reading, size_t index,
			 const struct json *value, struct message *message)
{
	struct json_walk walk = json_walk(value);
	struct slice name;
	const struct json *member;

	if (json_kind(value) != JSON_OBJECT)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"messages[%zu]\" must be an object.",
				      index);
	while (json_walk_next(&walk, &name, &member))
		if (!slice_is(name, "role") && !slice_is(name, "content") &&
		    member)
			return fault_set_hint(
			    reading->fault, ERROR_UNSUPPORTED_FIELD,
			    "\"messages[%zu].%.*s\" is not supported.", index,
			    (int)(name.len > NAME_MAX_SHOWN
				      ? text_utf8_floor(name.data,
							NAME_MAX_SHOWN)
				      : name.len),
			    name.data);
	return read_role(reading, index, json_member(value, "role"),
			 &message->role) &&
	       read_content(reading, index, json_member(value, "content"),
			    &message->content);
}

static bool read_messages(struct reading *reading, const char *name,
			  const struct json *value)
{
	size_t count = json_count(value);
	struct message *messages;

	if (json_kind(value) != JSON_ARRAY)
		return refuse_type(reading, name, "an array", value);
	if (!only_one_question(reading))
		return false;
	if (count == 0)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"messages\" is empty.");
	if (count > reading->limits->max_messages)
		return fault_set_hint(reading->fault, ERROR_TOO_LARGE,
				      "\"messages\" has more than %u items.",
				      reading->limits->max_messages);
	messages = arena_alloc(&reading->ask->arena, count * sizeof *messages);
	for (size_t i = 0; i < count; i++)
		if (!read_message(reading, i, json_item(value, i),
				  &messages[i]))
			return false;
	if (messages[count - 1].role != ROLE_USER ||
	    text_trim(messages[count - 1].content).len == 0)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "The last of \"messages\" must be the user's question.");
	reading->ask->messages = messages;
	reading->ask->message_count = count;
	return true;
}

static bool read_streaming(struct reading *reading, const char *name,
			   const struct json *value)
{
	bool is_streaming;

	if (!json_boolean(value, &is_streaming))
		return refuse_type(reading, name, "true or false", value);
	reading->form->streaming = is_streaming ? STREAMING_YES : STREAMING_NO;
	return true;
}

static bool read_format(struct reading *reading, const char *name,
			const struct json *value)
{
	struct slice text;

	if (!json_string(value, &text))
		return refuse_type(reading, name, "a string", value);
	if (!dialect_find(text, &reading->form->format))
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"format\" must be native, simple or text.");
	reading->form->has_format = true;
	return true;
}

static bool read_model(struct reading *reading, const char *name,
		       const struct json *value)
{
	struct slice text;

	if (!json_string(value, &text))
		return refuse_type(reading, name, "a string", value);
	if (text.len == 0 || text.len > MODEL_MAX_BYTES)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"model\" must have 1 to %d bytes.",
				      MODEL_MAX_BYTES);
	reading->ask->model = keep(reading, text);
	return true;
}

static bool read_range(struct reading *reading, const char *name,
		       const struct json *value, double max, double *out)
{
	double number;

	if (json_kind(value) != JSON_NUMBER)
		return refuse_type(reading, name, "a number", value);
	if (!json_number(value, &number) || number < 0 || number > max)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"%s\" must be between 0 and %g.", name,
				      max);
	*out = number;
	return true;
}

static bool read_temperature(struct reading *reading, const char *name,
			     const struct json *value)
{
	return read_range(reading, name, value, 2, &reading->ask->temperature);
}

static bool read_top_p(struct reading *reading, const char *name,
		       const struct json *value)
{
	return read_range(reading, name, value, 1, &reading->ask->top_p);
}

static bool read_whole(struct reading *reading, const char *name,
		       const struct json *value, int64_t max, int64_t *out)
{
	if (json_kind(value) != JSON_NUMBER)
		return refuse_type(reading, name, "a number", value);
	if (!json_integer(value, out) || *out < 1 || *out > max)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"%s\" must be a whole number between 1 and %lld.", name,
		    (long long)max);
	return true;
}

static bool read_max_tokens(struct reading *reading, const char *name,
			    const struct json *value)
{
	return read_whole(reading, name, value, MAX_TOKENS_MAX,
			  &reading->ask->max_tokens);
}

static bool read_stop(struct reading *reading, const char *name,
		      const struct json *value)
{
	struct ask *ask = reading->ask;
	bool is_array = json_kind(value) == JSON_ARRAY;
	size_t count = is_array ? json_count(value) : 1;

	if (count > ASK_STOPS_MAX)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"stop\" may have at most %d items.",
				      ASK_STOPS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct slice text;

		if (!json_string(is_array ? json_item(value, i) : value,
				 &text) ||
		    text.len == 0)
			return refuse_type(
			    reading, name,
			    "a string that is not empty, or several", value);
		ask->stops[ask->stop_count++] = keep(reading, text);
	}
	return true;
}

static bool read_context_options(struct reading *reading,
				 const struct json *value)
{
	struct json_walk walk = json_walk(value);
	struct slice name;
	const struct json *member;
	int64_t count = 0;

	while (json_walk_next(&walk, &name, &member)) {
		if (!slice_is(name, "passages"))
			return fault_set_hint(
			    reading->fault, ERROR_UNSUPPORTED_FIELD,
			    "\"context\" takes only \"passages\".");
		if (!read_whole(reading, "context.passages", member,
				PASSAGES_MAX, &count))
			return false;
	}
	reading->ask->context_passages = (int)count;
	return true;
}

static bool read_context(struct reading *reading, const char *name,
			 const struct json *value)
{
	if (json_kind(value) == JSON_OBJECT)
		return read_context_options(reading, value);
	if (!json_boolean(value, &reading->ask->wants_context))
		return refuse_type(reading, name, "false or an object", value);
	return true;
}

static bool read_turn(struct reading *reading, const char *name,
		      const struct json *value)
{
	struct slice text;
	struct turn_place ignored;

	if (!json_string(value, &text))
		return refuse_type(reading, name, "a string", value);
	if (!ids_is_client_turn(text) && !ids_read_turn(text, &ignored))
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"turn\" must be 16 to 64 characters of A-Za-z0-9_- and "
		    "not begin with \"t_\".");
	reading->ask->turn = keep(reading, text);
	return true;
}

static bool read_wait(struct reading *reading, const char *name,
		      const struct json *value)
{
	int64_t seconds;

	if (!json_integer(value, &seconds) || seconds != 0)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"%s\" can only be 0.", name);
	reading->ask->wants_no_wait = true;
	return true;
}

/* Fields that say what happens anyway are allowed. */
static bool read_must_be_off(struct reading *reading, const char *name,
			     const struct json *value)
{
	bool flag = true;

	if ((json_boolean(value, &flag) && !flag) ||
	    (json_kind(value) == JSON_ARRAY && json_count(value) == 0))
		return true;
	return refuse_field(reading, slice_of(name));
}

static const struct {
	const char *name;
	bool (*read)(struct reading *reading, const char *name,
		     const struct json *value);
} fields[] = {
    {"query", read_query},
    {"message", read_query},
    {"messages", read_messages},
    {"streaming", read_streaming},
    {"format", read_format},
    {"model", read_model},
    {"temperature", read_temperature},
    {"top_p", read_top_p},
    {"max_tokens", read_max_tokens},
    {"stop", read_stop},
    {"context", read_context},
    {"turn", read_turn},
    {"wait", read_wait},
    {"durable", read_must_be_off},
    {"tools", read_must_be_off},
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static bool read_field(struct reading *reading, struct slice name,
		       const struct json *value)
{
	if (!value)
		return true;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (slice_is(name, fields[i].name))
			return fields[i].read(reading, fields[i].name, value);
	return refuse_field(reading, name);
}

static bool read_object(struct reading *reading, const struct json *root)
{
	struct json_walk walk = json_walk(root);
	struct slice name;
	const struct json *value;

	if (json_kind(root) != JSON_OBJECT)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "The body must be a JSON object, not %s.",
				      json_kind_name(json_kind(root)));
	while (json_walk_next(&walk, &name, &value))
		if (!read_field(reading, name, value))
			return false;
	if (!reading->has_question)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"query\", \"message\" or \"messages\" is missing.");
	reading->ask->query =
	    reading->ask->messages[reading->ask->message_count - 1].content;
	return true;
}

bool ask_read_json(struct ask_form *form, struct slice body,
		   const struct ask_limits *limits, struct fault *fault)
{
	struct reading reading = {
	    .form = form, .limits = limits, .fault = fault};
	struct json *root = json_parse(body, &json_limits_request, fault);
	bool is_ok;

	memset(form, 0, sizeof *form);
	if (!root)
		return false;
	form->ask = ask_new();
	reading.ask = form->ask;
	is_ok = read_object(&reading, root);
	json_free(root);
	if (!is_ok) {
		ask_free(form->ask);
		form->ask = NULL;
	}
	return is_ok;
}

static bool is_one_of(struct slice name, const char *const *names)
{
	for (; *names; names++)
		if (slice_is(name, *names))
			return true;
	return false;
}

/* A query string has no types: what a field's type makes of the text. */
static void put_typed(struct buffer *json, struct slice name,
		      struct slice value)
{
	static const char *const booleans[] = {"streaming", "context",
					       "durable", NULL};
	static const char *const numbers[] = {"temperature", "top_p",
					      "max_tokens", "wait", NULL};
	bool is_true = slice_is(value, "true") || slice_is(value, "1");
	bool is_false = slice_is(value, "false") || slice_is(value, "0");

	if (is_one_of(name, booleans) && (is_true || is_false)) {
		json_put_bool(json, is_true);
	} else if (is_one_of(name, numbers) && value.len > 0 &&
		   value.len < 32 &&
		   strspn(value.data, "0123456789+-.eE") >= value.len) {
		buffer_append_slice(json, value);
	} else {
		json_put_string(json, value);
	}
}

/* One set of rules: the pairs become the JSON object they stand for. */
static bool query_to_json(struct buffer *json, struct slice query_string,
			  struct fault *fault)
{
	struct buffer name;
	struct buffer value;
	bool is_valid = true;

	buffer_init(&name, BUFFER_UNLIMITED);
	buffer_init(&value, BUFFER_UNLIMITED);
	buffer_append_char(json, '{');
	while (is_valid &&
	       query_string_next(&query_string, &name, &value, &is_valid)) {
		json_put_comma(json);
		json_put_string(json, buffer_slice(&name));
		buffer_append_char(json, ':');
		put_typed(json, buffer_slice(&name), buffer_slice(&value));
	}
	buffer_append_char(json, '}');
	buffer_fini(&name);
	buffer_fini(&value);
	if (!is_valid)
		return fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "The query string is not valid percent-encoded UTF-8.");
	return true;
}

bool ask_read_query(struct ask_form *form, struct slice query_string,
		    const struct ask_limits *limits, struct fault *fault)
{
	struct buffer json;
	bool is_ok;

	memset(form, 0, sizeof *form);
	buffer_init(&json, BUFFER_UNLIMITED);
	is_ok = query_to_json(&json, query_string, fault) &&
		ask_read_json(form, buffer_slice(&json), limits, fault);
	buffer_fini(&json);
	return is_ok;
}

bool ask_read_post_query(struct ask_form *form, struct slice query_string,
			 struct fault *fault)
{
	static const char *const allowed[] = {"format", "streaming", NULL};
	struct reading reading = {
	    .form = form, .ask = form->ask, .fault = fault};
	struct buffer text;
	struct json *root;
	struct json_walk walk;
	struct slice name;
	const struct json *value;
	bool is_ok = true;

	if (query_string.len == 0)
		return true;
	buffer_init(&text, BUFFER_UNLIMITED);
	root =
	    query_to_json(&text, query_string, fault)
		? json_parse(buffer_slice(&text), &json_limits_request, fault)
		: NULL;
	buffer_fini(&text);
	if (!root)
		return false;
	walk = json_walk(root);
	while (is_ok && json_walk_next(&walk, &name, &value))
		is_ok = is_one_of(name, allowed)
			    ? read_field(&reading, name, value)
			    : refuse_field(&reading, name);
	json_free(root);
	return is_ok;
}
