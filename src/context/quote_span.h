/* SPDX-License-Identifier: ISC */
/*
 * From the unit that answers best to what is shown: a sentence with the one
 * before it when it leans on that ("It also …"), a list or code with the
 * sentence that introduces it. Always one stretch of the passage, verbatim.
 */
#ifndef LEAT_CONTEXT_QUOTE_SPAN_H
#define LEAT_CONTEXT_QUOTE_SPAN_H

#include <stdbool.h>

#include "context/quote_units.h"

struct quote_wish {
	bool is_how_to; /* the whole list, not one of its items */
	size_t max_characters;
};

struct quote_span {
	struct slice text; /* empty: even the unit alone is too long */
	bool is_block;	   /* a list, rows or code is in it */
};

struct quote_span quote_span_find(struct slice passage,
				  const struct quote_unit *units, size_t count,
				  size_t best, struct quote_wish wish);

#endif
