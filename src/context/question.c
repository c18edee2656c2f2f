/* SPDX-License-Identifier: ISC */
#include "context/question.h"

#include <string.h>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/text.h"
#include "context/follow_up.h"
#include "context/unicode.h"

enum { BEGINNING_BYTES = 120, SHOWN_BYTES = 200, QUESTION_BYTES = 8192 };

/* A word the index knows nothing of says about this much. */
#define UNKNOWN_IDF    5.0
#define EARLIER_WEIGHT 0.4

/* What a question begins with, or has in it as words of their own. Longer
 * phrases first. */
static const struct {
	const char *phrase;
	enum answer_type type;
	bool is_how_to;
} phrases[] = {
    {" how many ", ANSWER_NUMBER, false},
    {" how much ", ANSWER_NUMBER, false},
    {" how long ", ANSWER_NUMBER, false},
    {" how old ", ANSWER_NUMBER, false},
    {" how often ", ANSWER_NUMBER, false},
    {" how large ", ANSWER_NUMBER, false},
    {" how big ", ANSWER_NUMBER, false},
    {" how far ", ANSWER_NUMBER, false},
    {" how high ", ANSWER_NUMBER, false},
    {" how to ", ANSWER_ANY, true},
    {" how do ", ANSWER_ANY, true},
    {" how can ", ANSWER_ANY, true},
    {" how should ", ANSWER_ANY, true},
    {" example ", ANSWER_ANY, true},
    {" what year ", ANSWER_DATE, false},
    {" which year ", ANSWER_DATE, false},
    {" what date ", ANSWER_DATE, false},
    {" what percentage ", ANSWER_NUMBER, false},
    {" what number ", ANSWER_NUMBER, false},
    {" when ", ANSWER_DATE, false},
    {" who ", ANSWER_NAME, false},
    {" whom ", ANSWER_NAME, false},
    {" whose ", ANSWER_NAME, false},
    {" where ", ANSWER_PLACE, false},
    {" what is ", ANSWER_DEFINITION, false},
    {" what are ", ANSWER_DEFINITION, false},
    {" wie viel ", ANSWER_NUMBER, false},
    {" wie viele ", ANSWER_NUMBER, false},
    {" wieviel ", ANSWER_NUMBER, false},
    {" wie lange ", ANSWER_NUMBER, false},
    {" wie hoch ", ANSWER_NUMBER, false},
    {" wie kann ", ANSWER_ANY, true},
    {" wie ", ANSWER_ANY, true},
    {" wann ", ANSWER_DATE, false},
    {" wer ", ANSWER_NAME, false},
    {" wem ", ANSWER_NAME, false},
    {" wo ", ANSWER_PLACE, false},
    {" was ist ", ANSWER_DEFINITION, false},
    {" combien ", ANSWER_NUMBER, false},
    {" comment ", ANSWER_ANY, true},
    {" quand ", ANSWER_DATE, false},
    {" qui ", ANSWER_NAME, false},
    {" où ", ANSWER_PLACE, false},
    {" cuántos ", ANSWER_NUMBER, false},
    {" cuántas ", ANSWER_NUMBER, false},
    {" cuánto ", ANSWER_NUMBER, false},
    {" cómo ", ANSWER_ANY, true},
    {" cuándo ", ANSWER_DATE, false},
    {" quién ", ANSWER_NAME, false},
    {" dónde ", ANSWER_PLACE, false},
};

/* Folded words with single spaces around, of the beginning. */
static void fold_beginning(struct slice text, struct buffer *out)
{
	const char *at = text.data, *end = slice_end(text);

	buffer_append_char(out, ' ');
	while (at < end && out->len < BEGINNING_BYTES) {
		uint32_t c = unicode_fold(text_utf8_next(&at, end));

		if (unicode_class(c) != UNICODE_SEPARATOR)
			text_utf8_append(out, c);
		else if (out->data[out->len - 1] != ' ')
			buffer_append_char(out, ' ');
	}
	if (out->len > 0 && out->data[out->len - 1] != ' ')
		buffer_append_char(out, ' ');
}

/* The phrase that stands first decides; of two at one place the longer. */
static void read_kind(struct question *question, struct slice text)
{
	const char *first = NULL;
	struct buffer folded;

	buffer_init(&folded, (size_t)BEGINNING_BYTES * 2);
	fold_beginning(text, &folded);
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		const char *found =
		    strstr(buffer_string(&folded), phrases[i].phrase);

		if (!found || (first && found >= first))
			continue;
		first = found;
		question->type = phrases[i].type;
		question->is_how_to = phrases[i].is_how_to;
	}
	buffer_fini(&folded);
}

static void add_word(struct question *question, uint64_t hash, double idf)
{
	for (size_t i = 0; i < question->count; i++)
		if (question->words[i].hash == hash)
			return;
	if (question->count == QUESTION_WORDS_MAX)
		return;
	question->words[question->count].hash = hash;
	question->words[question->count].idf = idf;
	question->words[question->count].next = 0;
	if (question->count > 0)
		question->words[question->count - 1].next = hash;
	question->count++;
	question->sum += idf;
}

static size_t add_words(struct question *question, struct slice text,
			double weight, struct text_analysis *analysis,
			const struct word_weights *weights)
{
	struct token_list list;
	size_t added = question->count;

	if (text.len > QUESTION_BYTES)
		text.len = text_utf8_floor(text.data, QUESTION_BYTES);
	text_analysis_init_list(&list);
	text_analysis_query(analysis, text, question->language, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct slice token = text_analysis_token(&list, i);

		if (!list.items[i].is_stop)
			add_word(question, ids_hash(token),
				 weight * word_weights_get(weights, token,
							   UNKNOWN_IDF));
	}
	text_analysis_fini_list(&list);
	return question->count - added;
}

void question_read(struct question *question, const struct ask *ask,
		   struct language language, struct text_analysis *analysis,
		   const struct word_weights *weights)
{
	size_t words;

	memset(question, 0, sizeof(*question));
	question->language = language;
	read_kind(question, ask->query);
	words = add_words(question, ask->query, 1, analysis, weights);
	if (ask->message_count > 1 && follow_up_is_one(ask->query, words))
		add_words(question,
			  follow_up_last(ask->messages, ask->message_count - 1,
					 ROLE_USER),
			  EARLIER_WEIGHT, analysis, weights);
}

static bool is_listed(struct slice shown, struct slice word)
{
	for (size_t at = 0; at + word.len <= shown.len; at++)
		if (!memcmp(shown.data + at, word.data, word.len) &&
		    (at == 0 || shown.data[at - 1] == ' ') &&
		    (at + word.len == shown.len ||
		     shown.data[at + word.len] == ','))
			return true;
	return false;
}

static void show_word(struct buffer *shown, struct slice word,
		      struct slice folded, struct language language)
{
	if (word.len == 0 || shown->len + word.len + 2 > SHOWN_BYTES ||
	    language_is_stop_word(language, folded) ||
	    is_listed(buffer_slice(shown), word))
		return;
	if (shown->len > 0)
		buffer_append_string(shown, ", ");
	buffer_append_slice(shown, word);
}

struct slice question_search_words(struct slice text, struct language language,
				   struct arena *arena)
{
	const char *at = text.data, *end = slice_end(text);
	const char *from = at;
	struct buffer shown, folded;
	struct slice copy;

	buffer_init(&shown, SHOWN_BYTES);
	buffer_init(&folded, 256);
	while (at < end) {
		const char *here = at;
		uint32_t c = unicode_fold(text_utf8_next(&at, end));

		if (unicode_class(c) != UNICODE_SEPARATOR || c == '-' ||
		    c == '_') {
			text_utf8_append(&folded, c);
			continue;
		}
		show_word(&shown, slice_make(from, (size_t)(here - from)),
			  buffer_slice(&folded), language);
		buffer_clear(&folded);
		from = at;
	}
	show_word(&shown, slice_make(from, (size_t)(end - from)),
		  buffer_slice(&folded), language);
	copy = arena_copy(arena, buffer_slice(&shown));
	buffer_fini(&folded);
	buffer_fini(&shown);
	return copy;
}
