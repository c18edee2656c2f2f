/* SPDX-License-Identifier: ISC */
#include "provider/openai_tools.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* Ids and names are ASCII: one that is not even UTF-8 is none. */
static struct slice word_of(const struct json *value)
{
	struct slice text = SLICE_NONE;

	json_string(value, &text);
	return text.len && text_is_utf8(text.data, text.len) ? text
							     : SLICE_NONE;
}

static void emit(uint32_t index, struct slice id, struct slice name,
		 struct slice arguments, const struct openai_tools_sink *sink)
{
	struct event event = {
	    .type = EVENT_TOOL_CALL,
	    .tool_call =
		{
		    .index = index,
		    .id = id,
		    .name = name,
		    .arguments = arguments,
		},
	};

	sink->emit(sink->state, &event);
}

/* The other half of a character that the last fragment cut never came. */
static void flush(struct openai_tools *tools,
		  const struct openai_tools_sink *sink)
{
	struct slice rest = text_join_end(&tools->join);

	if (rest.len)
		emit(tools->last, SLICE_NONE, SLICE_NONE, rest, sink);
}

/* Which call a fragment belongs to. Some servers (Google's) send no index:
 * an id that is new, or a name without an id, then begins a call. */
static int64_t find_index(const struct openai_tools *tools,
			  const struct json *item, struct slice id,
			  struct slice name)
{
	int64_t index;
	bool is_same = tools->count &&
		       (id.len ? slice_is(id, tools->last_id) : name.len == 0);

	if (json_integer(json_member(item, "index"), &index))
		return index;
	return is_same ? tools->last : tools->count;
}

bool openai_tools_feed(struct openai_tools *tools, const struct json *item,
		       const struct openai_tools_sink *sink)
{
	const struct json *function = json_member(item, "function");
	const struct json *arguments;
	struct slice id = word_of(json_member(item, "id"));
	struct slice name;
	struct slice text;
	struct buffer printed;
	int64_t index;

	if (json_kind(function) != JSON_OBJECT)
		function = json_member(item, "custom");
	name = word_of(json_member(function, "name"));
	if (id.len >= OPENAI_TOOL_ID_MAX)
		id.len = text_utf8_floor(id.data, OPENAI_TOOL_ID_MAX - 1);
	/* The sentinel of Workers AI: all members null. */
	if (id.len == 0 && name.len == 0 && tools->count == 0)
		return true;
	index = find_index(tools, item, id, name);
	if (index < 0 || index >= OPENAI_TOOLS_MAX)
		return false;
	if ((uint32_t)index != tools->last)
		flush(tools, sink);
	tools->last = (uint32_t)index;
	if (tools->last >= tools->count)
		tools->count = tools->last + 1;
	if (id.len)
		snprintf(tools->last_id, sizeof tools->last_id, "%.*s",
			 (int)id.len, id.data);
	/* Repeated in every fragment by some. */
	if (tools->named >> index & 1)
		id = name = SLICE_NONE;
	else if (name.len)
		tools->named |= (uint64_t)1 << index;
	arguments = json_member(function, "arguments");
	if (!arguments)
		arguments = json_member(function, "input");
	buffer_init(&printed, BUFFER_UNLIMITED);
	text = SLICE_NONE;
	if (json_kind(arguments) == JSON_OBJECT) {
		json_print(&printed, arguments);
		text = buffer_slice(&printed);
	} else {
		json_string(arguments, &text);
	}
	text = text_join_feed(&tools->join, text, sink->scratch);
	if (text.len)
		tools->filled |= (uint64_t)1 << index;
	if (text.len || id.len || name.len)
		emit(tools->last, id, name, text, sink);
	buffer_fini(&printed);
	return true;
}

void openai_tools_end(struct openai_tools *tools,
		      const struct openai_tools_sink *sink)
{
	flush(tools, sink);
	for (uint32_t i = 0; i < tools->count; i++) {
		if ((tools->named >> i & 1) && !(tools->filled >> i & 1))
			emit(i, SLICE_NONE, SLICE_NONE, SLICE_LITERAL("{}"),
			     sink);
		tools->filled |= (uint64_t)1 << i;
	}
}
