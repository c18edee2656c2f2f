/* SPDX-License-Identifier: ISC */
#include "context/quote_score.h"

#include <string.h>

#include "base/ids.h"
#include "base/text.h"
#include "context/unicode.h"

/* Found on SelQA and WikiQA (docs/internals/context.md). */
#define TITLE_WEIGHT   0.7
#define PAIR_WEIGHT    0.2
#define PASSAGE_WEIGHT 0.7
#define PLACE_WEIGHT   0.05
#define TYPE_WEIGHT    0.15
#define CODE_SHARE     0.5
#define BLOCK_WEIGHT   0.35
/* A fragment of a few words answers nothing. */
#define FRAGMENT_COST 0.2

enum { FRAGMENT_BYTES = 20 };

static size_t find_word(const struct question *question, uint64_t hash)
{
	for (size_t i = 0; i < question->count; i++)
		if (question->words[i].hash == hash)
			return i;
	return question->count;
}

static void mark_words(struct slice text, const struct question *question,
		       struct text_analysis *analysis, bool *marks,
		       double *pairs)
{
	struct token_list list;
	uint64_t expected = 0;

	text_analysis_init_list(&list);
	text_analysis_index(analysis, text, question->language, &list);
	for (size_t i = 0; i < list.count; i++) {
		uint64_t hash = ids_hash(text_analysis_token(&list, i));
		size_t word = find_word(question, hash);

		if (word < question->count) {
			marks[word] = true;
			if (pairs && hash == expected)
				*pairs += question->words[word].idf;
			expected = question->words[word].next;
		} else {
			expected = 0;
		}
	}
	text_analysis_fini_list(&list);
}

void quote_score_passage(struct quote_passage *out,
			 const struct passage *passage, double best_score,
			 const struct question *question,
			 struct text_analysis *analysis)
{
	memset(out, 0, sizeof(*out));
	out->passage = passage;
	out->share = best_score > 0 ? passage->score / best_score : 1;
	mark_words(passage->title, question, analysis, out->in_title, NULL);
	mark_words(passage->heading, question, analysis, out->in_title, NULL);
}

static bool has_digit(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] >= '0' && text.data[i] <= '9')
			return true;
	return false;
}

/* Four digits by themselves, 1000 to 2099. */
static bool has_year(struct slice text)
{
	size_t digits = 0;

	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.data[i] : ' ';

		if (c >= '0' && c <= '9') {
			digits++;
			continue;
		}
		if (digits == 4 &&
		    (text.data[i - 4] == '1' || text.data[i - 4] == '2'))
			return true;
		digits = 0;
	}
	return false;
}

/* A capital inside the sentence (or anything in a script without them). */
static bool has_name(struct slice text)
{
	const char *at = text.data, *end = slice_end(text);
	uint32_t before = 0;

	while (at < end) {
		uint32_t c = text_utf8_next(&at, end);

		if (before == ' ' && unicode_is_upper(c))
			return true;
		if (unicode_class(c) == UNICODE_DENSE ||
		    unicode_class(c) == UNICODE_ARABIC)
			return true;
		before = c;
	}
	return false;
}

static bool has_any(struct slice text, const char *const *words)
{
	for (; *words; words++)
		if (memmem(text.data, text.len, *words, strlen(*words)))
			return true;
	return false;
}

static bool has_answer(struct slice text, enum answer_type type)
{
	static const char *const copulas[] = {
	    " is ",   " are ", " was ",	 " were ", " means ", " ist ",
	    " sind ", " est ", " sont ", " es ",   " son ",   NULL};
	static const char *const places[] = {
	    " in ",  " at ",   " near ", " from ", " under ", " zu ",
	    " bei ", " dans ", " en ",	 " à ",	   NULL};

	switch (type) {
	case ANSWER_NUMBER:
		return has_digit(text);
	case ANSWER_DATE:
		return has_year(text) || has_digit(text);
	case ANSWER_NAME:
		return has_name(text);
	case ANSWER_PLACE:
		return has_name(text) && has_any(text, places);
	case ANSWER_DEFINITION:
		return has_any(text, copulas);
	default:
		return false;
	}
}

/* `fit` is how well the headings over the unit fit the question: an example
 * answers a question how to do what its section is about. */
static double bonus(const struct quote_unit *unit,
		    const struct question *question, double fit)
{
	double sum = 0;

	if (has_answer(unit->text, question->type))
		sum += TYPE_WEIGHT;
	if (question->is_how_to && unit->kind == UNIT_CODE)
		sum += BLOCK_WEIGHT * fit;
	if (question->is_how_to && unit->kind == UNIT_ITEM)
		sum += BLOCK_WEIGHT / 2 * fit;
	if (unit->kind != UNIT_CODE && unit->text.len < FRAGMENT_BYTES)
		sum -= FRAGMENT_COST;
	return sum;
}

struct quote_score quote_score_unit(const struct quote_passage *passage,
				    const struct quote_unit *unit, size_t place,
				    const struct question *question,
				    struct text_analysis *analysis)
{
	bool marks[QUESTION_WORDS_MAX] = {false};
	struct quote_score score = {0, 0, 0};
	double own = 0, title = 0, fit = 0, pairs = 0;
	double sum = question->sum > 0 ? question->sum : 1;

	mark_words(unit->text, question, analysis, marks, &pairs);
	for (size_t i = 0; i < question->count; i++) {
		if (passage->in_title[i])
			fit += question->words[i].idf;
		if (marks[i])
			own += question->words[i].idf;
		else if (passage->in_title[i])
			title += question->words[i].idf;
	}
	/* Words meet by accident in a long listing. */
	if (unit->kind == UNIT_CODE) {
		own *= CODE_SHARE;
		pairs *= CODE_SHARE;
	}
	score.own = own / sum;
	score.coverage = (own + title) / sum;
	score.total = (own + TITLE_WEIGHT * title + PAIR_WEIGHT * pairs) / sum +
		      PASSAGE_WEIGHT * passage->share +
		      PLACE_WEIGHT / (1 + (double)place) +
		      bonus(unit, question, fit / sum);
	return score;
}
