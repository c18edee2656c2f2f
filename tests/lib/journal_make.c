/* SPDX-License-Identifier: ISC */
#include "journal_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct journal *journal_make_new(void)
{
	static const struct journal_limits limits = {1 << 20, 1000, 16 << 10};

	return journal_new(slice_of(JOURNAL_MAKE_ID), &limits);
}

void journal_make_event(struct journal *journal, const struct event *event)
{
	struct fault fault;

	if (!journal_append(journal, event, &fault))
		fail_msg("the journal refuses: %s", fault.detail);
}

void journal_make_branch(struct journal *journal, unsigned branch,
			 const char *text)
{
	struct event event = {.type = EVENT_CONTENT,
			      .branch = (uint16_t)branch,
			      .text = slice_of(text)};

	journal_make_event(journal, &event);
}

void journal_make_content(struct journal *journal, const char *text)
{
	journal_make_branch(journal, 0, text);
}

void journal_make_status(struct journal *journal, const char *description)
{
	struct event event = {.type = EVENT_STATUS,
			      .status = {.step = STEP_CONTEXT,
					 .state = STATE_STARTED,
					 .progress = -1,
					 .elapsed_ms = 3,
					 .description = slice_of(description)}};

	journal_make_event(journal, &event);
}

void journal_make_final(struct journal *journal, enum finish_reason reason)
{
	struct event event = {.type = EVENT_FINAL,
			      .final = {.reason = reason,
					.model = SLICE_LITERAL("m"),
					.provider = SLICE_LITERAL("p"),
					.usage = {-1, -1, false},
					.first_token_ms = -1,
					.total_ms = 9}};

	journal_make_event(journal, &event);
}

void journal_make_error(struct journal *journal, enum error_code code,
			const char *hint)
{
	struct event event = {.type = EVENT_ERROR,
			      .error = {.code = code,
					.is_retryable = error_retryable(code),
					.hint = slice_of(hint)}};

	journal_make_event(journal, &event);
}
