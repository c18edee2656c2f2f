/* SPDX-License-Identifier: ISC */
#include "context/site_search.h"

#include "base/buffer.h"
#include "base/text.h"
#include "context/follow_up.h"
#include "context/near_duplicate.h"
#include "context/query.h"

enum {
	CANDIDATES = 40,
	EXPRESSION_MAX = 64 << 10,
	TOPIC_WORDS = 6,  /* taken from the last topic's headings */
	ASKED_WORDS = 6,  /* from the last question */
	ANSWER_WORDS = 4, /* from the last answer */
	ANSWER_BYTES = 1500
};

/* What the conversation adds counts less than what is asked. */
#define CONTEXT_WEIGHT 0.4
/* Passages this alike say the same. */
#define DUPLICATE_LIKENESS 0.8
/* A passage this far below the best has matched by accident. */
#define SCORE_SHARE 0.2

struct search {
	struct index_reader *reader;
	struct text_analysis *analysis;
	const struct retrieval_ask *ask;
	struct arena *arena;
	struct fault *fault;
	struct found_passage found[CANDIDATES];
	size_t found_count;
};

static bool find(struct search *search, struct query *query, size_t limit)
{
	struct index_search index = {.found = search->found, .limit = limit};
	struct buffer expression, weights;
	bool is_ok = true;

	buffer_init(&expression, EXPRESSION_MAX);
	buffer_init(&weights, EXPRESSION_MAX);
	if (query_write(query, &expression, &weights) &&
	    !expression.overflowed) {
		index.expression = buffer_slice(&expression);
		index.weights = buffer_slice(&weights);
		is_ok =
		    index_reader_search(search->reader, &index, search->fault);
	}
	search->found_count = index.count;
	for (size_t i = 0; i < search->found_count; i++)
		search->found[i].score *= query_score_unit();
	buffer_fini(&expression);
	buffer_fini(&weights);
	return is_ok;
}

/* What the last question was about, as the site calls it: the headings over
 * the passage that fits it best. */
static bool find_topic(struct search *search, struct slice asked,
		       struct slice *topic)
{
	struct passage passage;
	struct query query;
	bool is_ok;

	*topic = SLICE_NONE;
	query_init(&query, search->reader, search->analysis);
	query_add_question(&query, asked);
	is_ok = find(search, &query, 1);
	if (is_ok && search->found_count > 0) {
		is_ok =
		    index_reader_load(search->reader, search->found[0].id,
				      search->arena, &passage, search->fault);
		if (is_ok)
			*topic = slice_of(arena_printf(
			    search->arena, "%.*s > %.*s",
			    (int)passage.title.len,
			    passage.title.len ? passage.title.data : "",
			    (int)passage.heading.len,
			    passage.heading.len ? passage.heading.data : ""));
	}
	query_fini(&query);
	return is_ok;
}

static bool add_conversation(struct search *search, struct query *query)
{
	const struct retrieval_ask *ask = search->ask;
	struct slice asked =
	    follow_up_last(ask->history, ask->history_count, ROLE_USER);
	struct slice answer =
	    follow_up_last(ask->history, ask->history_count, ROLE_ASSISTANT);
	struct slice topic;

	if (asked.len == 0 ||
	    !follow_up_is_one(ask->query, query->content_words))
		return true;
	if (!find_topic(search, asked, &topic))
		return false;
	if (answer.len > ANSWER_BYTES)
		answer.len = text_utf8_floor(answer.data, ANSWER_BYTES);
	query_add_context(query, topic, CONTEXT_WEIGHT, TOPIC_WORDS);
	query_add_context(query, asked, CONTEXT_WEIGHT, ASKED_WORDS);
	query_add_context(query, answer, CONTEXT_WEIGHT, ANSWER_WORDS);
	return true;
}

static bool is_new(const struct word_set *kept, size_t count,
		   struct word_set words)
{
	for (size_t i = 0; i < count; i++)
		if (near_duplicate_likeness(kept[i], words) >=
		    DUPLICATE_LIKENESS)
			return false;
	return true;
}

/* Keeps the best passages that are not alike, as many as fit. */
static bool choose(struct search *search, const struct query *query,
		   struct site_search_result *result)
{
	size_t wanted = (size_t)search->ask->max_passages;
	size_t left = (size_t)search->ask->max_characters;
	struct word_set kept[CANDIDATES];

	result->passages = arena_alloc(
	    search->arena, (CANDIDATES + 1) * sizeof(*result->passages));
	for (size_t i = 0; i < search->found_count && result->count < wanted;
	     i++) {
		struct passage *passage = &result->passages[result->count];
		double score = search->found[i].score;
		struct language language;
		struct word_set words;
		size_t characters;

		if (score < SCORE_SHARE * search->found[0].score)
			break;
		if (!index_reader_load(search->reader, search->found[i].id,
				       search->arena, passage, search->fault))
			return false;
		language = language_of_tag(passage->language);
		characters =
		    text_utf8_count(passage->text.data, passage->text.len);
		words = near_duplicate_words(search->analysis, passage->text,
					     language, search->arena);
		if (characters > left || !is_new(kept, result->count, words))
			continue;
		left -= characters;
		passage->score = score;
		passage->confidence = query_confidence(query, score, language);
		kept[result->count++] = words;
	}
	return true;
}

static void keep_words(struct search *search, const struct query *query,
		       struct site_search_result *result)
{
	result->words = arena_alloc(search->arena, (query->term_count + 1) *
						       sizeof(*result->words));
	for (size_t i = 0; i < query->term_count; i++) {
		result->words[i].token =
		    arena_copy(search->arena, query->terms[i].token);
		result->words[i].idf = query->terms[i].idf;
	}
	result->word_count = query->term_count;
}

bool site_search_run(const struct site_search *job,
		     struct site_search_result *result, struct fault *fault)
{
	struct search search = {.reader = job->reader,
				.analysis = job->analysis,
				.ask = job->ask,
				.arena = job->arena,
				.fault = fault};
	struct query query;
	bool is_ok;

	*result = (struct site_search_result){NULL, 0, NULL, 0};
	query_init(&query, job->reader, job->analysis);
	query_add_question(&query, job->ask->query);
	is_ok = add_conversation(&search, &query) &&
		find(&search, &query, CANDIDATES) &&
		choose(&search, &query, result);
	if (is_ok)
		keep_words(&search, &query, result);
	query_fini(&query);
	return is_ok;
}
