/* SPDX-License-Identifier: ISC */
/*
 * Where sentences end. By rules: a terminator, closing quotes, a space and
 * what may begin a sentence; not after abbreviations and initials. Chinese
 * and Japanese terminators end at once.
 */
#ifndef LEAT_CONTEXT_SENTENCES_H
#define LEAT_CONTEXT_SENTENCES_H

#include <stddef.h>

#include "base/slice.h"

/* The end of the sentence that begins at `from`, with the white space after
 * it: where the next one begins. text.len at the last. `text` is valid UTF-8;
 * a line end does not end a sentence, an empty line does. */
size_t sentences_next(struct slice text, size_t from);

#endif
