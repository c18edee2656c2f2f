/* SPDX-License-Identifier: ISC */
#include "wire/dialect.h"

#include "wire/native.h"
#include "wire/plain.h"
#include "wire/simple.h"

enum { MERGED_MAX_BYTES = 16 * 1024 };

static const struct dialect_ops *const table[DIALECT_COUNT] = {
    [DIALECT_NATIVE] = &native_dialect,
    [DIALECT_SIMPLE] = &simple_dialect,
    [DIALECT_TEXT] = &plain_dialect,
};

const struct dialect_ops *dialect_ops(enum dialect dialect)
{
	return table[dialect];
}

bool dialect_find(struct slice name, enum dialect *dialect)
{
	for (int i = 0; i < DIALECT_COUNT; i++) {
		if (slice_is(name, table[i]->name)) {
			*dialect = (enum dialect)i;
			return true;
		}
	}
	return false;
}

void dialect_put_prelude(struct buffer *out, enum dialect dialect)
{
	if (table[dialect]->is_event_stream)
		buffer_append_string(out, ":\nretry: 2000\n");
}

void dialect_put_heartbeat(struct buffer *out)
{
	buffer_append_string(out, ": hb\n");
}

void dialect_put_retry(struct buffer *out, unsigned ms)
{
	buffer_printf(out, "retry: %u\n\n", ms);
}

static void put_id(struct buffer *out, const struct journal *journal,
		   uint32_t n)
{
	buffer_append(out, "id: ", 4);
	buffer_append_slice(out, journal_turn_id(journal));
	buffer_append_char(out, '.');
	buffer_append_uint(out, n);
}

void dialect_put_frame_start(struct buffer *out, const struct journal *journal,
			     uint32_t n)
{
	put_id(out, journal, n);
	buffer_append(out, "\ndata: ", 7);
}

void dialect_put_id_alone(struct buffer *out, const struct journal *journal,
			  uint32_t n)
{
	put_id(out, journal, n);
	buffer_append(out, "\n\n", 2);
}

/* How far content goes on from *place, which is just before a content event
 * of that branch; *place moves behind it. */
static void skip_content(const struct journal *journal,
			 struct journal_place *place)
{
	struct journal_place next = *place;
	struct event event;
	size_t total = 0;
	unsigned branch = 0;
	bool is_first = true;

	while (journal_next(journal, &next, &event)) {
		if (event.type != EVENT_CONTENT)
			return;
		if (is_first)
			branch = event.branch;
		if (event.branch != branch ||
		    (!is_first && total + event.text.len > MERGED_MAX_BYTES))
			return;
		total += event.text.len;
		is_first = false;
		*place = next;
	}
}

unsigned dialect_encode(struct buffer *out, enum dialect dialect,
			const struct journal *journal,
			struct journal_place *place, size_t soft_max)
{
	const struct dialect_ops *ops = table[dialect];
	unsigned frames = 0;
	struct event event;

	while (out->len < soft_max) {
		struct journal_place from = *place;
		size_t len = out->len;

		if (!journal_next(journal, place, &event))
			break;
		if (event.type == EVENT_CONTENT) {
			*place = from;
			skip_content(journal, place);
			ops->put_text(out, journal, from, place->n);
		} else {
			ops->put_event(out, journal, place->n, &event);
		}
		/* Not every dialect has a place for every event. */
		frames += out->len > len;
	}
	return frames;
}
