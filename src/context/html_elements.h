/* SPDX-License-Identifier: ISC */
/*
 * What each HTML element means to a reader of text.
 */
#ifndef LEAT_CONTEXT_HTML_ELEMENTS_H
#define LEAT_CONTEXT_HTML_ELEMENTS_H

enum html_element {
	HTML_INLINE, /* everything that is not named here */
	HTML_BLOCK,  /* begins and ends a paragraph */
	HTML_SKIP,   /* never text */
	HTML_ASIDE,  /* text, but not of the document */
	HTML_HEADING,
	HTML_LIST_UNORDERED,
	HTML_LIST_ORDERED,
	HTML_ITEM,
	HTML_CODE_BLOCK,
	HTML_CODE, /* inline; a paragraph of nothing else is a block */
	HTML_TABLE,
	HTML_ROW,
	HTML_CELL,
	HTML_BREAK,
	HTML_TITLE,
	HTML_MAIN,
	HTML_ARTICLE,
	HTML_ROOT,
	HTML_META,
	HTML_ANCHOR
};

/* `name` in lower case. */
enum html_element html_elements_find(const char *name);

#endif
