/* SPDX-License-Identifier: ISC */
#include "wire/ask_question.h"

#include <stdio.h>

#include "base/text.h"
#include "wire/ask_read_private.h"

/* "messages[199].content[49999]" */
enum { PLACE_SIZE = 64 };

static bool only_one_question(struct ask_reading *reading)
{
	if (reading->has_question)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "Give one of \"query\", \"message\" and \"messages\".");
	reading->has_question = true;
	return true;
}

bool ask_question_read(struct ask_reading *reading, const char *name,
		       const struct json *value)
{
	struct slice text;
	struct message *message;

	if (!json_string(value, &text))
		return ask_read_refuse_type(reading, name, "a string", value);
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
	message->content = ask_read_keep(reading, text);
	reading->ask->messages = message;
	reading->ask->message_count = 1;
	reading->form->came_as_message = name[0] == 'm';
	return true;
}

static bool read_role(struct ask_reading *reading, size_t index,
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

/* {"type":"text","text":…} and nothing else. */
static bool read_part(struct ask_reading *reading, const char *place,
		      const struct json *value, struct slice *text)
{
	struct json_walk walk = json_walk(value);
	struct slice name;
	const struct json *member;
	struct slice type;
	char inside[PLACE_SIZE + 1];

	if (!json_string(json_member(value, "type"), &type) ||
	    !slice_is(type, "text") ||
	    !json_string(json_member(value, "text"), text))
		return fault_set_hint(reading->fault, ERROR_UNSUPPORTED_FIELD,
				      "\"%s\" is not text.", place);
	snprintf(inside, sizeof inside, "%s.", place);
	while (json_walk_next(&walk, &name, &member))
		if (!slice_is(name, "type") && !slice_is(name, "text") &&
		    member)
			return ask_read_refuse_field(reading, inside, name);
	return true;
}

/* A string, or an array of text parts, which are joined. */
static bool read_content(struct ask_reading *reading, size_t index,
			 const struct json *value, struct slice *content)
{
	struct buffer text;
	struct slice part;
	char place[PLACE_SIZE];
	bool is_ok = true;

	if (json_string(value, &part)) {
		*content = ask_read_keep(reading, part);
		return true;
	}
	if (json_kind(value) != JSON_ARRAY)
		return fault_set_hint(
		    reading->fault, ERROR_BAD_REQUEST,
		    "\"messages[%zu].content\" must be a string.", index);
	buffer_init(&text, BUFFER_UNLIMITED);
	for (size_t i = 0; is_ok && i < json_count(value); i++) {
		snprintf(place, sizeof place, "messages[%zu].content[%zu]",
			 index, i);
		is_ok = read_part(reading, place, json_item(value, i), &part);
		if (is_ok)
			buffer_append_slice(&text, part);
	}
	if (is_ok)
		*content = ask_read_keep(reading, buffer_slice(&text));
	buffer_fini(&text);
	return is_ok;
}

static bool read_message(struct ask_reading *reading, size_t index,
			 const struct json *value, struct message *message)
{
	struct json_walk walk = json_walk(value);
	struct slice name;
	const struct json *member;
	char inside[PLACE_SIZE];

	if (json_kind(value) != JSON_OBJECT)
		return fault_set_hint(reading->fault, ERROR_BAD_REQUEST,
				      "\"messages[%zu]\" must be an object.",
				      index);
	snprintf(inside, sizeof inside, "messages[%zu].", index);
	while (json_walk_next(&walk, &name, &member))
		if (!slice_is(name, "role") && !slice_is(name, "content") &&
		    member)
			return ask_read_refuse_field(reading, inside, name);
	return read_role(reading, index, json_member(value, "role"),
			 &message->role) &&
	       read_content(reading, index, json_member(value, "content"),
			    &message->content);
}

bool ask_question_read_messages(struct ask_reading *reading, const char *name,
				const struct json *value)
{
	size_t count = json_count(value);
	struct message *messages;

	if (json_kind(value) != JSON_ARRAY)
		return ask_read_refuse_type(reading, name, "an array", value);
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
