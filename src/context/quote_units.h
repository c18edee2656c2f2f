/* SPDX-License-Identifier: ISC */
/*
 * What of a passage can be quoted by itself: sentences, list items, table
 * rows, code blocks. The passage's form is that of
 * context/passage_split.h.
 */
#ifndef LEAT_CONTEXT_QUOTE_UNITS_H
#define LEAT_CONTEXT_QUOTE_UNITS_H

#include <stddef.h>

#include "base/slice.h"

enum quote_unit_kind { UNIT_SENTENCE, UNIT_ITEM, UNIT_ROW, UNIT_CODE };

struct quote_unit {
	enum quote_unit_kind kind;
	struct slice text; /* points into the passage */
	unsigned
	    paragraph; /* items of one list share it, rows of a table too */
};

enum { QUOTE_UNITS_MAX = 128 };

/* Fills in at most QUOTE_UNITS_MAX; returns how many. */
size_t quote_units_find(struct slice passage,
			struct quote_unit units[QUOTE_UNITS_MAX]);

#endif
