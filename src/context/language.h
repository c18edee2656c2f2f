/* SPDX-License-Identifier: ISC */
/*
 * Languages: their names, stemmers and stop words, and a guess at the
 * language of a text that does not tell.
 */
#ifndef LEAT_CONTEXT_LANGUAGE_H
#define LEAT_CONTEXT_LANGUAGE_H

#include <stdbool.h>

#include "base/slice.h"
#include "context/unicode.h"

/* A two-letter code (ISO 639-1), lower case, terminated; "" is unknown. */
struct language {
	char code[4];
};

/* From a tag such as "de-AT" or "pt_BR" (RFC 5646: its primary subtag);
 * unknown when it is none. */
struct language language_of_tag(struct slice tag);
/* By script, and by how many of its first words are a language's stop
 * words; unknown when too few are. */
struct language language_guess(struct slice text);
bool language_is_known(struct language language);
bool language_equal(struct language a, struct language b);
/* What a language is written in; Latin when unknown. */
enum unicode_script language_script(struct language language);
/* The language to analyse a word of this script by, in a document of
 * `language`: that one when it is written so, else the script's usual one. */
struct language language_for_script(struct language language,
				    enum unicode_script script);
/* The Snowball algorithm's name; NULL: there is none. */
const char *language_stemmer(struct language language);
/* `word` is folded (unicode_fold), with its accents. */
bool language_is_stop_word(struct language language, struct slice word);

#endif
