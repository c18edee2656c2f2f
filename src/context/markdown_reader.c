/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "context/markdown_reader.h"

#include <string.h>

#include "base/text.h"

#ifdef HAVE_MD4C

#include <md4c.h>

#include "base/buffer.h"
#include "context/heading_anchor.h"
#include "context/html_entity.h"

enum { TEXT_MAX = 64 << 20, LISTS_MAX = 8 };

struct markdown_reader {
	struct document *document;
	struct heading_anchors anchors;
	struct buffer text; /* of the block that is open */
	enum block_kind kind;
	int level;
	int list_depth;
	int numbers[LISTS_MAX]; /* the next number; -1: no numbers */
	int image_depth;	/* alternative texts are left out */
	bool needs_mark;	/* an item's first text has not come yet */
	enum { HTML_TEXT, HTML_TAG, HTML_COMMENT } html;
	const char *raw_until; /* inside <script> or <style> */
};

static void flush(struct markdown_reader *reader)
{
	struct block block = {.kind = reader->kind,
			      .level = reader->level,
			      .text = buffer_slice(&reader->text)};

	if (text_trim(block.text).len > 0) {
		if (block.kind == BLOCK_HEADING)
			block.anchor =
			    heading_anchor_make(&reader->anchors, block.text);
		document_add(reader->document, &block);
		reader->kind = BLOCK_TEXT;
	}
	buffer_clear(&reader->text);
}

static void put_item_mark(struct markdown_reader *reader)
{
	int place = reader->list_depth - 1;

	reader->needs_mark = false;
	reader->kind = BLOCK_ITEM;
	if (place >= LISTS_MAX)
		place = LISTS_MAX - 1;
	if (place >= 0 && reader->numbers[place] >= 0)
		buffer_printf(&reader->text, "%d. ", reader->numbers[place]++);
	else
		buffer_append_string(&reader->text, "- ");
}

static void open_list(struct markdown_reader *reader, int number)
{
	flush(reader);
	if (reader->list_depth < LISTS_MAX)
		reader->numbers[reader->list_depth] = number;
	reader->list_depth++;
}

static void begin(struct markdown_reader *reader, enum block_kind kind)
{
	flush(reader);
	reader->kind = kind;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *state)
{
	struct markdown_reader *reader = state;

	switch (type) {
	case MD_BLOCK_H:
		begin(reader, BLOCK_HEADING);
		reader->level = (int)((MD_BLOCK_H_DETAIL *)detail)->level;
		break;
	case MD_BLOCK_UL:
		open_list(reader, -1);
		break;
	case MD_BLOCK_OL:
		open_list(reader, (int)((MD_BLOCK_OL_DETAIL *)detail)->start);
		break;
	case MD_BLOCK_LI:
		begin(reader, BLOCK_ITEM);
		reader->needs_mark = true;
		break;
	case MD_BLOCK_CODE:
		begin(reader, BLOCK_CODE);
		reader->needs_mark = false;
		break;
	case MD_BLOCK_TR:
		begin(reader, BLOCK_ROW);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		if (reader->text.len > 0)
			buffer_append_string(&reader->text, " | ");
		break;
	case MD_BLOCK_P:
		if (!reader->needs_mark)
			begin(reader, BLOCK_TEXT);
		break;
	default:
		break;
	}
	return 0;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *state)
{
	struct markdown_reader *reader = state;

	(void)detail;
	if (type == MD_BLOCK_TH || type == MD_BLOCK_TD)
		return 0;
	flush(reader);
	reader->kind = BLOCK_TEXT;
	if (type == MD_BLOCK_LI)
		reader->needs_mark = false;
	if ((type == MD_BLOCK_UL || type == MD_BLOCK_OL) &&
	    reader->list_depth > 0)
		reader->list_depth--;
	if (type == MD_BLOCK_HTML) {
		reader->html = HTML_TEXT;
		reader->raw_until = NULL;
	}
	return 0;
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *state)
{
	struct markdown_reader *reader = state;

	(void)detail;
	if (type == MD_SPAN_IMG)
		reader->image_depth++;
	return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *state)
{
	struct markdown_reader *reader = state;

	(void)detail;
	if (type == MD_SPAN_IMG)
		reader->image_depth--;
	return 0;
}

/* Tags inside Markdown: their text is kept, they themselves, comments,
 * scripts and styles are not. Good enough for badges and <details>. */
static void append_html(struct markdown_reader *reader, struct slice html)
{
	for (size_t i = 0; i < html.len; i++) {
		struct slice rest = slice_make(html.data + i, html.len - i);

		if (reader->raw_until) {
			if (!text_starts_with(rest, reader->raw_until))
				continue;
			reader->raw_until = NULL;
			reader->html = HTML_TAG;
		} else if (reader->html == HTML_COMMENT) {
			if (text_starts_with(rest, "-->"))
				reader->html = HTML_TAG;
		} else if (reader->html == HTML_TAG) {
			if (html.data[i] == '>')
				reader->html = HTML_TEXT;
		} else if (html.data[i] == '<') {
			reader->html = HTML_TAG;
			if (text_starts_with(rest, "<!--"))
				reader->html = HTML_COMMENT;
			else if (text_starts_with(rest, "<script"))
				reader->raw_until = "</script";
			else if (text_starts_with(rest, "<style"))
				reader->raw_until = "</style";
			else if (text_starts_with(rest, "<br"))
				buffer_append_char(&reader->text, '\n');
		} else {
			buffer_append_char(&reader->text, html.data[i] == '\n'
							      ? ' '
							      : html.data[i]);
		}
	}
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *data, MD_SIZE len,
		   void *state)
{
	struct markdown_reader *reader = state;
	struct slice text = slice_make(data, len);

	if (reader->image_depth > 0)
		return 0;
	if (type == MD_TEXT_HTML) {
		append_html(reader, text);
		return 0;
	}
	if (reader->needs_mark)
		put_item_mark(reader);
	switch (type) {
	case MD_TEXT_BR:
		buffer_append_char(&reader->text, '\n');
		break;
	case MD_TEXT_SOFTBR:
		buffer_append_char(&reader->text, ' ');
		break;
	case MD_TEXT_NULLCHAR:
		break;
	case MD_TEXT_ENTITY:
		html_entity_append(&reader->text, text);
		break;
	default:
		buffer_append_slice(&reader->text, text);
		break;
	}
	return 0;
}

const char *markdown_reader_read(struct document *document, struct slice text)
{
	struct markdown_reader reader = {.document = document,
					 .kind = BLOCK_TEXT};
	MD_PARSER parser = {.flags = MD_DIALECT_GITHUB,
			    .enter_block = on_enter_block,
			    .leave_block = on_leave_block,
			    .enter_span = on_enter_span,
			    .leave_span = on_leave_span,
			    .text = on_text};
	int rc;

	text = markdown_reader_front_matter(document, text);
	reader.anchors.arena = &document->arena;
	buffer_init(&reader.text, TEXT_MAX);
	rc = md_parse(text.data, (MD_SIZE)text.len, &parser, &reader);
	flush(&reader);
	buffer_fini(&reader.text);
	return rc == 0 ? NULL : "the Markdown parser gave up";
}

#else

#include "context/text_reader.h"

const char *markdown_reader_read(struct document *document, struct slice text)
{
	text = markdown_reader_front_matter(document, text);
	text_reader_read(document, text);
	return NULL;
}

#endif

static struct slice next_line(struct slice *text)
{
	const char *feed =
	    text->len ? memchr(text->data, '\n', text->len) : NULL;
	size_t len = feed ? (size_t)(feed - text->data) : text->len;
	struct slice line = slice_make(text->data, len);

	if (feed)
		len++;
	text->data = slice_end(slice_make(text->data, len));
	text->len -= len;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct slice unquote(struct slice value)
{
	value = text_trim(value);
	if (value.len >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
	    value.data[value.len - 1] == value.data[0])
		return slice_make(value.data + 1, value.len - 2);
	return value;
}

static void take_setting(struct document *document, struct slice line)
{
	const char *colon = memchr(line.data, ':', line.len);
	struct slice name, value;

	if (!colon)
		return;
	name = slice_make(line.data, (size_t)(colon - line.data));
	value = unquote(slice_make(colon + 1, line.len - name.len - 1));
	if (slice_is(name, "title") && value.len > 0)
		document_set_title(document, value);
	if (slice_is(name, "lang") || slice_is(name, "language"))
		document->language = language_of_tag(value);
}

struct slice markdown_reader_front_matter(struct document *document,
					  struct slice text)
{
	struct slice rest = text, body;

	if (!slice_is(next_line(&rest), "---"))
		return text;
	body = rest;
	while (rest.len > 0) {
		struct slice line = next_line(&rest);

		if (!slice_is(line, "---") && !slice_is(line, "..."))
			continue;
		while (body.len > rest.len) {
			line = next_line(&body);
			if (line.len > 0)
				take_setting(document, line);
		}
		return rest;
	}
	return text; /* a rule, not front matter */
}
