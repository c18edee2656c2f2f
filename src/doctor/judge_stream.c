/* SPDX-License-Identifier: ISC */
/*
 * Do frames arrive one by one: plain, compressed, by HTTP/2, several at once.
 */
#include <stdio.h>
#include <string.h>

#include "doctor/judge.h"

struct kind_of_stream {
	const char *id;
	const char *words; /* " by HTTP/2" */
};

static void put_numbers(struct finding *finding,
			const struct measure_stream *stream)
{
	const struct delays *delays = &stream->delays;

	finding_number(finding, "frames", stream->received);
	finding_number(finding, "median_ms", delays->median_ms);
	finding_number(finding, "p99_ms", delays->p99_ms);
	finding_number(finding, "max_ms", delays->max_ms);
	finding_number(finding, "gap_ms", delays->gap_ms);
	finding_number(finding, "first_ms", stream->first_ms);
	finding_number(finding, "arrivals", delays->arrivals);
	finding_number(finding, "batch_bytes", (double)delays->batch_bytes);
}

/* A stream that never became one, or broke. */
static void add_broken(struct judge *judge, const struct kind_of_stream *kind,
		       const struct measure_stream *stream)
{
	char words[2 * MEASURE_TEXT_SIZE];

	judge_describe(&stream->answer, words, sizeof(words));
	if (stream->answer.status == 503 || stream->answer.status == 429)
		finding_add(judge->findings, kind->id, FINDING_WARN,
			    "not tried%s: leat has too many streams (%s)",
			    kind->words, words);
	else if (stream->answer.status == 200)
		finding_add(judge->findings, kind->id, FINDING_FAIL,
			    "a stream%s broke off after %u of %u frames (%s)",
			    kind->words, stream->received, stream->wanted,
			    stream->answer.failure == HTTP_OK
				? "as if it were whole"
				: stream->answer.detail);
	else
		finding_add(judge->findings, kind->id, FINDING_FAIL,
			    "no stream%s: %s", kind->words, words);
}

static const char *where_held(const struct measure_stream *stream, char *out,
			      size_t size)
{
	const struct delays *delays = &stream->delays;

	if (delays->shape == DELAY_END)
		snprintf(out, size,
			 "all %u came together, at the end of %.1f s",
			 delays->count, delays->span_ms / 1000);
	else if (delays->shape == DELAY_BATCHES)
		snprintf(out, size, "they come in batches of up to %zu bytes",
			 delays->batch_bytes);
	else
		snprintf(out, size,
			 "the beginning is held back for %.0f ms, what follows "
			 "is not",
			 delays->first_ms);
	return out;
}

static bool is_held(const struct delays *delays)
{
	return delays->shape == DELAY_END || delays->shape == DELAY_BATCHES ||
	       delays->shape == DELAY_HEAD;
}

static void add_held(struct judge *judge, const struct kind_of_stream *kind,
		     const struct measure_stream *stream)
{
	const struct measure_stream *plain = &judge->measures->plain;
	bool is_packed = stream->encoding[0] != '\0';
	char where[120];
	struct finding *finding = finding_add(
	    judge->findings, kind->id, FINDING_FAIL,
	    "frames are held back%s%s: %s (median %.0f ms, p99 %.0f ms late)",
	    kind->words, is_packed ? " (and used)" : "",
	    where_held(stream, where, sizeof(where)), stream->delays.median_ms,
	    stream->delays.p99_ms);

	put_numbers(finding, stream);
	/* What holds every stream is said once. */
	if (stream != plain && is_held(&plain->delays) && !is_packed)
		return;
	judge_mend(judge, finding,
		   is_packed				? PROBLEM_COMPRESSION
		   : stream->delays.shape == DELAY_HEAD ? PROBLEM_HEAD
							: PROBLEM_BUFFERING);
}

static void add_flowing(struct judge *judge, const struct kind_of_stream *kind,
			const struct measure_stream *stream)
{
	const struct delays *delays = &stream->delays;
	bool is_uneven = delays->shape == DELAY_UNEVEN;
	struct finding *finding = finding_add(
	    judge->findings, kind->id, is_uneven ? FINDING_WARN : FINDING_OK,
	    "frames arrive one by one%s%s: median %.1f ms late, p99 %.1f ms, "
	    "largest gap %.0f ms%s",
	    kind->words, stream->encoding[0] ? " (and used)" : "",
	    delays->median_ms, delays->p99_ms, delays->gap_ms,
	    is_uneven ? ". Some are late: a slow line, or a busy server" : "");

	put_numbers(finding, stream);
}

static void judge_one(struct judge *judge, const struct kind_of_stream *kind,
		      const struct measure_stream *stream)
{
	if (!stream->answer.is_done)
		return;
	if (!stream->has_end || stream->delays.shape == DELAY_NONE)
		add_broken(judge, kind, stream);
	else if (is_held(&stream->delays))
		add_held(judge, kind, stream);
	else
		add_flowing(judge, kind, stream);
}

/* Streams that are open at once, like a browser's tabs. */
static void judge_together(struct judge *judge)
{
	enum { SLOW_MS = 1500 };
	const struct measures *measures = judge->measures;
	unsigned whole = 0;
	double worst_ms = 0;
	struct finding *finding;

	if (measures->together_count < 2)
		return;
	for (unsigned i = 0; i < measures->together_count; i++) {
		whole += measures->together[i].has_end;
		if (measures->together[i].first_ms > worst_ms)
			worst_ms = measures->together[i].first_ms;
	}
	if (whole == measures->together_count && worst_ms < SLOW_MS) {
		finding = finding_add(judge->findings, "together", FINDING_OK,
				      "%u streams at once: the slowest began "
				      "after %.0f ms",
				      whole, worst_ms);
	} else {
		finding = finding_add(
		    judge->findings, "together",
		    whole < measures->together_count ? FINDING_FAIL
						     : FINDING_WARN,
		    "of %u streams at once %u were whole; the slowest "
		    "began after %.0f ms",
		    measures->together_count, whole, worst_ms);
		judge_mend(judge, finding, PROBLEM_STREAMS);
	}
	finding_number(finding, "streams", measures->together_count);
	finding_number(finding, "whole", whole);
	finding_number(finding, "slowest_ms", worst_ms);
}

/* A cache must neither keep a stream nor change it. */
static void judge_headers(struct judge *judge)
{
	const struct measure_stream *stream = &judge->measures->plain;
	bool is_right = strstr(stream->cache_control, "no-cache") ||
			strstr(stream->cache_control, "no-store");

	if (!stream->answer.is_done || stream->answer.status != 200)
		return;
	if (strcmp(stream->answer.type, "text/event-stream") != 0)
		judge_mend(
		    judge,
		    finding_add(judge->findings, "headers", FINDING_FAIL,
				"the stream's Content-Type is \"%s\" instead "
				"of text/event-stream: browsers refuse it",
				stream->answer.type),
		    PROBLEM_HEADERS);
	else if (!is_right || !strstr(stream->cache_control, "no-transform"))
		judge_mend(
		    judge,
		    finding_add(judge->findings, "headers",
				is_right ? FINDING_WARN : FINDING_FAIL,
				"the stream's Cache-Control is \"%s\" instead "
				"of \"no-cache, no-transform\"",
				stream->cache_control),
		    PROBLEM_HEADERS);
	else
		finding_add(judge->findings, "headers", FINDING_OK,
			    "caches are told not to keep and not to change "
			    "streams");
}

void judge_stream(struct judge *judge)
{
	static const struct kind_of_stream plain = {"stream", ""};
	static const struct kind_of_stream gzip = {
	    "gzip", " where compression is accepted"};
	static const struct kind_of_stream http2 = {"http2", " by HTTP/2"};
	const struct measures *measures = judge->measures;

	judge_one(judge, &plain, &measures->plain);
	judge_one(judge, &gzip, &measures->gzip);
	judge_one(judge, &http2, &measures->http2);
	judge_together(judge);
	judge_headers(judge);
}
