/* SPDX-License-Identifier: ISC */
/*
 * Writing for people: colour where it is wanted (a terminal, no NO_COLOR, no
 * TERM=dumb), the width to wrap at, a progress bar, and text of strangers
 * (titles, answers) without the control characters that a terminal obeys.
 */
#ifndef LEAT_APP_TERMINAL_H
#define LEAT_APP_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

struct terminal {
	FILE *file;
	bool is_terminal;
	bool has_color;
	unsigned width;	   /* columns; 80 when unknown */
	uint64_t drawn_ms; /* when the progress bar was drawn */
	bool has_bar;
};

enum terminal_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GREEN,
	STYLE_YELLOW,
	STYLE_RED
};

void terminal_init(struct terminal *terminal, FILE *file);

/* Text as it is, less control characters: LF and TAB stay. */
void terminal_put(struct terminal *terminal, struct slice text);
void terminal_put_styled(struct terminal *terminal, enum terminal_style style,
			 struct slice text);
/* Words of the text, each line indented and not longer than the width; white
 * space in it is one space. Ends with LF unless the text is empty. */
void terminal_put_wrapped(struct terminal *terminal, unsigned indent,
			  struct slice text);
/* The same where something stands on the first line already, up to this
 * column. */
void terminal_put_hanging(struct terminal *terminal, size_t column,
			  unsigned indent, struct slice text);

/* One line that draws over itself, at most ten times a second (and always
 * when done == total). Nothing when it is no terminal. */
void terminal_progress(struct terminal *terminal, size_t done, size_t total,
		       const char *what);
/* Removes the bar, so that a line can be written there. */
void terminal_progress_clear(struct terminal *terminal);

#endif
