/* SPDX-License-Identifier: ISC */
#include "core/event.h"

const char *event_type_name(enum event_type type)
{
	static const char *const names[] = {
	    "status",	   "content", "reasoning", "tool_call",
	    "tool_result", "final",   "error"};

	return names[type];
}

const char *event_step_name(enum status_step step)
{
	static const char *const names[] = {"admit", "context", "model",
					    "tool"};

	return names[step];
}

const char *event_state_name(enum status_state state)
{
	static const char *const names[] = {"started", "progress", "done",
					    "failed"};

	return names[state];
}

const char *event_finish_name(enum finish_reason reason)
{
	static const char *const names[] = {"stop",	  "length",
					    "tool_calls", "content_filter",
					    "cancelled",  "other"};

	return names[reason];
}
