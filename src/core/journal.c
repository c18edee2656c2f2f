/* SPDX-License-Identifier: ISC */
/*
 * Events are kept as records in one growing run of bytes, so that a short
 * content event costs its text and four bytes:
 *
 *   struct record (4 bytes), then `len` bytes: for content and reasoning
 *   the text; for status and tool events the struct and its texts, one after
 *   the other; for the terminal event a pointer to a copy in the arena.
 *
 * Records are not aligned: they are copied out.
 */
#include "core/journal.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/ask.h"

struct record {
	uint32_t type : 4;
	uint32_t branch : 6;
	uint32_t len : 22;
};

struct journal {
	struct journal_limits limits;
	unsigned refs;
	bool is_ended;
	uint32_t tail;
	size_t answer_bytes;
	size_t text_bytes;   /* content, reasoning and tools */
	size_t status_bytes; /* descriptions */
	uint32_t reader_count;
	struct buffer records;
	struct list readers;
	struct arena arena; /* the terminal event; empty until then */
	struct slice turn_id;
	char turn_id_text[];
};

/* What the event of one record is made of: a struct, or nothing, and texts. */
struct payload {
	const void *head;
	size_t head_len;
	struct slice texts[3];
};

enum {
	BRANCH_MAX = (1 << 6) - 1,
	PAYLOAD_MAX = (1 << 22) - 1,
	RECORDS_MAX = 256 * 1024 * 1024,
	/* Kept free for the one event that must always fit. */
	TERMINAL_BYTES = sizeof(struct record) + sizeof(struct event *),
	/* No head is larger than this. */
	HEAD_MAX = sizeof(struct event),
	CHAR_MAX_BYTES = 4
};

struct journal *journal_new(struct slice turn_id,
			    const struct journal_limits *limits)
{
	struct journal *journal =
	    memory_zalloc(sizeof *journal + turn_id.len + 1);

	journal->limits = *limits;
	/* A piece has room for any character. */
	if (journal->limits.max_event_bytes < CHAR_MAX_BYTES)
		journal->limits.max_event_bytes = CHAR_MAX_BYTES;
	if (journal->limits.max_event_bytes > PAYLOAD_MAX - HEAD_MAX)
		journal->limits.max_event_bytes = PAYLOAD_MAX - HEAD_MAX;
	journal->refs = 1;
	if (turn_id.len)
		memcpy(journal->turn_id_text, turn_id.data, turn_id.len);
	journal->turn_id = slice_make(journal->turn_id_text, turn_id.len);
	buffer_init(&journal->records, RECORDS_MAX);
	list_init(&journal->readers);
	arena_init(&journal->arena);
	return journal;
}

struct journal *journal_ref(struct journal *journal)
{
	journal->refs++;
	return journal;
}

void journal_unref(struct journal *journal)
{
	if (!journal || --journal->refs > 0)
		return;
	buffer_fini(&journal->records);
	arena_fini(&journal->arena);
	memory_free(journal);
}

struct slice journal_turn_id(const struct journal *journal)
{
	return journal->turn_id;
}

uint32_t journal_tail(const struct journal *journal)
{
	return journal->tail;
}

bool journal_is_ended(const struct journal *journal)
{
	return journal->is_ended;
}

size_t journal_bytes(const struct journal *journal)
{
	return sizeof *journal + journal->records.cap +
	       journal->arena.total_bytes;
}

size_t journal_answer_bytes(const struct journal *journal)
{
	return journal->answer_bytes;
}

uint32_t journal_reader_count(const struct journal *journal)
{
	return journal->reader_count;
}

/* There is room: has_room() said so, or the record is the last. */
static void put_record(struct journal *journal, const struct event *event,
		       const struct payload *payload)
{
	struct record record = {.type = event->type & 15u,
				.branch = event->branch & BRANCH_MAX};
	size_t len = payload->head_len;

	for (size_t i = 0; i < 3; i++)
		len += payload->texts[i].len;
	record.len = len & PAYLOAD_MAX;
	buffer_append(&journal->records, &record, sizeof record);
	buffer_append(&journal->records, payload->head, payload->head_len);
	for (size_t i = 0; i < 3; i++)
		buffer_append_slice(&journal->records, payload->texts[i]);
	journal->tail++;
}

static void wake_readers(struct journal *journal)
{
	struct list *at = journal->readers.next;

	while (at != &journal->readers) {
		struct journal_reader *reader =
		    LIST_ENTRY(at, struct journal_reader, node);

		at = at->next;
		reader->on_more(reader);
	}
}

static void copy_passages(struct arena *arena, struct event_final *final)
{
	struct passage *copy;

	if (final->source_count == 0)
		return;
	copy = arena_alloc(arena, final->source_count * sizeof *copy);
	for (uint32_t i = 0; i < final->source_count; i++) {
		copy[i] = final->sources[i];
		copy[i].text = arena_copy(arena, copy[i].text);
		copy[i].title = arena_copy(arena, copy[i].title);
		copy[i].heading = arena_copy(arena, copy[i].heading);
		copy[i].url = arena_copy(arena, copy[i].url);
		copy[i].language = arena_copy(arena, copy[i].language);
	}
	final->sources = copy;
}

static void append_terminal(struct journal *journal, const struct event *event)
{
	struct event *copy = arena_alloc(&journal->arena, sizeof *copy);

	*copy = *event;
	if (event->type == EVENT_FINAL) {
		struct event_final *final = &copy->final;

		final->reason_raw =
		    arena_copy(&journal->arena, final->reason_raw);
		final->model = arena_copy(&journal->arena, final->model);
		final->provider = arena_copy(&journal->arena, final->provider);
		copy_passages(&journal->arena, final);
	} else {
		copy->error.hint =
		    arena_copy(&journal->arena, copy->error.hint);
	}
	put_record(journal, event,
		   &(struct payload){.head = &copy, .head_len = sizeof copy});
	journal->is_ended = true;
}

static struct payload payload_of(const struct event *event)
{
	switch (event->type) {
	case EVENT_STATUS:
		return (struct payload){&event->status,
					sizeof event->status,
					{event->status.description}};
	case EVENT_TOOL_CALL:
		return (struct payload){&event->tool_call,
					sizeof event->tool_call,
					{event->tool_call.id,
					 event->tool_call.name,
					 event->tool_call.arguments}};
	case EVENT_TOOL_RESULT:
		return (struct payload){&event->tool_result,
					sizeof event->tool_result,
					{event->tool_result.id,
					 event->tool_result.name,
					 event->tool_result.content}};
	default:
		return (struct payload){NULL, 0, {event->text}};
	}
}

/* One text, as several events where it is longer than one may be. */
static void append_text(struct journal *journal, const struct event *event)
{
	struct slice rest = event->text;

	for (;;) {
		size_t len = rest.len;

		if (len > journal->limits.max_event_bytes)
			len = text_utf8_floor(rest.data,
					      journal->limits.max_event_bytes);
		put_record(journal, event,
			   &(struct payload){.texts = {{rest.data, len}}});
		if (len == rest.len)
			break;
		rest.data += len;
		rest.len -= len;
	}
	if (event->type == EVENT_CONTENT)
		journal->answer_bytes += event->text.len;
}

/* Do `len` bytes of text fit, as so many events, and the terminal one after
 * them? */
static bool has_room(const struct journal *journal, size_t len,
		     size_t event_count, struct fault *fault)
{
	size_t need = len + event_count * (sizeof(struct record) + HEAD_MAX);

	if (need > RECORDS_MAX - TERMINAL_BYTES - journal->records.len)
		return fault_set(fault, ERROR_ANSWER_TOO_LARGE,
				 "more than %d bytes of records", RECORDS_MAX);
	if (journal->tail + event_count >= journal->limits.max_events)
		return fault_set(fault, ERROR_ANSWER_TOO_LARGE,
				 "more than %u events",
				 journal->limits.max_events);
	return true;
}

static bool append_other(struct journal *journal, const struct event *event,
			 struct fault *fault)
{
	const size_t piece_min =
	    journal->limits.max_event_bytes - (CHAR_MAX_BYTES - 1);
	bool is_text =
	    event->type == EVENT_CONTENT || event->type == EVENT_REASONING;
	size_t count = 1;
	struct payload payload = payload_of(event);
	size_t *sum = event->type == EVENT_STATUS ? &journal->status_bytes
						  : &journal->text_bytes;
	size_t len = 0;

	for (size_t i = 0; i < 3; i++)
		len += payload.texts[i].len;
	if (len > journal->limits.max_answer_bytes - *sum)
		return fault_set(fault, ERROR_ANSWER_TOO_LARGE,
				 "more than %zu bytes",
				 journal->limits.max_answer_bytes);
	if (!is_text && len > PAYLOAD_MAX - HEAD_MAX)
		return fault_set(fault, ERROR_ANSWER_TOO_LARGE,
				 "more than %d bytes in one event",
				 PAYLOAD_MAX - HEAD_MAX);
	if (is_text && len > journal->limits.max_event_bytes)
		count += len / piece_min;
	if (!has_room(journal, len, count, fault))
		return false;
	*sum += len;
	if (is_text)
		append_text(journal, event);
	else
		put_record(journal, event, &payload);
	return true;
}

bool journal_append(struct journal *journal, const struct event *event,
		    struct fault *fault)
{
	if (journal->is_ended)
		return fault_set(fault, ERROR_INTERNAL,
				 "append after the end of %s",
				 journal->turn_id_text);
	if (event->branch > BRANCH_MAX)
		return fault_set(fault, ERROR_INTERNAL, "branch %u",
				 event->branch);
	if (event_is_terminal(event))
		append_terminal(journal, event);
	else if (!append_other(journal, event, fault))
		return false;
	wake_readers(journal);
	return true;
}

static void take(const char **at, struct slice *slice)
{
	slice->data = *at;
	*at += slice->len;
}

static void read_payload(const struct record *record, const char *at,
			 struct event *event)
{
	struct event *copy;

	switch (event->type) {
	case EVENT_STATUS:
		memcpy(&event->status, at, sizeof event->status);
		at += sizeof event->status;
		take(&at, &event->status.description);
		break;
	case EVENT_TOOL_CALL:
		memcpy(&event->tool_call, at, sizeof event->tool_call);
		at += sizeof event->tool_call;
		take(&at, &event->tool_call.id);
		take(&at, &event->tool_call.name);
		take(&at, &event->tool_call.arguments);
		break;
	case EVENT_TOOL_RESULT:
		memcpy(&event->tool_result, at, sizeof event->tool_result);
		at += sizeof event->tool_result;
		take(&at, &event->tool_result.id);
		take(&at, &event->tool_result.name);
		take(&at, &event->tool_result.content);
		break;
	case EVENT_FINAL:
	case EVENT_ERROR:
		memcpy(&copy, at, sizeof copy);
		*event = *copy;
		break;
	default:
		event->text = slice_make(at, record->len);
	}
}

bool journal_next(const struct journal *journal, struct journal_place *place,
		  struct event *event)
{
	struct record record;
	const char *at;

	if (place->n >= journal->tail)
		return false;
	at = journal->records.data + place->bytes;
	memcpy(&record, at, sizeof record);
	event->type = (enum event_type)record.type;
	event->branch = record.branch;
	read_payload(&record, at + sizeof record, event);
	place->n++;
	place->bytes += (uint32_t)sizeof record + record.len;
	return true;
}

void journal_seek(const struct journal *journal, uint32_t n,
		  struct journal_place *place)
{
	struct event event;

	place->n = 0;
	place->bytes = 0;
	while (place->n < n && journal_next(journal, place, &event))
		continue;
}

void journal_answer(const struct journal *journal, struct buffer *out)
{
	struct journal_place place = {0, 0};
	struct event event;

	while (journal_next(journal, &place, &event))
		if (event.type == EVENT_CONTENT)
			buffer_append_slice(out, event.text);
}

void journal_attach(struct journal *journal, struct journal_reader *reader,
		    uint32_t after_n,
		    void (*on_more)(struct journal_reader *reader))
{
	reader->journal = journal_ref(journal);
	reader->on_more = on_more;
	journal_seek(journal, after_n, &reader->place);
	list_append(&journal->readers, &reader->node);
	journal->reader_count++;
	if (reader->place.n < journal->tail)
		on_more(reader);
}

void journal_detach(struct journal_reader *reader)
{
	struct journal *journal = reader->journal;

	if (!journal)
		return;
	reader->journal = NULL;
	list_remove(&reader->node);
	journal->reader_count--;
	journal_unref(journal);
}
