/* SPDX-License-Identifier: ISC */
#include "provider/openai_request.h"

#include <math.h>
#include <string.h>

#include "base/json.h"

static const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_SYSTEM:
		return "system";
	case ROLE_ASSISTANT:
		return "assistant";
	case ROLE_USER:
		break;
	}
	return "user";
}

static void write_message(struct buffer *out, enum role role,
			  struct slice content)
{
	json_put_comma(out);
	buffer_append_char(out, '{');
	json_put_string_member(out, "role", slice_of(role_name(role)));
	json_put_string_member(out, "content", content);
	buffer_append_char(out, '}');
}

static void write_options(struct buffer *out, const struct ask *ask,
			  unsigned max_tokens,
			  const struct openai_habits *habits)
{
	int64_t limit = ask->max_tokens;

	if (max_tokens && (limit <= 0 || limit > max_tokens))
		limit = max_tokens;
	if (limit > 0)
		json_put_int_member(out,
				    habits->wants_completion_tokens
					? "max_completion_tokens"
					: "max_tokens",
				    limit);
	if (!isnan(ask->temperature)) {
		json_put_name(out, "temperature");
		json_put_number(out, ask->temperature);
	}
	if (!isnan(ask->top_p)) {
		json_put_name(out, "top_p");
		json_put_number(out, ask->top_p);
	}
	if (ask->stop_count == 0)
		return;
	json_put_name(out, "stop");
	buffer_append_char(out, '[');
	for (size_t i = 0; i < ask->stop_count; i++) {
		json_put_comma(out);
		json_put_string(out, ask->stops[i]);
	}
	buffer_append_char(out, ']');
}

void openai_request_write(struct buffer *out, const struct ask *ask,
			  struct slice model, unsigned max_tokens,
			  const struct openai_habits *habits)
{
	buffer_append_char(out, '{');
	json_put_string_member(out, "model", model);
	json_put_bool_member(out, "stream", true);
	if (!habits->refuses_usage) {
		json_put_name(out, "stream_options");
		buffer_append_char(out, '{');
		json_put_bool_member(out, "include_usage", true);
		buffer_append_char(out, '}');
	}
	json_put_name(out, "messages");
	buffer_append_char(out, '[');
	if (ask->system.len)
		write_message(out, ROLE_SYSTEM, ask->system);
	for (size_t i = 0; i < ask->message_count; i++)
		write_message(out, ask->messages[i].role,
			      ask->messages[i].content);
	buffer_append_char(out, ']');
	write_options(out, ask, max_tokens, habits);
	buffer_append_char(out, '}');
}

static bool mentions(struct slice body, const char *word)
{
	return body.len && memmem(body.data, body.len, word, strlen(word));
}

bool openai_request_learn(struct openai_habits *habits, int status,
			  struct slice body)
{
	if (status != 400 && status != 422)
		return false;
	if (!habits->wants_completion_tokens &&
	    mentions(body, "max_completion_tokens")) {
		habits->wants_completion_tokens = true;
		return true;
	}
	if (habits->refuses_usage)
		return false;
	/* An upstream that never took them may refuse without saying why;
	 * one that did is believed to mean something else. */
	if (habits->takes_usage && !mentions(body, "stream_options") &&
	    !mentions(body, "include_usage"))
		return false;
	habits->refuses_usage = true;
	return true;
}
