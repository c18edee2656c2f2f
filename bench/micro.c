/* SPDX-License-Identifier: ISC */
/*
 * What one frame costs in user space, step by step, without sockets: reading
 * the event, parsing its JSON, deciding what it is, the journal, the encoding.
 * Each line contains the steps above it, so that differences are the steps.
 *
 *   bench/micro [frames per stream] [streams]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "core/journal.h"
#include "provider/openai_decode.h"
#include "wire/dialect.h"
#include "wire/sse_read.h"

static const char chunk_text[] =
    "data: {\"id\":\"chatcmpl-00000000000000000000002a\",\"object\":"
    "\"chat.completion.chunk\",\"created\":1735689600,\"model\":"
    "\"pace-60x150\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":"
    "[{\"index\":0,\"delta\":{\"content\":\"@AAqAXVFh3A \"},"
    "\"logprobs\":null,\"finish_reason\":null}]}\n\n";

struct stream {
	struct journal *journal;
	struct journal_place place;
	struct buffer out;
	bool is_kept;
	bool is_encoded;
	unsigned long events;
};

static unsigned frames = 60;
static unsigned streams = 20000;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool on_event(void *state, const struct event *event)
{
	struct stream *stream = state;

	stream->events++;
	if (!stream->is_kept)
		return true;
	if (!journal_append(stream->journal, event, NULL))
		return false;
	if (!stream->is_encoded)
		return true;
	dialect_encode(&stream->out, DIALECT_NATIVE, stream->journal,
		       &stream->place, 16384);
	buffer_clear(&stream->out);
	return true;
}

static void on_end(void *state, const struct provider_ending *ending)
{
	(void)state;
	(void)ending;
}

static void run_reader(struct slice chunk)
{
	struct sse_read reader;
	struct sse_event event;

	sse_read_init(&reader, 1 << 20);
	for (unsigned i = 0; i < frames; i++) {
		struct slice input = chunk;

		while (sse_read_next(&reader, &input, &event) != SSE_READ_MORE)
			continue;
	}
	sse_read_fini(&reader);
}

static void run_parser(struct slice chunk)
{
	struct slice json = {chunk.data + 6, chunk.len - 8};

	for (unsigned i = 0; i < frames; i++)
		json_free(json_parse(json, &json_limits_upstream, NULL));
}

static void run_stream(struct slice chunk, bool is_kept, bool is_encoded)
{
	static const struct journal_limits limits = {1 << 20, 100000, 16384};
	struct stream stream = {.is_kept = is_kept, .is_encoded = is_encoded};
	struct provider_sink sink = {on_event, on_end, &stream};
	struct openai_decode decode;

	stream.journal = journal_new(
	    SLICE_LITERAL("7Gx0000000000000000000000000k"), &limits);
	buffer_init(&stream.out, 1 << 20);
	openai_decode_init(&decode, &sink, SLICE_NONE);
	for (unsigned i = 0; i < frames; i++)
		openai_decode_feed(&decode, chunk);
	if (stream.events != frames)
		abort();
	openai_decode_fini(&decode);
	buffer_fini(&stream.out);
	journal_unref(stream.journal);
}

static void report(const char *name, double began)
{
	printf("%-34s %7.0f ns per frame\n", name,
	       (now_s() - began) * 1e9 / ((double)frames * streams));
}

int main(int argc, char **argv)
{
	struct slice chunk = {chunk_text, sizeof chunk_text - 1};
	double began;

	if (argc > 1)
		frames = (unsigned)atoi(argv[1]);
	if (argc > 2)
		streams = (unsigned)atoi(argv[2]);
	began = now_s();
	for (unsigned i = 0; i < streams; i++)
		run_reader(chunk);
	report("events read", began);
	began = now_s();
	for (unsigned i = 0; i < streams; i++)
		run_parser(chunk);
	report("JSON parsed (alone)", began);
	began = now_s();
	for (unsigned i = 0; i < streams; i++)
		run_stream(chunk, false, false);
	report("read, parsed and understood", began);
	began = now_s();
	for (unsigned i = 0; i < streams; i++)
		run_stream(chunk, true, false);
	report("... and kept in the journal", began);
	began = now_s();
	for (unsigned i = 0; i < streams; i++)
		run_stream(chunk, true, true);
	report("... and encoded (native)", began);
	return 0;
}
