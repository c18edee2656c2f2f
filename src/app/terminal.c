/* SPDX-License-Identifier: ISC */
#include "app/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	WIDTH_DEFAULT = 80,
	WIDTH_MIN = 20,
	WIDTH_MAX = 400,
	BAR_CELLS = 20,
	REDRAW_MS = 100
};

static const char *const style_codes[] = {
    [STYLE_PLAIN] = "",		 [STYLE_BOLD] = "\033[1m",
    [STYLE_DIM] = "\033[2m",	 [STYLE_GREEN] = "\033[32m",
    [STYLE_YELLOW] = "\033[33m", [STYLE_RED] = "\033[31m",
};

static unsigned width_of(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < WIDTH_MIN)
		return WIDTH_DEFAULT;
	return size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

void terminal_init(struct terminal *terminal, FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *kind = getenv("TERM");

	memset(terminal, 0, sizeof(*terminal));
	terminal->file = file;
	terminal->is_terminal = isatty(fileno(file)) == 1;
	terminal->has_color = terminal->is_terminal &&
			      !(no_color && *no_color) &&
			      !(kind && !strcmp(kind, "dumb"));
	terminal->width =
	    terminal->is_terminal ? width_of(fileno(file)) : WIDTH_DEFAULT;
}

/* C0, DEL and (as UTF-8) C1: escape sequences begin with one of them. */
static size_t control_len(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;

	if (c == '\n' || c == '\t')
		return 0;
	if (c < 0x20 || c == 0x7f)
		return 1;
	if (c == 0xc2 && at + 1 < end && (unsigned char)at[1] >= 0x80 &&
	    (unsigned char)at[1] < 0xa0)
		return 2;
	return 0;
}

void terminal_put(struct terminal *terminal, struct slice text)
{
	const char *end = slice_end(text);
	const char *from = text.data;
	const char *at = from;

	while (at < end) {
		size_t skip = control_len(at, end);

		if (skip == 0) {
			at++;
			continue;
		}
		fwrite(from, 1, (size_t)(at - from), terminal->file);
		at += skip;
		from = at;
	}
	if (end > from)
		fwrite(from, 1, (size_t)(end - from), terminal->file);
}

void terminal_put_styled(struct terminal *terminal, enum terminal_style style,
			 struct slice text)
{
	bool is_styled = terminal->has_color && style != STYLE_PLAIN;

	if (is_styled)
		fputs(style_codes[style], terminal->file);
	terminal_put(terminal, text);
	if (is_styled)
		fputs("\033[0m", terminal->file);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

void terminal_put_wrapped(struct terminal *terminal, unsigned indent,
			  struct slice text)
{
	terminal_put_hanging(terminal, 0, indent, text);
}

void terminal_put_hanging(struct terminal *terminal, size_t column,
			  unsigned indent, struct slice text)
{
	const char *end = slice_end(text);
	const char *at = text.data;

	while (at < end) {
		const char *from;
		size_t count;

		while (at < end && is_space(*at))
			at++;
		from = at;
		while (at < end && !is_space(*at))
			at++;
		if (at == from)
			break;
		count = text_utf8_count(from, (size_t)(at - from));
		if (column && column + 1 + count > terminal->width) {
			fputc('\n', terminal->file);
			column = 0;
		}
		if (column == 0)
			fprintf(terminal->file, "%*s", (int)indent, "");
		else
			fputc(' ', terminal->file);
		column = (column ? column + 1 : indent) + count;
		terminal_put(terminal, slice_make(from, (size_t)(at - from)));
	}
	if (column)
		fputc('\n', terminal->file);
}

/* The end of a name says more than its beginning. */
static struct slice tail_of(const char *name, size_t room)
{
	struct slice text = slice_of(name);

	while (text_utf8_count(text.data, text.len) > room) {
		text.data++;
		text.len--;
		while (text.len && ((unsigned char)*text.data & 0xc0) == 0x80) {
			text.data++;
			text.len--;
		}
	}
	return text;
}

void terminal_progress(struct terminal *terminal, size_t done, size_t total,
		       const char *what)
{
	uint64_t now = clock_monotonic_ms(&clock_system);
	char bar[BAR_CELLS + 1];
	size_t cells;
	int used;

	if (!terminal->is_terminal || total == 0)
		return;
	if (terminal->has_bar && done < total &&
	    now - terminal->drawn_ms < REDRAW_MS)
		return;
	cells = done >= total ? BAR_CELLS : done * BAR_CELLS / total;
	memset(bar, '#', cells);
	memset(bar + cells, '.', BAR_CELLS - cells);
	bar[BAR_CELLS] = '\0';
	used = fprintf(terminal->file, "\r[%s] %zu/%zu ", bar, done, total);
	if (used > 0 && (unsigned)used < terminal->width)
		terminal_put(terminal,
			     tail_of(what ? what : "",
				     terminal->width - (unsigned)used));
	fputs("\033[K", terminal->file);
	fflush(terminal->file);
	terminal->drawn_ms = now;
	terminal->has_bar = true;
}

void terminal_progress_clear(struct terminal *terminal)
{
	if (!terminal->has_bar)
		return;
	fputs("\r\033[K", terminal->file);
	fflush(terminal->file);
	terminal->has_bar = false;
}
