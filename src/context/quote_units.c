/* SPDX-License-Identifier: ISC */
#include "context/quote_units.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "context/sentences.h"

struct unit_list {
	struct quote_unit *units;
	size_t count;
	unsigned paragraph;
};

static void add(struct unit_list *list, enum quote_unit_kind kind,
		struct slice text)
{
	/* Code keeps the indentation of its first line. */
	if (kind != UNIT_CODE)
		text = text_trim(text);
	if (text.len == 0 || list->count == QUOTE_UNITS_MAX)
		return;
	list->units[list->count].kind = kind;
	list->units[list->count].text = text;
	list->units[list->count].paragraph = list->paragraph;
	list->count++;
}

static bool is_code_line(struct slice line)
{
	return line.len == 0 || text_starts_with(line, "    ");
}

static bool is_item_line(struct slice line)
{
	size_t digits = 0;

	if (text_starts_with(line, "- "))
		return true;
	while (digits < line.len && line.data[digits] >= '0' &&
	       line.data[digits] <= '9')
		digits++;
	return digits > 0 && digits < 4 && digits + 1 < line.len &&
	       line.data[digits] == '.' && line.data[digits + 1] == ' ';
}

/* Any of a table's rows may be a single cell. */
static bool has_bar(struct slice paragraph)
{
	return memmem(paragraph.data, paragraph.len, " | ", 3) != NULL;
}

static struct slice line_at(struct slice text, size_t at)
{
	const char *feed = memchr(text.data + at, '\n', text.len - at);
	size_t end = feed ? (size_t)(feed - text.data) : text.len;

	return slice_make(text.data + at, end - at);
}

/* The end of the paragraph at `at`: at an empty line, or at the text's. */
static size_t paragraph_end(struct slice text, size_t at)
{
	const char *gap = memmem(text.data + at, text.len - at, "\n\n", 2);

	return gap ? (size_t)(gap - text.data) : text.len;
}

static bool is_code(struct slice paragraph)
{
	for (size_t at = 0; at < paragraph.len;) {
		struct slice line = line_at(paragraph, at);

		if (!is_code_line(line))
			return false;
		at += line.len + 1;
	}
	return paragraph.len > 0;
}

/* Code goes on over empty lines while what follows is indented. */
static size_t code_end(struct slice text, size_t end)
{
	while (end < text.len) {
		size_t next = end;

		while (next < text.len && text.data[next] == '\n')
			next++;
		size_t next_end = paragraph_end(text, next);

		if (!is_code(slice_make(text.data + next, next_end - next)))
			break;
		end = next_end;
	}
	return end;
}

static void add_sentences(struct unit_list *list, struct slice text)
{
	for (size_t at = 0; at < text.len;) {
		size_t next = sentences_next(text, at);

		add(list, UNIT_SENTENCE, slice_make(text.data + at, next - at));
		at = next;
	}
}

/* An item goes on over the lines that are none by themselves. */
static void add_items(struct unit_list *list, struct slice text)
{
	size_t from = 0;

	for (size_t at = 0; at < text.len;) {
		struct slice line = line_at(text, at);

		if (at > from && is_item_line(line)) {
			add(list, UNIT_ITEM,
			    slice_make(text.data + from, at - from));
			from = at;
		}
		at += line.len + 1;
	}
	add(list, UNIT_ITEM, slice_make(text.data + from, text.len - from));
}

static void add_rows(struct unit_list *list, struct slice text)
{
	for (size_t at = 0; at < text.len;) {
		struct slice line = line_at(text, at);

		add(list, UNIT_ROW, line);
		at += line.len + 1;
	}
}

size_t quote_units_find(struct slice passage,
			struct quote_unit units[QUOTE_UNITS_MAX])
{
	struct unit_list list = {.units = units};

	for (size_t at = 0; at < passage.len;) {
		size_t end = paragraph_end(passage, at);
		struct slice text = slice_make(passage.data + at, end - at);

		list.paragraph++;
		if (is_code(text)) {
			end = code_end(passage, end);
			add(&list, UNIT_CODE,
			    slice_make(passage.data + at, end - at));
		} else if (is_item_line(line_at(text, 0))) {
			add_items(&list, text);
		} else if (has_bar(text)) {
			add_rows(&list, text);
		} else {
			add_sentences(&list, text);
		}
		for (at = end; at < passage.len && passage.data[at] == '\n';)
			at++;
	}
	return list.count;
}
