/* SPDX-License-Identifier: ISC */
#include "context/language.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "context/stop_words.h"

/* How much of a text the guess looks at. */
enum { GUESS_BYTES = 4096, GUESS_WORDS = 300 };

static const struct known_language {
	const char *code;
	enum unicode_script script;
	const char *stemmer;
} languages[] = {
    {"ar", UNICODE_ARAB, NULL}, /* 4-grams do better */
    {"be", UNICODE_CYRILLIC, NULL},	  {"bg", UNICODE_CYRILLIC, NULL},
    {"ca", UNICODE_LATIN, "catalan"},	  {"da", UNICODE_LATIN, "danish"},
    {"de", UNICODE_LATIN, "german"},	  {"el", UNICODE_GREEK, "greek"},
    {"en", UNICODE_LATIN, "english"},	  {"es", UNICODE_LATIN, "spanish"},
    {"eu", UNICODE_LATIN, "basque"},	  {"fa", UNICODE_ARAB, NULL},
    {"fi", UNICODE_LATIN, "finnish"},	  {"fr", UNICODE_LATIN, "french"},
    {"ga", UNICODE_LATIN, "irish"},	  {"he", UNICODE_HEBREW, NULL},
    {"hi", UNICODE_DEVANAGARI, "hindi"},  {"hu", UNICODE_LATIN, "hungarian"},
    {"hy", UNICODE_ARMENIAN, "armenian"}, {"id", UNICODE_LATIN, "indonesian"},
    {"it", UNICODE_LATIN, "italian"},	  {"ja", UNICODE_KANA, NULL},
    {"ko", UNICODE_HANGUL, NULL},	  {"lt", UNICODE_LATIN, "lithuanian"},
    {"mk", UNICODE_CYRILLIC, NULL},	  {"mr", UNICODE_DEVANAGARI, NULL},
    {"nb", UNICODE_LATIN, "norwegian"},	  {"ne", UNICODE_DEVANAGARI, "nepali"},
    {"nl", UNICODE_LATIN, "dutch"},	  {"nn", UNICODE_LATIN, "norwegian"},
    {"no", UNICODE_LATIN, "norwegian"},	  {"pt", UNICODE_LATIN, "portuguese"},
    {"ro", UNICODE_LATIN, "romanian"},	  {"ru", UNICODE_CYRILLIC, "russian"},
    {"sv", UNICODE_LATIN, "swedish"},	  {"ta", UNICODE_TAMIL, "tamil"},
    {"th", UNICODE_THAI, NULL},		  {"tr", UNICODE_LATIN, "turkish"},
    {"uk", UNICODE_CYRILLIC, NULL},	  {"ur", UNICODE_ARAB, NULL},
    {"yi", UNICODE_HEBREW, NULL},	  {"zh", UNICODE_HAN, NULL},
};

static const struct known_language *find(struct language language)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (!strcmp(languages[i].code, language.code))
			return &languages[i];
	return NULL;
}

static struct language named(const char *code)
{
	struct language language = {""};

	if (code)
		memcpy(language.code, code, 3);
	return language;
}

struct language language_of_tag(struct slice tag)
{
	struct language language = {""};

	tag = text_trim(tag);
	if (tag.len >= 2 &&
	    (tag.len == 2 || tag.data[2] == '-' || tag.data[2] == '_')) {
		language.code[0] = text_lower(tag.data[0]);
		language.code[1] = text_lower(tag.data[1]);
	}
	for (int i = 0; i < 2; i++)
		if (language.code[i] < 'a' || language.code[i] > 'z')
			return named(NULL);
	return language;
}

bool language_is_known(struct language language)
{
	return language.code[0] != '\0';
}

bool language_equal(struct language a, struct language b)
{
	return !strcmp(a.code, b.code);
}

enum unicode_script language_script(struct language language)
{
	const struct known_language *known = find(language);

	return known ? known->script : UNICODE_LATIN;
}

struct language language_for_script(struct language language,
				    enum unicode_script script)
{
	static const struct {
		enum unicode_script script;
		const char *code;
	} usual[] = {
	    {UNICODE_LATIN, "en"},	{UNICODE_GREEK, "el"},
	    {UNICODE_CYRILLIC, "ru"},	{UNICODE_ARMENIAN, "hy"},
	    {UNICODE_DEVANAGARI, "hi"}, {UNICODE_TAMIL, "ta"},
	    {UNICODE_ARAB, "ar"},	{UNICODE_HEBREW, "he"},
	};

	if (language_is_known(language) && language_script(language) == script)
		return language;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i].script == script)
			return named(usual[i].code);
	return language;
}

const char *language_stemmer(struct language language)
{
	const struct known_language *known = find(language);

	return known ? known->stemmer : NULL;
}

bool language_is_stop_word(struct language language, struct slice word)
{
	const char *words = stop_words_of(language.code);
	char padded[40];

	if (!words || word.len == 0 || word.len > sizeof(padded) - 2)
		return false;
	padded[0] = ' ';
	memcpy(padded + 1, word.data, word.len);
	padded[word.len + 1] = ' ';
	return memmem(words, strlen(words), padded, word.len + 2) != NULL;
}

/* The script of most letters; *kana tells Japanese from Chinese. */
static enum unicode_script main_script(struct slice text, bool *kana)
{
	unsigned counts[UNICODE_HAN + 1] = {0};
	enum unicode_script best = UNICODE_OTHER;
	const char *at = text.data, *end = slice_end(text);

	while (at < end)
		counts[unicode_script(text_utf8_next(&at, end))]++;
	*kana = counts[UNICODE_KANA] > 0 &&
		counts[UNICODE_KANA] * 10 > counts[UNICODE_HAN];
	/* One Chinese character is about a word. */
	counts[UNICODE_HAN] *= 3;
	counts[UNICODE_KANA] *= 2;
	for (int i = UNICODE_LATIN; i <= UNICODE_HAN; i++)
		if (counts[i] > counts[best] || best == UNICODE_OTHER)
			best = counts[i] ? (enum unicode_script)i : best;
	return best;
}

/* Folded words, each followed by a space. */
static unsigned fold_words(struct slice text, struct buffer *out)
{
	const char *at = text.data, *end = slice_end(text);
	unsigned words = 0;
	bool inside = false;

	while (at < end && words < GUESS_WORDS) {
		uint32_t c = unicode_fold(text_utf8_next(&at, end));
		enum unicode_class class = unicode_class(c);

		if (class == UNICODE_IGNORED)
			continue;
		if (class != UNICODE_SEPARATOR) {
			text_utf8_append(out, c);
			inside = true;
		} else if (inside) {
			buffer_append_char(out, ' ');
			inside = false;
			words++;
		}
	}
	if (inside)
		buffer_append_char(out, ' ');
	return words + inside;
}

static unsigned count_stop_words(struct slice words, struct language language)
{
	unsigned count = 0;
	size_t from = 0;

	for (size_t i = 0; i < words.len; i++) {
		if (words.data[i] != ' ')
			continue;
		count += language_is_stop_word(
		    language, slice_make(words.data + from, i - from));
		from = i + 1;
	}
	return count;
}

static struct language guess_by_words(struct slice text,
				      enum unicode_script script)
{
	struct language best = {""};
	unsigned best_count = 0, words;
	struct buffer folded;

	buffer_init(&folded, (size_t)GUESS_BYTES * 4);
	words = fold_words(text, &folded);
	for (unsigned i = 0; stop_words_language(i); i++) {
		struct language language = named(stop_words_language(i));
		unsigned count;

		if (language_script(language) != script)
			continue;
		count = count_stop_words(buffer_slice(&folded), language);
		if (count > best_count) {
			best_count = count;
			best = language;
		}
	}
	buffer_fini(&folded);
	/* A text of any length in a language has a fifth of them and more;
	 * less is a list of names, or a language without a list. */
	return best_count * 10 >= words && best_count > 0 ? best : named(NULL);
}

struct language language_guess(struct slice text)
{
	enum unicode_script script;
	bool kana;

	if (text.len > GUESS_BYTES)
		text.len = text_utf8_floor(text.data, GUESS_BYTES);
	script = main_script(text, &kana);
	switch (script) {
	case UNICODE_HAN:
	case UNICODE_KANA:
		return named(kana ? "ja" : "zh");
	case UNICODE_HANGUL:
		return named("ko");
	case UNICODE_THAI:
		return named("th");
	case UNICODE_TAMIL:
		return named("ta");
	case UNICODE_ARMENIAN:
		return named("hy");
	case UNICODE_OTHER:
		return named(NULL);
	default:
		return guess_by_words(text, script);
	}
}
