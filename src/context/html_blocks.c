/* SPDX-License-Identifier: ISC */
#include "context/html_blocks.h"

#include <string.h>

#include "base/text.h"
#include "context/unicode.h"

enum {
	TEXT_MAX = 64 << 20,
	TITLE_MAX = 2048,
	ANCHOR_MAX = 256,
	/* A row longer than this is a page's layout, not a table's line. */
	ROW_BYTES = 400
};

void html_blocks_init(struct html_blocks *blocks, struct document *document)
{
	memset(blocks, 0, sizeof(*blocks));
	blocks->document = document;
	blocks->kind = BLOCK_TEXT;
	buffer_init(&blocks->text, TEXT_MAX);
	buffer_init(&blocks->title, TITLE_MAX);
	buffer_init(&blocks->anchor, ANCHOR_MAX);
	buffer_init(&blocks->candidate, ANCHOR_MAX);
}

void html_blocks_fini(struct html_blocks *blocks)
{
	buffer_fini(&blocks->text);
	buffer_fini(&blocks->title);
	buffer_fini(&blocks->anchor);
	buffer_fini(&blocks->candidate);
}

void html_blocks_set_language(struct html_blocks *blocks, struct slice tag)
{
	if (!language_is_known(blocks->document->language))
		blocks->document->language = language_of_tag(tag);
}

/* A table of contents, whose lines are the headings below once more, and a
 * row of links to other pages: not what a page says, but ways through it. */
static bool is_navigation(const struct html_blocks *blocks)
{
	if (blocks->keeps_links || blocks->kind == BLOCK_HEADING ||
	    blocks->kind == BLOCK_CODE || blocks->letters == 0)
		return false;
	if (blocks->letters_here * 10 >= blocks->letters * 9)
		return true;
	return blocks->kind == BLOCK_TEXT && blocks->link_count >= 3 &&
	       (blocks->letters_here + blocks->letters_away) * 10 >=
		   blocks->letters * 9;
}

static void clear(struct html_blocks *blocks)
{
	buffer_clear(&blocks->text);
	blocks->letters = blocks->letters_here = blocks->letters_away = 0;
	blocks->letters_code = 0;
	blocks->link_count = 0;
}

static void flush(struct html_blocks *blocks)
{
	struct block block = {.kind = blocks->kind,
			      .level = blocks->level,
			      .text = buffer_slice(&blocks->text)};

	if (blocks->main_depth > 0)
		block.region = REGION_MAIN;
	else if (blocks->article_depth > 0)
		block.region = REGION_ARTICLE;
	if (text_trim(block.text).len == 0) {
		clear(blocks);
		return; /* the kind waits for its text */
	}
	if (block.kind == BLOCK_HEADING)
		block.anchor = buffer_slice(&blocks->anchor);
	if (block.kind == BLOCK_TEXT && blocks->letters > 0 &&
	    blocks->letters_code == blocks->letters)
		block.kind = BLOCK_CODE;
	if (!is_navigation(blocks))
		document_add(blocks->document, &block);
	clear(blocks);
	blocks->kind = blocks->code_depth > 0 ? BLOCK_CODE : BLOCK_TEXT;
}

static void open_list(struct html_blocks *blocks, int number)
{
	flush(blocks);
	if (blocks->list_depth < HTML_BLOCKS_LISTS_MAX)
		blocks->numbers[blocks->list_depth] = number;
	blocks->list_depth++;
}

static void open_item(struct html_blocks *blocks)
{
	int place = blocks->list_depth - 1;

	flush(blocks);
	blocks->kind = BLOCK_ITEM;
	if (place >= HTML_BLOCKS_LISTS_MAX)
		place = HTML_BLOCKS_LISTS_MAX - 1;
	blocks->level = place;
}

/* "- " or "3. ", when the item's first text comes. */
static void put_item_mark(struct html_blocks *blocks)
{
	int place = blocks->level < 0 ? 0 : blocks->level;

	if (blocks->list_depth > 0 && blocks->numbers[place] >= 0)
		buffer_printf(&blocks->text, "%d. ", ++blocks->numbers[place]);
	else
		buffer_append_string(&blocks->text, "- ");
}

static void open_heading(struct html_blocks *blocks, const struct html_tag *tag)
{
	flush(blocks);
	blocks->kind = BLOCK_HEADING;
	blocks->level = tag->level;
	blocks->in_heading = true;
	buffer_clear(&blocks->anchor);
	buffer_append_slice(&blocks->anchor,
			    tag->id.len > 0 ? tag->id
					    : buffer_slice(&blocks->candidate));
}

/* A paragraph inside a table's cell does not end the row. */
static bool stays_in_row(const struct html_blocks *blocks)
{
	return blocks->row_depth > 0 && blocks->kind == BLOCK_ROW &&
	       blocks->text.len < ROW_BYTES;
}

static void open_block(struct html_blocks *blocks)
{
	if (stays_in_row(blocks))
		buffer_append_char(&blocks->text, ' ');
	else
		flush(blocks);
}

/* "Port:" and "80" need no bar between them. */
static void open_cell(struct html_blocks *blocks)
{
	struct slice row = text_trim(buffer_slice(&blocks->text));

	if (blocks->kind == BLOCK_ROW && row.len > 0)
		buffer_append_string(
		    &blocks->text, row.data[row.len - 1] == ':' ? " " : " | ");
}

/* An id leads to the heading that it stands on, in, or right before. */
static void note_id(struct html_blocks *blocks, const struct html_tag *tag)
{
	if (tag->id.len == 0 || tag->element == HTML_ROOT ||
	    tag->element == HTML_MAIN)
		return;
	if (blocks->in_heading) {
		if (blocks->anchor.len == 0)
			buffer_append_slice(&blocks->anchor, tag->id);
		return;
	}
	buffer_clear(&blocks->candidate);
	buffer_append_slice(&blocks->candidate, tag->id);
}

static void count_regions(struct html_blocks *blocks,
			  const struct html_tag *tag)
{
	if (blocks->main_depth > 0 || tag->is_main ||
	    tag->element == HTML_MAIN) {
		if (blocks->main_depth == 0)
			flush(blocks);
		blocks->main_depth++;
	}
	if (blocks->article_depth > 0 || tag->element == HTML_ARTICLE) {
		if (blocks->article_depth == 0)
			flush(blocks);
		blocks->article_depth++;
	}
}

void html_blocks_open(struct html_blocks *blocks, const struct html_tag *tag)
{
	count_regions(blocks, tag);
	switch (tag->element) {
	case HTML_TITLE:
		blocks->in_title = true;
		break;
	case HTML_HEADING:
		open_heading(blocks, tag);
		return; /* its id is its anchor */
	case HTML_LIST_UNORDERED:
		open_list(blocks, -1);
		break;
	case HTML_LIST_ORDERED:
		open_list(blocks, 0);
		break;
	case HTML_ITEM:
		open_item(blocks);
		break;
	case HTML_CODE_BLOCK:
		flush(blocks);
		blocks->code_depth++;
		blocks->kind = BLOCK_CODE;
		break;
	case HTML_TABLE:
		flush(blocks);
		break;
	case HTML_ROW:
		flush(blocks);
		blocks->row_depth++;
		blocks->kind = BLOCK_ROW;
		break;
	case HTML_CELL:
		open_cell(blocks);
		break;
	case HTML_BREAK:
		buffer_append_char(&blocks->text, '\n');
		break;
	case HTML_CODE:
		blocks->code_inline_depth++;
		break;
	case HTML_ANCHOR:
		blocks->link = tag->link;
		blocks->link_count += tag->link != HTML_NO_LINK;
		break;
	case HTML_BLOCK:
	case HTML_ASIDE:
	case HTML_MAIN:
	case HTML_ARTICLE:
		open_block(blocks);
		break;
	default:
		break;
	}
	note_id(blocks, tag);
}

static void close_part(struct html_blocks *blocks, enum html_element element)
{
	switch (element) {
	case HTML_TITLE:
		blocks->in_title = false;
		break;
	case HTML_CODE:
		if (blocks->code_inline_depth > 0)
			blocks->code_inline_depth--;
		break;
	case HTML_ANCHOR:
		blocks->link = HTML_NO_LINK;
		break;
	case HTML_HEADING:
		flush(blocks);
		blocks->in_heading = false;
		blocks->kind = BLOCK_TEXT;
		buffer_clear(&blocks->candidate);
		break;
	case HTML_LIST_UNORDERED:
	case HTML_LIST_ORDERED:
		flush(blocks);
		if (blocks->list_depth > 0)
			blocks->list_depth--;
		blocks->kind = BLOCK_TEXT;
		break;
	case HTML_ITEM:
		flush(blocks);
		blocks->kind = BLOCK_TEXT;
		break;
	case HTML_CODE_BLOCK:
		flush(blocks);
		if (blocks->code_depth > 0)
			blocks->code_depth--;
		blocks->kind = BLOCK_TEXT;
		break;
	case HTML_ROW:
		flush(blocks);
		if (blocks->row_depth > 0)
			blocks->row_depth--;
		blocks->kind = BLOCK_TEXT;
		break;
	case HTML_TABLE:
		flush(blocks);
		break;
	case HTML_BLOCK:
	case HTML_ASIDE:
	case HTML_MAIN:
	case HTML_ARTICLE:
		open_block(blocks);
		break;
	default:
		break;
	}
}

void html_blocks_close(struct html_blocks *blocks, enum html_element element)
{
	close_part(blocks, element);
	if (blocks->main_depth > 0) {
		if (blocks->main_depth == 1)
			flush(blocks);
		blocks->main_depth--;
	}
	if (blocks->article_depth > 0) {
		if (blocks->article_depth == 1)
			flush(blocks);
		blocks->article_depth--;
	}
}

static void count_letters(struct html_blocks *blocks, struct slice text)
{
	size_t letters = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text_lower(text.data[i]);

		letters += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			   (unsigned char)c >= 0x80;
	}
	blocks->letters += letters;
	if (blocks->code_inline_depth > 0)
		blocks->letters_code += letters;
	if (blocks->link == HTML_LINK_HERE)
		blocks->letters_here += letters;
	else if (blocks->link == HTML_LINK_AWAY)
		blocks->letters_away += letters;
}

/* Line ends of the source are spaces; those of <br> came in by themselves. */
static void append_flowing(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '\n' || c == '\r' || c == '\t')
			c = ' ';
		buffer_append_char(out, c);
	}
}

/* The sign behind a heading that links to itself: ¶, #, §, a chain. */
static bool is_permalink(const struct html_blocks *blocks, struct slice text)
{
	const char *at = text.data, *end = slice_end(text);

	if (!blocks->in_heading || blocks->link == HTML_NO_LINK)
		return false;
	while (at < end) {
		enum unicode_class class =
		    unicode_class(unicode_fold(text_utf8_next(&at, end)));

		if (class != UNICODE_SEPARATOR && class != UNICODE_IGNORED)
			return false;
	}
	return true;
}

void html_blocks_text(struct html_blocks *blocks, struct slice text)
{
	if (is_permalink(blocks, text))
		return;
	if (blocks->in_title) {
		buffer_append_slice(&blocks->title, text);
		return;
	}
	if (blocks->code_depth > 0) {
		if (blocks->kind != BLOCK_HEADING)
			blocks->kind = BLOCK_CODE;
		buffer_append_slice(&blocks->text, text);
		return;
	}
	if (text_trim(text).len > 0) {
		if (!blocks->in_heading)
			buffer_clear(&blocks->candidate);
		if (blocks->kind == BLOCK_ITEM && blocks->text.len == 0)
			put_item_mark(blocks);
	} else if (blocks->text.len == 0) {
		return;
	}
	count_letters(blocks, text);
	append_flowing(&blocks->text, text);
}

void html_blocks_end(struct html_blocks *blocks)
{
	flush(blocks);
	if (blocks->title.len > 0 && blocks->document->title.len == 0)
		document_set_title(blocks->document,
				   buffer_slice(&blocks->title));
}
