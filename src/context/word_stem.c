/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "context/word_stem.h"

#include <string.h>

#ifdef HAVE_STEMMER
#include <libstemmer.h>
#endif

#include "base/memory.h"
#include "base/text.h"

enum { STEMMERS_MAX = 32, PREFIX_LEN = 5 };

struct stemmer {
	struct language language;
	void *handle; /* NULL: the language has none */
};

struct word_stem {
	struct stemmer stemmers[STEMMERS_MAX];
	unsigned count;
	struct buffer word;
};

struct word_stem *word_stem_new(void)
{
	struct word_stem *stems = memory_zalloc(sizeof(*stems));

	buffer_init(&stems->word, 1024);
	return stems;
}

void word_stem_free(struct word_stem *stems)
{
	if (!stems)
		return;
#ifdef HAVE_STEMMER
	for (unsigned i = 0; i < stems->count; i++)
		sb_stemmer_delete(stems->stemmers[i].handle);
#endif
	buffer_fini(&stems->word);
	memory_free(stems);
}

#ifdef HAVE_STEMMER
static void *find_stemmer(struct word_stem *stems, struct language language)
{
	const char *name;
	struct stemmer *stemmer;

	for (unsigned i = 0; i < stems->count; i++)
		if (language_equal(stems->stemmers[i].language, language))
			return stems->stemmers[i].handle;
	if (stems->count == STEMMERS_MAX)
		return NULL;
	stemmer = &stems->stemmers[stems->count++];
	stemmer->language = language;
	name = language_stemmer(language);
	stemmer->handle = name ? sb_stemmer_new(name, "UTF_8") : NULL;
	return stemmer->handle;
}

static bool stem(struct word_stem *stems, struct language language,
		 struct slice word, struct slice *out)
{
	void *handle = find_stemmer(stems, language);
	const sb_symbol *symbols;

	if (!handle)
		return false;
	symbols = sb_stemmer_stem(handle, (const sb_symbol *)word.data,
				  (int)word.len);
	if (!symbols)
		return false;
	*out = slice_make((const char *)symbols,
			  (size_t)sb_stemmer_length(handle));
	return out->len > 0;
}
#else
static bool stem(struct word_stem *stems, struct language language,
		 struct slice word, struct slice *out)
{
	(void)stems;
	(void)language;
	(void)word;
	(void)out;
	return false;
}
#endif

/* Cutting would make one of all the numbers that begin alike. */
static unsigned cut_len(const uint32_t *chars, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (unicode_class(chars[i]) == UNICODE_DIGIT)
			return len;
	return len < PREFIX_LEN ? len : PREFIX_LEN;
}

static void append_plain(struct buffer *out, struct slice text)
{
	const char *at = text.data, *end = slice_end(text);

	while (at < end) {
		if ((unsigned char)*at < 0x80)
			buffer_append_char(out, *at++);
		else
			text_utf8_append(
			    out, unicode_plain(text_utf8_next(&at, end)));
	}
}

bool word_stem_append(struct word_stem *stems, struct language language,
		      struct folded_word folded, struct buffer *out,
		      bool looks_up)
{
	struct slice word, stemmed;
	bool is_stop;

	buffer_clear(&stems->word);
	for (unsigned i = 0; i < folded.len; i++)
		text_utf8_append(&stems->word, folded.chars[i]);
	word = buffer_slice(&stems->word);
	is_stop = looks_up && language_is_stop_word(language, word);
	if (stem(stems, language, word, &stemmed)) {
		append_plain(out, stemmed);
	} else {
		unsigned len = cut_len(folded.chars, folded.len);

		for (unsigned i = 0; i < len; i++)
			text_utf8_append(out, unicode_plain(folded.chars[i]));
	}
	return is_stop;
}
