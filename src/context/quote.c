/* SPDX-License-Identifier: ISC */
#include "context/quote.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "context/near_duplicate.h"
#include "context/quote_score.h"
#include "context/quote_span.h"

enum {
	PASSAGES_MAX = 8,
	QUOTES_MAX = 3,
	QUOTE_CHARACTERS = 600,
	CANDIDATES_MAX = PASSAGES_MAX * QUOTE_UNITS_MAX
};

/* Two quotes this alike say the same. */
#define LIKENESS_MAX 0.5
/* What is quoted besides the best must be nearly as good. */
#define SECOND_SHARE 0.7

/* Calibrated on SelQA's questions against those of XQuAD, which the same
 * site cannot answer (docs/internals/context.md). */
#define DIRECT_CONFIDENCE  0.70
#define DIRECT_COVERAGE	   0.45
#define CLOSEST_CONFIDENCE 0.50

struct site_quoter {
	struct quoter base;
	const struct word_weights *weights;
	struct text_analysis *analysis;
};

struct candidate {
	size_t passage;
	size_t unit;
	struct quote_score score;
};

/* One question's work. */
struct work {
	struct site_quoter *quoter;
	const struct ask *ask;
	struct arena *arena;
	struct quotation *out;
	struct question *questions; /* one per language met so far */
	size_t question_count;
	const struct question *asked[PASSAGES_MAX]; /* per passage */
	struct quote_unit *units[PASSAGES_MAX];
	size_t unit_counts[PASSAGES_MAX];
	size_t passage_count;
	struct candidate *candidates; /* best first */
	size_t candidate_count;
	struct word_set quoted[QUOTES_MAX];
	size_t characters_left;
};

static const struct question *question_in(struct work *work,
					  struct language language)
{
	struct question *question;

	for (size_t i = 0; i < work->question_count; i++)
		if (language_equal(work->questions[i].language, language))
			return &work->questions[i];
	question = &work->questions[work->question_count++];
	question_read(question, work->ask, language, work->quoter->analysis,
		      work->quoter->weights);
	return question;
}

static int by_score(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->score.total != right->score.total)
		return left->score.total < right->score.total ? 1 : -1;
	if (left->passage != right->passage)
		return left->passage < right->passage ? -1 : 1;
	return left->unit < right->unit ? -1 : left->unit > right->unit;
}

static void score_passage(struct work *work, size_t n)
{
	const struct passage *passage = &work->ask->passages[n];
	struct text_analysis *analysis = work->quoter->analysis;
	struct quote_passage scored;

	work->asked[n] = question_in(work, language_of_tag(passage->language));
	work->units[n] =
	    arena_alloc(work->arena, QUOTE_UNITS_MAX * sizeof(*work->units[n]));
	work->unit_counts[n] = quote_units_find(passage->text, work->units[n]);
	quote_score_passage(&scored, passage, work->ask->passages[0].score,
			    work->asked[n], analysis);
	for (size_t i = 0; i < work->unit_counts[n]; i++) {
		struct candidate *candidate =
		    &work->candidates[work->candidate_count++];

		candidate->passage = n;
		candidate->unit = i;
		candidate->score = quote_score_unit(
		    &scored, &work->units[n][i], i, work->asked[n], analysis);
	}
}

static bool is_said(struct work *work, struct word_set words)
{
	for (size_t i = 0; i < work->out->count; i++)
		if (near_duplicate_likeness(work->quoted[i], words) >=
		    LIKENESS_MAX)
			return true;
	return false;
}

/* False when it does not fit or was said already. */
static bool add_quote(struct work *work, const struct candidate *candidate)
{
	const struct passage *passage =
	    &work->ask->passages[candidate->passage];
	struct quote_span span = quote_span_find(
	    passage->text, work->units[candidate->passage],
	    work->unit_counts[candidate->passage], candidate->unit,
	    (struct quote_wish){.is_how_to =
				    work->asked[candidate->passage]->is_how_to,
				.max_characters = work->characters_left});
	struct quote *quote = &work->out->quotes[work->out->count];
	struct word_set words;

	if (span.text.len == 0)
		return false;
	words = near_duplicate_words(work->quoter->analysis, span.text,
				     language_of_tag(passage->language),
				     work->arena);
	if (is_said(work, words))
		return false;
	quote->text = span.text;
	quote->passage = candidate->passage;
	quote->is_block = span.is_block;
	work->quoted[work->out->count++] = words;
	work->characters_left -= text_utf8_count(span.text.data, span.text.len);
	return true;
}

static bool is_quoted(const struct quotation *out, size_t passage)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->quotes[i].passage == passage)
			return true;
	return false;
}

static void compose(struct work *work)
{
	double best = work->candidates[0].score.total;

	for (size_t i = 0; i < work->candidate_count; i++) {
		const struct candidate *candidate = &work->candidates[i];

		if (work->out->count == QUOTES_MAX ||
		    candidate->score.total < SECOND_SHARE * best)
			break;
		if (!is_quoted(work->out, candidate->passage))
			add_quote(work, candidate);
	}
}

static enum quote_confidence judge(const struct work *work)
{
	double confidence = 0, coverage = 0;

	for (size_t i = 0; i < work->passage_count; i++)
		if (work->ask->passages[i].confidence > confidence)
			confidence = work->ask->passages[i].confidence;
	for (size_t i = 0; i < work->candidate_count; i++)
		if (work->candidates[i].score.coverage > coverage)
			coverage = work->candidates[i].score.coverage;
	if (confidence >= DIRECT_CONFIDENCE && coverage >= DIRECT_COVERAGE)
		return QUOTE_DIRECT;
	return confidence >= CLOSEST_CONFIDENCE ? QUOTE_CLOSEST : QUOTE_NOTHING;
}

static struct language asked_language(const struct ask *ask)
{
	struct language language = language_guess(ask->query);

	if (!language_is_known(language) && ask->passage_count > 0)
		language = language_of_tag(ask->passages[0].language);
	return language;
}

static void quote(struct quoter *base, const struct ask *ask,
		  struct arena *arena, struct quotation *out)
{
	struct work work = {.quoter = (struct site_quoter *)base,
			    .ask = ask,
			    .arena = arena,
			    .out = out,
			    .characters_left = QUOTE_CHARACTERS};

	memset(out, 0, sizeof(*out));
	out->search_words =
	    question_search_words(ask->query, asked_language(ask), arena);
	out->quotes = arena_alloc(arena, QUOTES_MAX * sizeof(*out->quotes));
	work.passage_count = ask->passage_count < PASSAGES_MAX
				 ? ask->passage_count
				 : PASSAGES_MAX;
	work.questions =
	    memory_alloc((PASSAGES_MAX + 1) * sizeof(*work.questions));
	work.candidates =
	    memory_alloc(CANDIDATES_MAX * sizeof(*work.candidates));
	for (size_t i = 0; i < work.passage_count; i++)
		score_passage(&work, i);
	out->confidence = judge(&work);
	if (out->confidence != QUOTE_NOTHING && work.candidate_count > 0) {
		qsort(work.candidates, work.candidate_count,
		      sizeof(*work.candidates), by_score);
		compose(&work);
	}
	if (out->count == 0)
		out->confidence = QUOTE_NOTHING;
	memory_free(work.candidates);
	memory_free(work.questions);
}

static void free_quoter(struct quoter *base)
{
	struct site_quoter *quoter = (struct site_quoter *)base;

	if (!quoter)
		return;
	text_analysis_free(quoter->analysis);
	memory_free(quoter);
}

struct quoter *quote_new(const struct word_weights *weights)
{
	struct site_quoter *quoter = memory_zalloc(sizeof(*quoter));

	quoter->base.quote = quote;
	quoter->base.free = free_quoter;
	quoter->weights = weights;
	quoter->analysis = text_analysis_new();
	return &quoter->base;
}
