/* SPDX-License-Identifier: ISC */
/*
 * Words that say nothing about what a question is about: articles, pronouns,
 * forms of "to be", question words. They are dropped from questions only
 * (the index keeps everything), and they tell languages apart.
 */
#ifndef LEAT_CONTEXT_STOP_WORDS_H
#define LEAT_CONTEXT_STOP_WORDS_H

/* All words of a language with a space before and after each, folded; NULL
 * for a language without a list. */
const char *stop_words_of(const char *code);
/* The n-th language that has a list and puts spaces between its words; NULL
 * past the end. */
const char *stop_words_language(unsigned n);

#endif
