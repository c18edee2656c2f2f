/* SPDX-License-Identifier: ISC */
/*
 * Reading what an OpenAI-compatible server answers to a Chat Completions
 * request: an event stream of chunks, or one JSON body (a whole answer, or
 * an error), in all the shapes that servers give them. Pure: bytes in,
 * events out through the sink.
 *
 * Invariants: the text of events is valid UTF-8; each chunk is parsed once;
 * memory does not grow with the stream, only with one event of it (capped).
 * An ending is judged once, by openai_decode_end(): an answer is complete
 * only when the server said so.
 */
#ifndef LEAT_PROVIDER_OPENAI_DECODE_H
#define LEAT_PROVIDER_OPENAI_DECODE_H

#include "core/provider.h"
#include "provider/openai_tools.h"
#include "provider/text_join.h"
#include "wire/sse_read.h"

struct json;

enum openai_decode_state {
	OPENAI_DECODE_START,  /* nothing but white space came */
	OPENAI_DECODE_STREAM, /* an event stream */
	OPENAI_DECODE_BODY,   /* one JSON text: kept until the end */
	OPENAI_DECODE_DONE,   /* [DONE] came, the rest is ignored */
	OPENAI_DECODE_FAILED, /* see fault */
	OPENAI_DECODE_STOPPED /* the sink wants no more */
};

/* Unless openai_decode_limit() says otherwise. */
enum { OPENAI_EVENT_BYTES_MAX = 1 << 20 };

struct openai_decode {
	enum openai_decode_state state;
	bool has_chunk; /* something was understood */
	bool has_begun; /* content, reasoning or a tool call was emitted */
	bool has_finish;
	struct fault *fault; /* NULL: none */
	enum finish_reason reason;
	char reason_raw[32];
	char model[96];
	struct usage usage;

	const struct provider_sink *sink;
	struct slice secret; /* see refusal_set_detail(); borrowed */
	struct sse_read reader;
	struct buffer body;
	struct buffer scratch;
	struct text_join content;
	struct text_join reasoning;
	struct openai_tools tools;
};

/* The sink and the secret live as long as the decoder. */
void openai_decode_init(struct openai_decode *decode,
			const struct provider_sink *sink, struct slice secret);
/* The longest event (or body), before any input. */
void openai_decode_limit(struct openai_decode *decode, size_t max_bytes);
void openai_decode_fini(struct openai_decode *decode);

/* Events are emitted from within. False when no more input is wanted:
 * DONE, FAILED or STOPPED. */
bool openai_decode_feed(struct openai_decode *decode, struct slice input);
/* At the end of the response, whole or cut off: emits what was held back.
 * True when the answer is complete, else see fault. */
bool openai_decode_end(struct openai_decode *decode);

#endif
