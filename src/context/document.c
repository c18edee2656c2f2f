/* SPDX-License-Identifier: ISC */
#include "context/document.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "context/unicode.h"

enum {
	DOCUMENT_TEXT_MAX = 64 << 20,
	DOCUMENT_TITLE_MAX = 300, /* bytes */
	ANCHOR_MAX = 200,
	GUESS_BYTES = 4096
};

void document_init(struct document *document)
{
	memset(document, 0, sizeof(*document));
	arena_init(&document->arena);
}

void document_fini(struct document *document)
{
	memory_free(document->blocks);
	arena_fini(&document->arena);
}

/* Every run of white space becomes one space, a run with a line end in it
 * stays one when `keeps_lines` is set. */
static struct slice collapse(struct arena *arena, struct slice text,
			     bool keeps_lines)
{
	const char *at = text.data, *end = slice_end(text);
	bool has_space = false, has_line = false;
	struct slice out;
	struct buffer buffer;

	buffer_init(&buffer, BUFFER_UNLIMITED);
	while (at < end) {
		const char *from = at;
		uint32_t c = text_utf8_next(&at, end);

		if (unicode_is_space(c)) {
			has_space = true;
			has_line = has_line || c == '\n';
			continue;
		}
		if (has_space && buffer.len > 0)
			buffer_append_char(
			    &buffer, has_line && keeps_lines ? '\n' : ' ');
		has_space = has_line = false;
		buffer_append(&buffer, from, (size_t)(at - from));
	}
	out = arena_copy(arena, buffer_slice(&buffer));
	buffer_fini(&buffer);
	return out;
}

/* Code keeps its lines and their beginnings; empty lines at both ends and
 * white space at the ends of lines go. */
static struct slice clean_code(struct arena *arena, struct slice text)
{
	struct buffer buffer;
	struct slice out;
	size_t kept = 0, at = 0;

	buffer_init(&buffer, BUFFER_UNLIMITED);
	while (at < text.len) {
		const char *line = text.data + at;
		const char *feed = memchr(line, '\n', text.len - at);
		size_t len = feed ? (size_t)(feed - line) : text.len - at;

		at += len + 1;
		while (len > 0 && strchr(" \t\r", line[len - 1]))
			len--;
		if (len == 0 && kept == 0)
			continue;
		buffer_append(&buffer, line, len);
		if (len > 0)
			kept = buffer.len;
		buffer_append_char(&buffer, '\n');
	}
	out = arena_copy(arena, slice_make(buffer.data, kept));
	buffer_fini(&buffer);
	return out;
}

void document_add(struct document *document, const struct block *block)
{
	struct block *copy;
	struct slice text;

	if (document->text_bytes + block->text.len > DOCUMENT_TEXT_MAX) {
		document->is_too_large = true;
		return;
	}
	if (block->kind == BLOCK_CODE)
		text = clean_code(&document->arena, block->text);
	else
		text = collapse(&document->arena, block->text,
				block->kind == BLOCK_TEXT ||
				    block->kind == BLOCK_ITEM);
	if (text.len == 0)
		return;
	if (document->count == document->cap) {
		document->cap = document->cap ? document->cap * 2 : 64;
		document->blocks = memory_realloc(
		    document->blocks, document->cap * sizeof(*copy));
	}
	copy = &document->blocks[document->count++];
	*copy = *block;
	copy->text = text;
	copy->anchor = block->anchor.len <= ANCHOR_MAX
			   ? arena_copy(&document->arena, block->anchor)
			   : SLICE_NONE;
	document->text_bytes += text.len;
}

void document_set_title(struct document *document, struct slice title)
{
	document->title = collapse(&document->arena, title, false);
	if (document->title.len > DOCUMENT_TITLE_MAX)
		document->title.len =
		    text_utf8_floor(document->title.data, DOCUMENT_TITLE_MAX);
}

static void keep_best_region(struct document *document)
{
	enum block_region best = REGION_PAGE;
	size_t kept = 0;

	for (size_t i = 0; i < document->count; i++)
		if (document->blocks[i].region > best &&
		    document->blocks[i].kind != BLOCK_HEADING)
			best = document->blocks[i].region;
	for (size_t i = 0; i < document->count; i++)
		if (document->blocks[i].region >= best)
			document->blocks[kept++] = document->blocks[i];
	document->count = kept;
}

static const struct block *first_heading(const struct document *document)
{
	for (size_t i = 0; i < document->count; i++)
		if (document->blocks[i].kind == BLOCK_HEADING)
			return document->blocks[i].level == 1
				   ? &document->blocks[i]
				   : NULL;
	return NULL;
}

/* "Caching Guide - Apache HTTP Server" is shown as its first heading says,
 * when that is a part of it: the rest is the site's name. */
static void choose_title(struct document *document, struct slice file_name)
{
	const struct block *heading = first_heading(document);

	if (heading && (document->title.len == 0 ||
			memmem(document->title.data, document->title.len,
			       heading->text.data, heading->text.len)))
		document_set_title(document, heading->text);
	if (document->title.len == 0)
		document_set_title(document, file_name);
}

static void guess_language(struct document *document)
{
	struct buffer sample;

	buffer_init(&sample, GUESS_BYTES * 2);
	for (size_t i = 0; i < document->count; i++) {
		if (sample.len > GUESS_BYTES)
			break;
		if (document->blocks[i].kind == BLOCK_CODE)
			continue;
		buffer_append_slice(&sample, document->blocks[i].text);
		buffer_append_char(&sample, '\n');
	}
	document->language = language_guess(buffer_slice(&sample));
	buffer_fini(&sample);
}

void document_complete(struct document *document, struct slice file_name)
{
	keep_best_region(document);
	choose_title(document, file_name);
	if (!language_is_known(document->language))
		guess_language(document);
}
