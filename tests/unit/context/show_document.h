/* SPDX-License-Identifier: ISC */
/*
 * A document's blocks as a text that is easy to compare: one per line, with
 * "H1", "P", "-", "C" or "R" before it, and {anchor} behind a heading.
 */
#ifndef LEAT_TESTS_SHOW_DOCUMENT_H
#define LEAT_TESTS_SHOW_DOCUMENT_H

#include "context/document.h"

/* Lives until the next call. */
const char *show_document(const struct document *document);

#endif
