/* SPDX-License-Identifier: ISC */
/*
 * Markdown (CommonMark and GitHub's tables, through md4c) to blocks. Headings
 * get the anchors that GitHub gives them. YAML front matter is read for
 * `title:` and `lang:` and left out.
 *
 * Built without md4c, the plain-text reader takes Markdown too.
 */
#ifndef LEAT_CONTEXT_MARKDOWN_READER_H
#define LEAT_CONTEXT_MARKDOWN_READER_H

#include "base/slice.h"
#include "context/document.h"

/* `text` is UTF-8. NULL, or why it cannot be read. */
const char *markdown_reader_read(struct document *document, struct slice text);
/* What follows the front matter, whose title and language the document
 * takes. */
struct slice markdown_reader_front_matter(struct document *document,
					  struct slice text);

#endif
