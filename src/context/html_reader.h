/* SPDX-License-Identifier: ISC */
/*
 * HTML to blocks. libxml2 parses; what is no text of the document (scripts,
 * navigation, hidden elements) is left out, and what stands in <main> or
 * <article> is marked, so that the document can be reduced to it.
 *
 * Nothing is fetched, no entity is defined by the document, and nesting is
 * bounded.
 */
#ifndef LEAT_CONTEXT_HTML_READER_H
#define LEAT_CONTEXT_HTML_READER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/slice.h"
#include "context/document.h"

/* False when leat was built without libxml2. */
bool html_reader_is_available(void);
/* `html` is UTF-8 (context/charset.h). NULL, or why it cannot be read.
 * *cancelled (may be NULL) ends a long document early. */
const char *html_reader_read(struct document *document, struct slice html,
			     const atomic_bool *cancelled);

#endif
