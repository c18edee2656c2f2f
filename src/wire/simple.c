/* SPDX-License-Identifier: ISC */
#include "wire/simple.h"

#include "base/json.h"
#include "wire/native.h"

static void put_error(struct buffer *out, const struct event_error *error)
{
	buffer_append_string(out, "{\"type\":\"error\",\"error\":\"");
	json_put_string_part(out, slice_of(error_sentence(error->code)));
	if (error->hint.len) {
		buffer_append_char(out, ' ');
		json_put_string_part(out, error->hint);
	}
	buffer_append_string(out, "\"}\n\n");
}

/* Status and reasoning have no place here; but whoever loses the connection
 * before the first content must be able to name the turn, not ask again. */
static void put_event(struct buffer *out, const struct journal *journal,
		      uint32_t n, const struct event *event)
{
	if (event->type == EVENT_TOOL_CALL) {
		dialect_put_frame_start(out, journal, n);
		native_put_object(out, journal, event);
		buffer_append(out, "\n\n", 2);
		return;
	}
	if (event->type == EVENT_STATUS && n == 1)
		dialect_put_id_alone(out, journal, n);
	if (!event_is_terminal(event))
		return;
	if (event->type == EVENT_ERROR) {
		dialect_put_frame_start(out, journal, n);
		put_error(out, &event->error);
	}
	dialect_put_frame_start(out, journal, n);
	buffer_append_string(out, "[DONE]\n\n");
}

static void put_text(struct buffer *out, const struct journal *journal,
		     struct journal_place from, uint32_t last_n)
{
	struct event event;

	dialect_put_frame_start(out, journal, last_n);
	buffer_append_string(out, "{\"content\":\"");
	while (from.n < last_n && journal_next(journal, &from, &event))
		json_put_string_part(out, event.text);
	buffer_append(out, "\"}\n\n", 4);
}

const struct dialect_ops simple_dialect = {
    .name = "simple",
    .content_type = "text/event-stream",
    .is_event_stream = true,
    .put_event = put_event,
    .put_text = put_text,
};
