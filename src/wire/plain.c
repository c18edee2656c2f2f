/* SPDX-License-Identifier: ISC */
#include "wire/plain.h"

static void put_event(struct buffer *out, const struct journal *journal,
		      uint32_t n, const struct event *event)
{
	(void)n;
	if (event->type == EVENT_ERROR) {
		if (journal_answer_bytes(journal) > 0)
			buffer_append_string(out, "\n\n");
		buffer_append_char(out, '[');
		buffer_append_string(out, error_sentence(event->error.code));
		if (event->error.hint.len) {
			buffer_append_char(out, ' ');
			buffer_append_slice(out, event->error.hint);
		}
		buffer_append_string(out, "]\n");
	}
}

static void put_text(struct buffer *out, const struct journal *journal,
		     struct journal_place from, uint32_t last_n)
{
	struct event event;

	while (from.n < last_n && journal_next(journal, &from, &event))
		buffer_append_slice(out, event.text);
}

const struct dialect_ops plain_dialect = {
    .name = "text",
    .content_type = "text/plain; charset=utf-8",
    .is_event_stream = false,
    .put_event = put_event,
    .put_text = put_text,
};
