/* SPDX-License-Identifier: ISC */
/*
 * Passages as a list on a terminal.
 */
#ifndef LEAT_APP_PASSAGES_H
#define LEAT_APP_PASSAGES_H

#include "app/terminal.h"
#include "core/ask.h"

/* Title, heading, address and the beginning of the text, under its number. */
void passages_put(struct terminal *terminal, const struct passage *passage,
		  size_t number, unsigned snippet_bytes);

#endif
