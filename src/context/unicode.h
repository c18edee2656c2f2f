/* SPDX-License-Identifier: ISC */
/*
 * What searching needs to know about characters: which make words, how they
 * are written without case, and how without accents. Not a general Unicode
 * library: characters nobody searches for are letters that fold to
 * themselves.
 */
#ifndef LEAT_CONTEXT_UNICODE_H
#define LEAT_CONTEXT_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

enum unicode_class {
	UNICODE_SEPARATOR, /* space, punctuation, symbols */
	UNICODE_IGNORED,   /* combining accents, joiners, tatweel, marks */
	UNICODE_DIGIT,
	UNICODE_LETTER, /* of a script that puts spaces between words */
	UNICODE_ARABIC,
	UNICODE_DENSE /* of a script without spaces: Chinese, Thai, … */
};

/* The scripts that tell languages apart. */
enum unicode_script {
	UNICODE_OTHER,
	UNICODE_LATIN,
	UNICODE_GREEK,
	UNICODE_CYRILLIC,
	UNICODE_ARMENIAN,
	UNICODE_HEBREW,
	UNICODE_ARAB,
	UNICODE_DEVANAGARI,
	UNICODE_TAMIL,
	UNICODE_THAI,
	UNICODE_HANGUL,
	UNICODE_KANA,
	UNICODE_HAN
};

/* Of a folded character. */
enum unicode_class unicode_class(uint32_t c);
enum unicode_script unicode_script(uint32_t c);
/* Lower case, ASCII for full-width forms and for all digits, one form of the
 * Arabic letters that are often mixed up. */
uint32_t unicode_fold(uint32_t c);
/* A folded letter without its accent, where it is often left out. */
uint32_t unicode_plain(uint32_t c);
bool unicode_is_upper(uint32_t c);
/* White space, also the wide kinds. */
bool unicode_is_space(uint32_t c);

#endif
