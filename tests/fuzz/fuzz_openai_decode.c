/* SPDX-License-Identifier: ISC */
/*
 * Whatever an upstream sends, in whatever pieces: what comes out is valid
 * UTF-8, is the same however the input was cut, and never holds the key. The
 * first byte chooses the size of the pieces.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "provider/openai_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "sk-secret"

struct story {
	struct buffer text;
	enum event_type last;
};

static void tell(struct story *story, struct slice text)
{
	if (text.len && !text_is_utf8(text.data, text.len))
		abort();
	buffer_append_slice(&story->text, text);
}

/* Neighbouring texts of one type run together: where they are cut may
 * differ, what they say may not. */
static bool on_event(void *state, const struct event *event)
{
	struct story *story = state;

	if (event->type != story->last || event->type == EVENT_TOOL_CALL)
		buffer_append_uint(&story->text, event->type);
	story->last = event->type;
	if (event->type == EVENT_TOOL_CALL) {
		buffer_append_uint(&story->text, event->tool_call.index);
		tell(story, event->tool_call.id);
		tell(story, event->tool_call.name);
		tell(story, event->tool_call.arguments);
	} else {
		tell(story, event->text);
	}
	return true;
}

static char *decode(struct slice input, size_t step)
{
	struct story story = {.last = EVENT_FINAL};
	struct provider_sink sink = {on_event, NULL, &story};
	struct openai_decode decoder;
	bool is_ok;

	buffer_init(&story.text, BUFFER_UNLIMITED);
	openai_decode_init(&decoder, &sink, SLICE_LITERAL(SECRET));
	while (input.len) {
		size_t n = input.len < step ? input.len : step;
		char *piece = memory_strndup(input.data, n);
		bool wants_more =
		    openai_decode_feed(&decoder, slice_make(piece, n));

		memory_free(piece);
		input.data += n;
		input.len -= n;
		if (!wants_more)
			break;
	}
	is_ok = openai_decode_end(&decoder);
	if (is_ok != (decoder.fault == NULL))
		abort();
	if (is_ok) {
		buffer_append_string(&story.text, decoder.model);
		tell(&story, slice_of(decoder.reason_raw));
	} else {
		if (strstr(decoder.fault->detail, SECRET))
			abort();
		tell(&story, slice_of(decoder.fault->detail));
	}
	openai_decode_fini(&decoder);
	return buffer_detach(&story.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input;
	char *whole;
	char *cut;

	if (size < 2)
		return 0;
	input = slice_make((const char *)data + 1, size - 1);
	whole = decode(input, input.len);
	cut = decode(input, 1 + data[0] % 32);
	if (strcmp(whole, cut) != 0)
		abort();
	memory_free(whole);
	memory_free(cut);
	return 0;
}
