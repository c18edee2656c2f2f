/* SPDX-License-Identifier: ISC */
/*
 * How alike two texts are: Jaccard's coefficient of their word sets.
 */
#ifndef LEAT_CONTEXT_NEAR_DUPLICATE_H
#define LEAT_CONTEXT_NEAR_DUPLICATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "context/text_analysis.h"

struct word_set {
	uint64_t *hashes; /* sorted, each once */
	size_t count;
};

/* The words of a text; lives in the arena. */
struct word_set near_duplicate_words(struct text_analysis *analysis,
				     struct slice text,
				     struct language language,
				     struct arena *arena);
/* 0 (nothing in common) to 1 (the same words); two empty sets: 1. */
double near_duplicate_likeness(struct word_set a, struct word_set b);

#endif
