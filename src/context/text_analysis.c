/* SPDX-License-Identifier: ISC */
#include "context/text_analysis.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "context/word_stem.h"

/* A word longer than this is data, not a word: its rest is left out. */
enum { RUN_MAX = 64, PARTS_MAX = 6, GRAM_LEN = 4 };

/* A run is a word, a compound, or a stretch of a dense script. */
struct run {
	enum unicode_class class; /* UNICODE_SEPARATOR: none is open */
	uint32_t chars[RUN_MAX];  /* folded */
	unsigned len;
	unsigned parts[PARTS_MAX]; /* where each part but the first begins */
	unsigned part_count;
	bool ends_upper; /* the last character was a capital */
	bool is_numeric;
};

struct text_analysis {
	struct word_stem *stems;
};

/* One pass over a text. */
struct scan {
	struct text_analysis *analysis;
	struct token_list *list;
	struct language language;
	bool marks_stop_words;
	struct run run;
};

struct text_analysis *text_analysis_new(void)
{
	struct text_analysis *analysis = memory_zalloc(sizeof(*analysis));

	analysis->stems = word_stem_new();
	return analysis;
}

void text_analysis_free(struct text_analysis *analysis)
{
	if (!analysis)
		return;
	word_stem_free(analysis->stems);
	memory_free(analysis);
}

void text_analysis_init_list(struct token_list *list)
{
	memset(list, 0, sizeof(*list));
	buffer_init(&list->text, UINT32_MAX);
}

void text_analysis_fini_list(struct token_list *list)
{
	buffer_fini(&list->text);
	memory_free(list->items);
	list->items = NULL;
	list->count = list->cap = 0;
}

void text_analysis_clear_list(struct token_list *list)
{
	buffer_clear(&list->text);
	list->count = 0;
	list->words = 0;
}

struct slice text_analysis_token(const struct token_list *list, size_t n)
{
	return slice_make(list->text.data + list->items[n].start,
			  list->items[n].len);
}

/* The bytes since `start` become a token. */
static struct token *end_token(struct scan *scan, size_t start)
{
	struct token_list *list = scan->list;
	struct token *token;
	size_t len = list->text.len - start;

	if (len == 0 || !buffer_append_char(&list->text, ' '))
		return NULL;
	if (list->count == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 64;
		list->items =
		    memory_realloc(list->items, list->cap * sizeof(*token));
	}
	token = &list->items[list->count++];
	memset(token, 0, sizeof(*token));
	token->start = (uint32_t)start;
	token->len = (uint32_t)len;
	token->word = list->words;
	return token;
}

static struct token *put_chars(struct scan *scan, const uint32_t *chars,
			       unsigned len)
{
	size_t start = scan->list->text.len;

	for (unsigned i = 0; i < len; i++)
		text_utf8_append(&scan->list->text, chars[i]);
	return end_token(scan, start);
}

static void put_word(struct scan *scan, const uint32_t *chars, unsigned len)
{
	struct language language;
	struct token *token;
	bool is_stop;
	size_t start = scan->list->text.len;

	if (len == 0)
		return;
	language =
	    language_for_script(scan->language, unicode_script(chars[0]));
	is_stop = word_stem_append(scan->analysis->stems, language,
				   (struct folded_word){chars, len},
				   &scan->list->text, scan->marks_stop_words);
	token = end_token(scan, start);
	if (token)
		token->is_stop = is_stop;
}

static void put_compound(struct scan *scan)
{
	struct run *run = &scan->run;
	unsigned from = 0;

	for (unsigned i = 0; i < run->part_count; i++) {
		put_word(scan, run->chars + from, run->parts[i] - from);
		from = run->parts[i];
	}
	put_word(scan, run->chars + from, run->len - from);
	put_word(scan, run->chars, run->len);
}

static void put_number(struct scan *scan)
{
	struct run *run = &scan->run;
	unsigned dots = 0, second = 0;

	for (unsigned i = 0; i < run->len; i++)
		if (run->chars[i] == '.' && ++dots == 2)
			second = i;
	put_chars(scan, run->chars, run->len);
	if (second)
		put_chars(scan, run->chars, second);
}

static void put_arabic(struct scan *scan)
{
	struct run *run = &scan->run;
	size_t first = scan->list->count, start = scan->list->text.len;
	bool is_stop = false;

	if (scan->marks_stop_words) {
		struct language language =
		    language_for_script(scan->language, UNICODE_ARAB);

		for (unsigned i = 0; i < run->len; i++)
			text_utf8_append(&scan->list->text, run->chars[i]);
		is_stop = language_is_stop_word(
		    language, slice_make(scan->list->text.data + start,
					 scan->list->text.len - start));
		scan->list->text.len = start;
	}
	if (run->len <= GRAM_LEN)
		put_chars(scan, run->chars, run->len);
	else
		for (unsigned i = 0; i + GRAM_LEN <= run->len; i++)
			put_chars(scan, run->chars + i, GRAM_LEN);
	for (size_t i = first; i < scan->list->count; i++)
		scan->list->items[i].is_stop = is_stop;
}

static void put_dense(struct scan *scan)
{
	struct run *run = &scan->run;
	struct token *token;

	for (unsigned i = 0; i + 2 <= run->len; i++)
		put_chars(scan, run->chars + i, 2);
	/* The index gets the last character too, so that a prefix question
	 * for one character finds it wherever it stands. */
	if (scan->marks_stop_words && run->len > 1)
		return;
	token = put_chars(scan, run->chars + run->len - 1, 1);
	if (token)
		token->is_prefix = true;
}

static void end_run(struct scan *scan)
{
	struct run *run = &scan->run;

	while (run->is_numeric && run->len && run->chars[run->len - 1] == '.')
		run->len--;
	if (run->class != UNICODE_SEPARATOR && run->len > 0) {
		if (run->class == UNICODE_ARABIC)
			put_arabic(scan);
		else if (run->class == UNICODE_DENSE)
			put_dense(scan);
		else if (run->is_numeric)
			put_number(scan);
		else if (run->part_count > 0)
			put_compound(scan);
		else
			put_word(scan, run->chars, run->len);
		scan->list->words++;
	}
	run->class = UNICODE_SEPARATOR;
	run->len = run->part_count = 0;
	run->ends_upper = run->is_numeric = false;
}

static void add_char(struct scan *scan, uint32_t folded, bool is_upper)
{
	struct run *run = &scan->run;

	if (run->len == RUN_MAX) {
		if (run->class != UNICODE_DENSE)
			return;
		/* A long run of Chinese goes on; the bigram across the cut is
		 * kept by carrying its first half over. */
		for (unsigned i = 0; i + 2 <= RUN_MAX; i++)
			put_chars(scan, run->chars + i, 2);
		run->chars[0] = run->chars[RUN_MAX - 1];
		run->len = 1;
	}
	run->chars[run->len++] = folded;
	run->ends_upper = is_upper;
}

static void start_part(struct run *run)
{
	if (run->part_count < PARTS_MAX && run->len < RUN_MAX && run->len > 0 &&
	    (run->part_count == 0 ||
	     run->parts[run->part_count - 1] < run->len))
		run->parts[run->part_count++] = run->len;
}

static bool is_word_class(enum unicode_class class)
{
	return class == UNICODE_LETTER || class == UNICODE_DIGIT;
}

static void on_word_char(struct scan *scan, uint32_t c, uint32_t folded)
{
	struct run *run = &scan->run;
	enum unicode_class class = unicode_class(folded);
	bool is_upper = class == UNICODE_LETTER && unicode_is_upper(c);
	bool is_same = is_word_class(class) ? is_word_class(run->class)
					    : class == run->class;

	if (run->class != UNICODE_SEPARATOR && !is_same)
		end_run(scan);
	if (run->class == UNICODE_SEPARATOR) {
		run->class = class;
		run->is_numeric = class == UNICODE_DIGIT;
	} else if (class == UNICODE_LETTER) {
		if (is_upper && !run->ends_upper && !run->is_numeric)
			start_part(run);
		run->is_numeric = false;
	}
	add_char(scan, folded, is_upper);
}

/* "v2" of "v2.4.57" */
static bool is_version(const struct run *run)
{
	if (run->len < 2 || run->chars[0] != 'v' || run->part_count > 0)
		return false;
	for (unsigned i = 1; i < run->len; i++)
		if (unicode_class(run->chars[i]) != UNICODE_DIGIT)
			return false;
	return true;
}

/* True when the separator at *at belongs to the word around it. */
static bool joins(struct scan *scan, uint32_t c, const char *at,
		  const char *end)
{
	struct run *run = &scan->run;
	enum unicode_class next;

	if (at >= end || !is_word_class(run->class))
		return false;
	next = unicode_class(unicode_fold(text_utf8_next(&at, end)));
	if (c == '.' && next == UNICODE_DIGIT && is_version(run)) {
		run->is_numeric = true;
		run->len--;
		memmove(run->chars, run->chars + 1,
			run->len * sizeof(run->chars[0]));
	}
	if (run->is_numeric) {
		if (next != UNICODE_DIGIT || (c != '.' && c != ','))
			return false;
		if (c == '.' && run->len < RUN_MAX)
			run->chars[run->len++] = '.';
		return true;
	}
	if ((c != '_' && c != '-') || !is_word_class(next))
		return false;
	start_part(run);
	run->ends_upper = true; /* no second joint before a capital */
	return true;
}

/* C++, C#, F#: a short word and its sign. */
static void put_signed_name(struct scan *scan, uint32_t c, const char *at,
			    const char *end)
{
	struct run *run = &scan->run;
	uint32_t name[6];
	unsigned len = run->len;

	if (run->class != UNICODE_LETTER || len == 0 || len > 3)
		return;
	memcpy(name, run->chars, sizeof(name[0]) * len);
	if (c == '#' && (at >= end || *at == ' ' || strchr(".,;:?!)", *at))) {
		name[len++] = '#';
	} else if (c == '+' && at < end && *at == '+') {
		name[len++] = '+';
		name[len++] = '+';
	} else {
		return;
	}
	put_chars(scan, name, len);
}

static void scan_text(struct scan *scan, struct slice text)
{
	const char *at = text.data, *end = slice_end(text);

	scan->run.class = UNICODE_SEPARATOR;
	while (at < end) {
		uint32_t c = text_utf8_next(&at, end);
		uint32_t folded = unicode_fold(c);
		enum unicode_class class = unicode_class(folded);

		if (class == UNICODE_IGNORED)
			continue;
		if (class != UNICODE_SEPARATOR) {
			on_word_char(scan, c, folded);
			continue;
		}
		if (joins(scan, c, at, end))
			continue;
		if (c == '+' || c == '#')
			put_signed_name(scan, c, at, end);
		end_run(scan);
	}
	end_run(scan);
}

void text_analysis_index(struct text_analysis *analysis, struct slice text,
			 struct language language, struct token_list *list)
{
	struct scan scan = {
	    .analysis = analysis, .list = list, .language = language};

	scan_text(&scan, text);
}

void text_analysis_query(struct text_analysis *analysis, struct slice text,
			 struct language language, struct token_list *list)
{
	struct scan scan = {.analysis = analysis,
			    .list = list,
			    .language = language,
			    .marks_stop_words = true};

	scan_text(&scan, text);
}
