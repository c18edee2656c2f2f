/* SPDX-License-Identifier: ISC */
/*
 * From a page's elements, one after the other, to the document's blocks:
 * where a paragraph begins and ends, how a list or a table is written, which
 * anchor leads to a heading. It knows no parser.
 */
#ifndef LEAT_CONTEXT_HTML_BLOCKS_H
#define LEAT_CONTEXT_HTML_BLOCKS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "context/document.h"
#include "context/html_elements.h"

enum { HTML_BLOCKS_LISTS_MAX = 8 };

enum html_link {
	HTML_NO_LINK,
	HTML_LINK_HERE, /* to a place in the same page */
	HTML_LINK_AWAY
};

struct html_tag {
	enum html_element element;
	int level;	 /* of a heading */
	struct slice id; /* or the name of an <a>; empty: none */
	bool is_main;	 /* role=main */
	enum html_link link;
};

struct html_blocks {
	struct document *document;
	struct buffer text; /* of the block that is open */
	struct buffer title;
	struct buffer anchor;	 /* of the heading that is open */
	struct buffer candidate; /* an id with no text after it yet */
	enum block_kind kind;
	int level;
	int list_depth;
	int numbers[HTML_BLOCKS_LISTS_MAX]; /* last number; -1: no numbers */
	int main_depth; /* elements open since <main>, with it; 0: outside */
	int article_depth;
	int code_depth;
	int row_depth;
	/* Of the block's letters: how many are links, and of how many. */
	enum html_link link;
	size_t letters;
	size_t letters_here;
	size_t letters_away;
	size_t letters_code;
	unsigned link_count;
	unsigned code_inline_depth;
	bool keeps_links; /* also blocks of nothing but links */
	bool in_title;
	bool in_heading;
};

void html_blocks_init(struct html_blocks *blocks, struct document *document);
void html_blocks_fini(struct html_blocks *blocks);
void html_blocks_open(struct html_blocks *blocks, const struct html_tag *tag);
void html_blocks_close(struct html_blocks *blocks, enum html_element element);
void html_blocks_text(struct html_blocks *blocks, struct slice text);
/* The first that is a language tag wins. */
void html_blocks_set_language(struct html_blocks *blocks, struct slice tag);
void html_blocks_end(struct html_blocks *blocks); /* of the page */

#endif
