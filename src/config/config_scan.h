/* SPDX-License-Identifier: ISC */
/*
 * Reads the structure of a configuration file before libconfuse reads its
 * values: which option stands on which line, and everything that libconfuse
 * would swallow or name the wrong line for: a missing brace, an option or a
 * section given twice, `${`, `+=`, includes, an unclosed string, NUL bytes,
 * broken UTF-8, unknown names (with the nearest known one).
 *
 * The grammar is libconfuse's, less what is refused:
 *   file    = { option | section }
 *   option  = WORD "=" ( value | "{" [ value { "," value } [ "," ] ] "}" )
 *   section = WORD [ value ] "{" { option } "}"
 * with # and // comments to the end of the line and C comments.
 */
#ifndef LEAT_CONFIG_CONFIG_SCAN_H
#define LEAT_CONFIG_CONFIG_SCAN_H

#include "base/buffer.h"
#include "base/slice.h"
#include "config/options.h"
#include "config/problems.h"

struct config_found {
	const struct option_spec *spec;
	unsigned provider; /* which one, when spec is of a provider */
	unsigned line;
	bool is_list;
};

enum { CONFIG_FOUND_MAX = 1024 };

struct config_scan {
	struct config_found *found; /* in the file's order */
	size_t found_count;
	unsigned provider_lines[32];
	size_t provider_count;
	unsigned section_lines[SECTION_COUNT]; /* 0: not there */
	/* The text with every comment blanked out, for libconfuse: the two of
	 * us must agree on what is a comment. */
	struct buffer plain;
};

/* False: there are problems. config_scan_fini() either way. */
bool config_scan(struct config_scan *scan, struct slice text,
		 struct problems *problems);
void config_scan_fini(struct config_scan *scan);
/* The line of an option, 0 when the file does not have it. */
unsigned config_scan_line(const struct config_scan *scan,
			  const struct option_spec *spec, unsigned provider);

#endif
