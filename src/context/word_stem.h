/* SPDX-License-Identifier: ISC */
/*
 * The stem of one word: Snowball where the language has it (and leat was
 * built with it), else its first five letters.
 */
#ifndef LEAT_CONTEXT_WORD_STEM_H
#define LEAT_CONTEXT_WORD_STEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "context/language.h"

/* A word's folded characters. */
struct folded_word {
	const uint32_t *chars;
	unsigned len;
};

struct word_stem; /* keeps stemmers open; for one thread at a time */

struct word_stem *word_stem_new(void);
void word_stem_free(struct word_stem *stems);
/* Appends the stem of the word, without accents. When `looks_up` is set,
 * tells whether it is one of the language's stop words. */
bool word_stem_append(struct word_stem *stems, struct language language,
		      struct folded_word folded, struct buffer *out,
		      bool looks_up);

#endif
