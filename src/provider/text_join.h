/* SPDX-License-Identifier: ISC */
/*
 * Joins characters that a provider cut between two deltas: the halves of a
 * surrogate pair (three bytes ED A0..BF xx each, as base/json.h hands them)
 * and the bytes of one UTF-8 character.
 *
 * Invariant: what comes out is valid UTF-8 whatever went in. What can still
 * become a character is held back; what cannot is U+FFFD, once.
 */
#ifndef LEAT_PROVIDER_TEXT_JOIN_H
#define LEAT_PROVIDER_TEXT_JOIN_H

#include "base/buffer.h"
#include "base/slice.h"

struct text_join {
	unsigned char held_len;
	char held[8];
};

/* The text behind what was held back. Borrowed: from `text` when nothing had
 * to be changed, else from scratch, whose content is replaced. */
struct slice text_join_feed(struct text_join *join, struct slice text,
			    struct buffer *scratch);
/* Nothing more comes: U+FFFD for what is held back, or nothing. */
struct slice text_join_end(struct text_join *join);

#endif
