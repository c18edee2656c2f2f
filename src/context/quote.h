/* SPDX-License-Identifier: ISC */
/*
 * The quoter: the best sentences, lists and code blocks of the passages that
 * were found, verbatim. No model, no network, no I/O.
 */
#ifndef LEAT_CONTEXT_QUOTE_H
#define LEAT_CONTEXT_QUOTE_H

#include "core/quoter.h"

struct word_weights;

/* `weights` is borrowed and tells how rare words are in the index; NULL:
 * they are guessed from the passages. */
struct quoter *quote_new(const struct word_weights *weights);

#endif
