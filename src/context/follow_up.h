/* SPDX-License-Identifier: ISC */
/*
 * Questions that mean more than they say: "and on Apache?", "how do I turn
 * it off?". Recognised by a pronoun or by having hardly a content word; what
 * they leave out is taken from the conversation, without a model.
 */
#ifndef LEAT_CONTEXT_FOLLOW_UP_H
#define LEAT_CONTEXT_FOLLOW_UP_H

#include <stdbool.h>

#include "core/ask.h"

bool follow_up_is_one(struct slice question, size_t content_words);
/* The last message of that role; empty when there is none. */
struct slice follow_up_last(const struct message *history, size_t count,
			    enum role role);

#endif
