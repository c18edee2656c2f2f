/* SPDX-License-Identifier: ISC */
/*
 * Anchors of Markdown headings, as GitHub and most site generators make
 * them: lower case, no punctuation, hyphens for spaces; the second of the
 * same name in a document gets "-1".
 */
#ifndef LEAT_CONTEXT_HEADING_ANCHOR_H
#define LEAT_CONTEXT_HEADING_ANCHOR_H

#include "base/arena.h"
#include "base/slice.h"

struct heading_anchor_name;

/* The anchors given so far in one document; starts zeroed. They and the
 * results live in the arena. */
struct heading_anchors {
	struct arena *arena;
	struct heading_anchor_name *buckets[64];
};

struct slice heading_anchor_make(struct heading_anchors *anchors,
				 struct slice heading);

#endif
