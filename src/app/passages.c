/* SPDX-License-Identifier: ISC */
#include "app/passages.h"

#include "base/text.h"

/* The beginning of the text, cut between two words. */
static struct slice beginning(struct slice text, unsigned max_bytes)
{
	size_t len;

	text = text_trim(text);
	if (text.len <= max_bytes)
		return text;
	len = text_utf8_floor(text.data, max_bytes);
	for (size_t at = len; at > len / 2; at--)
		if (text.data[at] == ' ' || text.data[at] == '\n')
			return slice_make(text.data, at);
	return slice_make(text.data, len);
}

static void snippet(struct buffer *out, struct slice text, unsigned max_bytes)
{
	struct slice shown = beginning(text, max_bytes);

	buffer_append_slice(out, shown);
	if (shown.len < text_trim(text).len)
		buffer_append_string(out, "…");
}

void passages_put(struct terminal *terminal, const struct passage *passage,
		  size_t number, unsigned snippet_bytes)
{
	struct buffer text;

	buffer_init(&text, (size_t)snippet_bytes + 16);
	fprintf(terminal->file, "%2zu. ", number);
	terminal_put_styled(terminal, STYLE_BOLD, passage->title);
	if (passage->heading.len) {
		terminal_put(terminal, SLICE_LITERAL(" > "));
		terminal_put(terminal, passage->heading);
	}
	fputs("\n    ", terminal->file);
	terminal_put_styled(terminal, STYLE_GREEN, passage->url);
	fputc('\n', terminal->file);
	snippet(&text, passage->text, snippet_bytes);
	terminal_put_wrapped(terminal, 4, buffer_slice(&text));
	fputc('\n', terminal->file);
	buffer_fini(&text);
}
