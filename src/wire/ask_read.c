/* SPDX-License-Identifier: ISC */
#include "wire/ask_read_private.h"

#include <math.h>

#include "base/ids.h"
#include "base/json_scan.h"
#include "base/text.h"
#include "wire/ask_question.h"
#include "wire/query_string.h"

enum {
	MODEL_MAX_BYTES = 256,
	STOP_MAX_BYTES = 256,
	MAX_TOKENS_MAX = 10000000,
	PASSAGES_MAX = 50,
	NUMBER_MAX_BYTES = 32,
	NAME_MAX_SHOWN = 64
};

bool ask_read_refuse_type(struct ask_reading *reading, const char *name,
			  const char *wanted, const struct json *value)
{
	return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
			      "\"%s\" must be %s, not %s.", name, wanted,
			      json_kind_name(json_kind(value)));
}

bool ask_read_refuse_field(struct ask_reading *reading, const char *before,
			   struct slice name)
{
	size_t len = name.len;

	if (len > NAME_MAX_SHOWN)
		len = text_utf8_floor(name.data, NAME_MAX_SHOWN);
	return fault_set_hint(reading->fault, ERROR_UNSUPPORTED_FIELD,
			      "\"%s%.*s\" is not supported.", before, (int)len,
			      name.data);
}

/* Half a character, as json_string() hands it over: ED A0..BF xx. */
static bool is_half(const char *p, const char *end)
{
	return end - p >= 3 && (unsigned char)p[0] == 0xED &&
	       (unsigned char)p[1] >= 0xA0;
}

struct slice ask_read_keep(struct ask_reading *reading, struct slice text)
{
	const char *end = text.len ? text.data + text.len : text.data;
	struct slice kept = arena_copy(&reading->ask->arena, text);
	char *out = (char *)(uintptr_t)kept.data;

	for (const char *p = text.data; p < end; p++)
		if (is_half(p, end))
			memcpy(out + (p - text.data), "\xEF\xBF\xBD", 3);
	return kept;
}

static bool read_streaming(struct ask_reading *reading, const char *name,
			   const struct json *value)
{
	bool is_streaming;

	if (!json_boolean(value, &is_streaming))
		return ask_read_refuse_type(reading, name, "true or false",
					    value);
	reading->form->streaming = is_streaming ? STREAMING_YES : STREAMING_NO;
	return true;
}

static bool read_format(struct ask_reading *reading, const char *name,
			const struct json *value)
{
	struct slice text;

	if (!json_string(value, &text))
		return ask_read_refuse_type(reading, name, "a string", value);
	if (!dialect_find(text, &reading->form->format))
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"format\" must be native, simple or text.");
	reading->form->has_format = true;
	return true;
}

static bool read_model(struct ask_reading *reading, const char *name,
		       const struct json *value)
{
	struct slice text;

	if (!json_string(value, &text))
		return ask_read_refuse_type(reading, name, "a string", value);
	if (text.len == 0 || text.len > MODEL_MAX_BYTES)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"model\" must have 1 to %d bytes.",
				      MODEL_MAX_BYTES);
	reading->ask->model = ask_read_keep(reading, text);
	return true;
}

static bool read_range(struct ask_reading *reading, const char *name,
		       const struct json *value, double max, double *out)
{
	double number;

	if (json_kind(value) != JSON_NUMBER)
		return ask_read_refuse_type(reading, name, "a number", value);
	if (!json_number(value, &number) || number < 0 || number > max)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"%s\" must be between 0 and %g.", name,
				      max);
	*out = number;
	return true;
}

static bool read_temperature(struct ask_reading *reading, const char *name,
			     const struct json *value)
{
	return read_range(reading, name, value, 2, &reading->ask->temperature);
}

static bool read_top_p(struct ask_reading *reading, const char *name,
		       const struct json *value)
{
	return read_range(reading, name, value, 1, &reading->ask->top_p);
}

static bool read_whole(struct ask_reading *reading, const char *name,
		       const struct json *value, int64_t max, int64_t *out)
{
	if (json_kind(value) != JSON_NUMBER)
		return ask_read_refuse_type(reading, name, "a number", value);
	if (!json_integer(value, out) || *out < 1 || *out > max)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"%s\" must be a whole number between 1 and %lld.", name,
		    (long long)max);
	return true;
}

static bool read_max_tokens(struct ask_reading *reading, const char *name,
			    const struct json *value)
{
	return read_whole(reading, name, value, MAX_TOKENS_MAX,
			  &reading->ask->max_tokens);
}

static bool read_stop(struct ask_reading *reading, const char *name,
		      const struct json *value)
{
	struct ask *ask = reading->ask;
	bool is_array = json_kind(value) == JSON_ARRAY;
	size_t count = is_array ? json_count(value) : 1;

	if (count > ASK_STOPS_MAX)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"%s\" may have at most %d items.", name,
				      ASK_STOPS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct json *item =
		    is_array ? json_item(value, i) : value;
		struct slice text;

		if (!json_string(item, &text))
			return ask_read_refuse_type(
			    reading, name, "a string, or several", item);
		if (text.len == 0 || text.len > STOP_MAX_BYTES)
			return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
					      "\"%s\" must have 1 to %d bytes.",
					      name, STOP_MAX_BYTES);
		ask->stops[ask->stop_count++] = ask_read_keep(reading, text);
	}
	return true;
}

static bool read_context_options(struct ask_reading *reading,
				 const struct json *value)
{
	struct json_walk walk = json_walk(value);
	struct slice name;
	const struct json *member;
	int64_t count = 0;

	while (json_walk_next(&walk, &name, &member)) {
		if (!member)
			continue;
		if (!slice_is(name, "passages"))
			return ask_read_refuse_field(reading, "context.", name);
		if (!read_whole(reading, "context.passages", member,
				PASSAGES_MAX, &count))
			return false;
	}
	reading->ask->context_passages = (int)count;
	return true;
}

static bool read_context(struct ask_reading *reading, const char *name,
			 const struct json *value)
{
	if (json_kind(value) == JSON_OBJECT)
		return read_context_options(reading, value);
	if (!json_boolean(value, &reading->ask->wants_context))
		return ask_read_refuse_type(reading, name, "false or an object",
					    value);
	return true;
}

static bool read_turn(struct ask_reading *reading, const char *name,
		      const struct json *value)
{
	struct slice text;
	struct turn_place ignored;

	if (!json_string(value, &text))
		return ask_read_refuse_type(reading, name, "a string", value);
	if (!ids_is_client_turn(text) && !ids_read_turn(text, &ignored))
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"turn\" must be 16 to 64 characters of A-Za-z0-9_- and "
		    "not begin with \"t_\".");
	reading->ask->turn = ask_read_keep(reading, text);
	return true;
}

static bool read_wait(struct ask_reading *reading, const char *name,
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
static bool read_must_be_off(struct ask_reading *reading, const char *name,
			     const struct json *value)
{
	bool flag = true;

	if ((json_boolean(value, &flag) && !flag) ||
	    (json_kind(value) == JSON_ARRAY && json_count(value) == 0))
		return true;
	return ask_read_refuse_field(reading, "", slice_of(name));
}

static const struct {
	const char *name;
	bool (*read)(struct ask_reading *reading, const char *name,
		     const struct json *value);
} fields[] = {
    {"query", ask_question_read},
    {"message", ask_question_read},
    {"messages", ask_question_read_messages},
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

static bool read_field(struct ask_reading *reading, struct slice name,
		       const struct json *value)
{
	if (!value)
		return true;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (slice_is(name, fields[i].name))
			return fields[i].read(reading, fields[i].name, value);
	return ask_read_refuse_field(reading, "", name);
}

static bool read_object(struct ask_reading *reading, const struct json *root)
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

/* root is freed. */
static bool read_root(struct ask_form *form, struct json *root,
		      const struct ask_limits *limits, struct fault *fault)
{
	struct ask_reading reading = {
	    .form = form, .ask = ask_new(), .limits = limits, .fault = fault};
	bool is_ok = read_object(&reading, root);

	json_free(root);
	if (is_ok)
		form->ask = reading.ask;
	else
		ask_free(reading.ask);
	return is_ok;
}

bool ask_read_json(struct ask_form *form, struct slice body,
		   const struct ask_limits *limits, struct fault *fault)
{
	struct json *root = json_parse(body, &json_limits_request, fault);

	memset(form, 0, sizeof *form);
	return root && read_root(form, root, limits, fault);
}

static bool is_one_of(struct slice name, const char *const *names)
{
	for (; *names; names++)
		if (slice_is(name, *names))
			return true;
	return false;
}

/* As JSON writes them (RFC 8259, section 6). */
static bool is_number(struct slice text)
{
	struct json_scan scan = {.max_depth = 1, .max_values = 1};

	if (text.len == 0 || text.len > NUMBER_MAX_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!memchr("0123456789+-.eE", text.data[i], 15))
			return false;
	return json_scan(&scan, text) == JSON_SCAN_OK;
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

	if (is_one_of(name, booleans) && (is_true || is_false))
		json_put_bool(json, is_true);
	else if (is_one_of(name, numbers) && is_number(value))
		buffer_append_slice(json, value);
	else
		json_put_string(json, value);
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

/* NULL and a fault. JSON that we wrote ourselves can only be refused for its
 * names. */
static struct json *parse_query(struct slice query_string, struct fault *fault)
{
	struct buffer text;
	struct json *root;

	buffer_init(&text, BUFFER_UNLIMITED);
	if (!query_to_json(&text, query_string, fault)) {
		buffer_fini(&text);
		return NULL;
	}
	root = json_parse(buffer_slice(&text), &json_limits_request, NULL);
	buffer_fini(&text);
	if (!root)
		fault_set_hint(fault, ERROR_BAD_REQUEST,
			       "The query string has a name twice, or one "
			       "with a NUL.");
	return root;
}

bool ask_read_query(struct ask_form *form, struct slice query_string,
		    const struct ask_limits *limits, struct fault *fault)
{
	struct json *root = parse_query(query_string, fault);

	memset(form, 0, sizeof *form);
	return root && read_root(form, root, limits, fault);
}

bool ask_read_post_query(struct ask_form *form, struct slice query_string,
			 struct fault *fault)
{
	static const char *const allowed[] = {"format", "streaming", NULL};
	struct ask_reading reading = {
	    .form = form, .ask = form->ask, .fault = fault};
	struct json *root = parse_query(query_string, fault);
	struct json_walk walk = json_walk(root);
	struct slice name;
	const struct json *value;
	bool is_ok = root != NULL;

	while (is_ok && json_walk_next(&walk, &name, &value))
		is_ok = is_one_of(name, allowed)
			    ? read_field(&reading, name, value)
			    : ask_read_refuse_field(&reading, "", name);
	json_free(root);
	return is_ok;
}
