/* SPDX-License-Identifier: ISC */
/*
 * Whatever a client sends, it is an ask that can be worked with, or a fault
 * that says why not. The first byte chooses: a body, a query string, or the
 * query string of a POST.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "wire/ask_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool fact)
{
	if (!fact)
		abort();
}

static bool is_text(struct slice text)
{
	return text_is_utf8(text.data, text.len);
}

static void check_ask(const struct ask *ask, const struct ask_limits *limits)
{
	const struct message *last = &ask->messages[ask->message_count - 1];

	need(ask->message_count >= 1 &&
	     ask->message_count <= limits->max_messages);
	for (size_t i = 0; i < ask->message_count; i++)
		need(is_text(ask->messages[i].content));
	need(last->role == ROLE_USER);
	need(slice_equal(last->content, ask->query));
	need(text_trim(ask->query).len > 0);
	need(is_text(ask->model) && is_text(ask->turn));
	need(ask->stop_count <= ASK_STOPS_MAX);
	for (size_t i = 0; i < ask->stop_count; i++)
		need(ask->stops[i].len > 0 && is_text(ask->stops[i]));
	need(ask->max_tokens >= 0);
	/* What was not given is NAN, and no comparison holds. */
	need(!(ask->temperature < 0) && !(ask->temperature > 2));
	need(!(ask->top_p < 0) && !(ask->top_p > 1));
	need(ask->context_passages >= 0 && ask->context_passages <= 50);
}

static void check_fault(const struct fault *fault)
{
	need(fault->code == ERROR_BAD_REQUEST ||
	     fault->code == ERROR_UNSUPPORTED_FIELD ||
	     fault->code == ERROR_TOO_LARGE);
	need(fault->hint[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ask_limits limits = {8192, 20, true};
	static const char body[] = "{\"query\":\"q\"}";
	struct slice text;
	struct ask_form form;
	struct fault fault = {.code = ERROR_NONE};
	bool is_ok;

	if (size < 1)
		return 0;
	text = slice_make((const char *)data + 1, size - 1);
	if (data[0] == 'q') {
		is_ok = ask_read_query(&form, text, &limits, &fault);
	} else if (data[0] == 'p') {
		ask_read_json(&form, slice_of(body), &limits, &fault);
		is_ok = ask_read_post_query(&form, text, &fault);
		need(form.ask != NULL);
	} else {
		is_ok = ask_read_json(&form, text, &limits, &fault);
	}
	if (is_ok)
		check_ask(form.ask, &limits);
	else
		check_fault(&fault);
	need(is_ok || data[0] == 'p' || !form.ask);
	ask_free(form.ask);
	return 0;
}
