/* SPDX-License-Identifier: ISC */
/*
 * A terminal as a page that draws over itself: the alternate screen, keys one
 * by one, no cursor. Each page goes out in one write and only what changes
 * moves, so that nothing flickers; whatever ends the program, the terminal is
 * as it was.
 */
#ifndef LEAT_APP_TOP_SCREEN_H
#define LEAT_APP_TOP_SCREEN_H

#include <stdbool.h>

#include "base/buffer.h"

enum top_key {
	TOP_KEY_NONE,	/* the time is over */
	TOP_KEY_QUIT,	/* q, Ctrl-C, a signal, or the terminal is gone */
	TOP_KEY_REDRAW, /* the size has changed */
	TOP_KEY_NOW	/* space */
};

/* Standard input and output are a terminal. False: they cannot be set. */
bool top_screen_open(void);
void top_screen_close(void);

/* Shows the text, cut to the size of the terminal. */
void top_screen_draw(struct slice text);
enum top_key top_screen_wait(int ms);

/* The page as it is sent: `rows` lines of at most `columns` characters, those
 * that are cut without a word about it. Colours do not count. */
void top_screen_fit(struct buffer *out, struct slice text, unsigned columns,
		    unsigned rows);

#endif
