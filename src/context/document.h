/* SPDX-License-Identifier: ISC */
/*
 * A document as its readers leave it: a title, a language, and blocks in the
 * order of the text. Everything lives in its arena.
 *
 * Invariants: block texts are valid UTF-8 without NULs and not empty; only
 * code has runs of white space. The text of all blocks has a cap.
 */
#ifndef LEAT_CONTEXT_DOCUMENT_H
#define LEAT_CONTEXT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "context/language.h"

enum block_kind {
	BLOCK_HEADING,
	BLOCK_TEXT, /* a paragraph */
	BLOCK_ITEM, /* of a list: with its mark and indentation */
	BLOCK_CODE,
	BLOCK_ROW /* of a table: cells with " | " between */
};

/* Where in a page a block stands: what is in <main> is preferred. */
enum block_region { REGION_PAGE, REGION_ARTICLE, REGION_MAIN };

struct block {
	enum block_kind kind;
	enum block_region region;
	int level; /* of a heading: 1 to 6 */
	struct slice text;
	struct slice anchor; /* of a heading; empty: none */
};

struct document {
	struct arena arena;
	struct slice title; /* empty until somebody knows it */
	struct language language;
	struct block *blocks;
	size_t count;
	size_t cap;
	size_t text_bytes;
	bool is_too_large; /* what came after the cap is missing */
};

void document_init(struct document *document);
void document_fini(struct document *document);
/* Copies. White space is collapsed, except in code, where only the ends of
 * lines are trimmed; a block without text is left out. */
void document_add(struct document *document, const struct block *block);
/* Copies, with white space collapsed. */
void document_set_title(struct document *document, struct slice title);
/* Called once after reading: keeps the best region only, finds a title where
 * there is none, guesses the language where none was declared. */
void document_complete(struct document *document, struct slice file_name);

#endif
