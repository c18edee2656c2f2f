/* SPDX-License-Identifier: ISC */
#include "context/text_reader.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

enum { TEXT_MAX = 64 << 20 };

struct text_reader {
	struct document *document;
	struct buffer text; /* of the block that is open */
	enum block_kind kind;
	unsigned lines; /* in it */
	bool in_fence;
};

static void flush(struct text_reader *reader)
{
	struct block block = {.kind = reader->kind,
			      .text = buffer_slice(&reader->text)};

	document_add(reader->document, &block);
	buffer_clear(&reader->text);
	reader->kind = BLOCK_TEXT;
	reader->lines = 0;
}

static void add_heading(struct text_reader *reader, int level,
			struct slice text)
{
	struct block block = {
	    .kind = BLOCK_HEADING, .level = level, .text = text};

	document_add(reader->document, &block);
}

/* "## Name" and "## Name ##" */
static bool is_marked_heading(struct slice line, int *level, struct slice *name)
{
	size_t marks = 0;

	while (marks < line.len && line.data[marks] == '#')
		marks++;
	if (marks == 0 || marks > 6 || marks >= line.len ||
	    line.data[marks] != ' ')
		return false;
	*name = text_trim(slice_make(line.data + marks, line.len - marks));
	while (name->len > 0 && name->data[name->len - 1] == '#')
		name->len--;
	*name = text_trim(*name);
	*level = (int)marks;
	return name->len > 0;
}

/* A line of one sign under a line of text. */
static int underline_level(struct slice line)
{
	line = text_trim(line);
	if (line.len < 3 || !strchr("=-~", line.data[0]))
		return 0;
	for (size_t i = 1; i < line.len; i++)
		if (line.data[i] != line.data[0])
			return 0;
	return line.data[0] == '=' ? 1 : line.data[0] == '-' ? 2 : 3;
}

static bool is_item(struct slice line)
{
	size_t digits = 0;

	line = text_trim(line);
	if (line.len >= 2 && strchr("-*+", line.data[0]) && line.data[1] == ' ')
		return true;
	while (digits < line.len && digits < 4 && line.data[digits] >= '0' &&
	       line.data[digits] <= '9')
		digits++;
	return digits > 0 && digits + 1 < line.len &&
	       (line.data[digits] == '.' || line.data[digits] == ')') &&
	       line.data[digits + 1] == ' ';
}

static bool is_indented(struct slice line)
{
	return text_starts_with(line, "    ") || text_starts_with(line, "\t");
}

static void add_line(struct text_reader *reader, struct slice line)
{
	if (reader->text.len > 0)
		buffer_append_char(&reader->text,
				   reader->kind == BLOCK_CODE ? '\n' : ' ');
	if (reader->kind == BLOCK_CODE)
		buffer_append_slice(&reader->text, line);
	else
		buffer_append_slice(&reader->text, text_trim(line));
	reader->lines++;
}

static bool on_fence(struct text_reader *reader, struct slice line)
{
	bool is_fence = text_starts_with(text_trim(line), "```") ||
			text_starts_with(text_trim(line), "~~~");

	if (is_fence) {
		flush(reader);
		reader->in_fence = !reader->in_fence;
		if (reader->in_fence)
			reader->kind = BLOCK_CODE;
		return true;
	}
	if (!reader->in_fence)
		return false;
	if (reader->text.len > 0)
		buffer_append_char(&reader->text, '\n');
	buffer_append_slice(&reader->text, line);
	return true;
}

static void on_line(struct text_reader *reader, struct slice line)
{
	struct slice name;
	int level = underline_level(line);

	if (on_fence(reader, line))
		return;
	if (text_trim(line).len == 0) {
		if (reader->kind == BLOCK_CODE && reader->lines > 0)
			buffer_append_char(&reader->text, '\n');
		else
			flush(reader);
		return;
	}
	if (level > 0 && reader->lines == 0)
		return; /* a rule */
	if (level > 0 && reader->kind == BLOCK_TEXT && reader->lines == 1) {
		add_heading(reader, level, buffer_slice(&reader->text));
		buffer_clear(&reader->text);
		reader->lines = 0;
		return;
	}
	if (is_marked_heading(line, &level, &name)) {
		flush(reader);
		add_heading(reader, level, name);
		return;
	}
	if (is_item(line)) {
		flush(reader);
		reader->kind = BLOCK_ITEM;
	} else if (is_indented(line) && reader->lines == 0) {
		reader->kind = BLOCK_CODE;
	} else if (reader->kind == BLOCK_CODE && !is_indented(line)) {
		flush(reader);
	}
	add_line(reader, line);
}

void text_reader_read(struct document *document, struct slice text)
{
	struct text_reader reader = {.document = document, .kind = BLOCK_TEXT};
	size_t at = 0;

	buffer_init(&reader.text, TEXT_MAX);
	while (at < text.len) {
		const char *line = text.data + at;
		const char *feed = memchr(line, '\n', text.len - at);
		size_t len = feed ? (size_t)(feed - line) : text.len - at;

		at += len + 1;
		/* Form feeds begin pages; a bare CR is a Macintosh line end. */
		while (len > 0 && strchr("\r\f", line[len - 1]))
			len--;
		on_line(&reader, slice_make(line, len));
	}
	flush(&reader);
	buffer_fini(&reader.text);
}
