/* SPDX-License-Identifier: ISC */
#include "transcript.h"

static void print_slice(struct buffer *out, const char *before,
			struct slice text)
{
	buffer_append_string(out, before);
	buffer_append_slice(out, text);
}

static void print_tool_call(struct buffer *out,
			    const struct event_tool_call *call)
{
	buffer_printf(out, "tool_call %u", call->index);
	print_slice(out, " id=", call->id);
	print_slice(out, " name=", call->name);
	print_slice(out, " ", call->arguments);
}

static bool on_event(void *state, const struct event *event)
{
	struct transcript *transcript = state;
	struct buffer *out = &transcript->text;

	switch (event->type) {
	case EVENT_CONTENT:
		print_slice(out, "content ", event->text);
		break;
	case EVENT_REASONING:
		print_slice(out, "reasoning ", event->text);
		break;
	case EVENT_TOOL_CALL:
		print_tool_call(out, &event->tool_call);
		break;
	case EVENT_STATUS:
		buffer_printf(out, "status %s %s",
			      event_step_name(event->status.step),
			      event_state_name(event->status.state));
		print_slice(out, " ", event->status.description);
		break;
	case EVENT_TOOL_RESULT:
	case EVENT_FINAL:
	case EVENT_ERROR:
		buffer_append_string(out, "NOT A PROVIDER'S EVENT");
		break;
	}
	buffer_append_char(out, '\n');
	if (transcript->on_event)
		transcript->on_event(transcript->state);
	if (transcript->events_left > 0)
		transcript->events_left--;
	return transcript->events_left != 0;
}

static void on_end(void *state, const struct provider_ending *ending)
{
	struct transcript *transcript = state;
	struct buffer *out = &transcript->text;

	transcript->endings++;
	transcript->fault = ending->fault;
	if (ending->is_ok) {
		buffer_printf(out, "ok %s", event_finish_name(ending->reason));
		print_slice(out, " ", ending->reason_raw);
		print_slice(out, " ", ending->provider);
		print_slice(out, "/", ending->model);
		buffer_printf(out, " %lld/%lld\n",
			      (long long)ending->usage.input_tokens,
			      (long long)ending->usage.output_tokens);
	} else {
		buffer_printf(out, "%s%s\n", error_name(ending->fault.code),
			      fault_retryable(&ending->fault) ? " retryable"
							      : "");
	}
}

void transcript_init(struct transcript *transcript)
{
	memset(transcript, 0, sizeof *transcript);
	buffer_init(&transcript->text, BUFFER_UNLIMITED);
	buffer_init(&transcript->taken, BUFFER_UNLIMITED);
	transcript->sink = (struct provider_sink){on_event, on_end, transcript};
	transcript->events_left = -1;
}

void transcript_fini(struct transcript *transcript)
{
	buffer_fini(&transcript->text);
	buffer_fini(&transcript->taken);
}

const char *transcript_take(struct transcript *transcript)
{
	buffer_clear(&transcript->taken);
	buffer_append_slice(&transcript->taken,
			    buffer_slice(&transcript->text));
	buffer_clear(&transcript->text);
	return buffer_string(&transcript->taken);
}
