/* SPDX-License-Identifier: ISC */
/*
 * A document's blocks become passages: split at headings, about 800
 * characters each, never more than 1,200. Paragraphs, lists and code stay
 * whole where they fit; else they end at sentences (code: at lines).
 *
 * Nothing is lost: every word of the blocks is in a passage's text or, for a
 * heading, in the heading path of those below it.
 *
 * In a passage's text paragraphs stand apart by an empty line, list items and
 * table rows by a line end, and code is indented by four spaces.
 */
#ifndef LEAT_CONTEXT_PASSAGE_SPLIT_H
#define LEAT_CONTEXT_PASSAGE_SPLIT_H

#include <stdbool.h>

#include "base/slice.h"
#include "context/document.h"

/* In characters (code points). */
enum { PASSAGE_TARGET = 800, PASSAGE_MAX = 1200 };

struct split_passage {
	struct slice text;
	struct slice heading; /* "Install > On Debian"; without the title */
	struct slice anchor;  /* of the nearest heading that has one */
};

/* Calls on_passage for each, in order; texts live until it returns. False as
 * soon as on_passage returned false. */
bool passage_split_document(
    const struct document *document,
    bool (*on_passage)(void *state, const struct split_passage *passage),
    void *state);

#endif
