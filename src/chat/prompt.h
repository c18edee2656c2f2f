/* SPDX-License-Identifier: ISC */
/*
 * The system prompt: the owner's words, and the passages as numbered sources
 * that the model is told to treat as data and to cite by [n].
 */
#ifndef LEAT_CHAT_PROMPT_H
#define LEAT_CHAT_PROMPT_H

#include "core/ask.h"

/* Sets ask->system, in the ask's arena. `owner` may be NULL. was_searched:
 * there are documents, and the ask wanted them; without passages the model is
 * told that none was found. A system message of the client (where allowed)
 * stays where it is, in the messages. */
void prompt_compose(struct ask *ask, const char *owner, bool was_searched);

#endif
