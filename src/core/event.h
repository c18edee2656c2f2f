/* SPDX-License-Identifier: ISC */
/*
 * An event: one item of a stream, in no dialect. All text in it is borrowed:
 * from whoever emits it until journal_append() returns, from the journal
 * until its next append when it was read there.
 */
#ifndef LEAT_CORE_EVENT_H
#define LEAT_CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct passage;

enum event_type {
	EVENT_STATUS,
	EVENT_CONTENT,
	EVENT_REASONING,
	EVENT_TOOL_CALL,
	EVENT_TOOL_RESULT,
	EVENT_FINAL,
	EVENT_ERROR
};

enum status_step { STEP_ADMIT, STEP_CONTEXT, STEP_MODEL, STEP_TOOL };
enum status_state { STATE_STARTED, STATE_PROGRESS, STATE_DONE, STATE_FAILED };

enum finish_reason {
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_TOOL_CALLS,
	FINISH_CONTENT_FILTER,
	FINISH_CANCELLED,
	FINISH_OTHER
};

struct event_status {
	enum status_step step;
	enum status_state state;
	int progress;	     /* 0 to 100, -1: unknown */
	uint32_t elapsed_ms; /* since the turn began: the turn fills it in */
	struct slice description;
};

struct event_tool_call {
	uint32_t index;
	struct slice id;	/* empty in later fragments */
	struct slice name;	/* likewise */
	struct slice arguments; /* a fragment of JSON text */
};

struct event_tool_result {
	struct slice id;
	struct slice name;
	struct slice content;
};

struct usage {
	int64_t input_tokens; /* -1: unknown */
	int64_t output_tokens;
	bool is_estimated;
};

/* A final event does not hold the answer: that is the content before it
 * (journal_answer()). */
struct event_final {
	enum finish_reason reason;
	struct slice reason_raw; /* the provider's own word; may be empty */
	struct slice model;
	struct slice provider;
	bool is_extractive; /* quoted: no model was asked */
	struct usage usage;
	int32_t first_token_ms; /* -1: no content came */
	uint32_t total_ms;
	const struct passage *sources;
	uint32_t source_count;
};

/* The partial text is the content before it. */
struct event_error {
	enum error_code code;
	bool is_retryable;
	int32_t retry_after_ms; /* 0: none */
	struct slice hint;	/* after the public sentence; may be empty */
};

struct event {
	enum event_type type;
	uint16_t branch; /* at most 63 */
	union {
		struct event_status status;
		struct slice text; /* content, reasoning */
		struct event_tool_call tool_call;
		struct event_tool_result tool_result;
		struct event_final final;
		struct event_error error;
	};
};

const char *event_type_name(enum event_type type);
const char *event_step_name(enum status_step step);
const char *event_state_name(enum status_state state);
const char *event_finish_name(enum finish_reason reason);

static inline bool event_is_terminal(const struct event *event)
{
	return event->type == EVENT_FINAL || event->type == EVENT_ERROR;
}

#endif
