/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a configuration file: lines `file:line: what`, at most
 * 20, so that one run shows all there is to repair.
 */
#ifndef LEAT_CONFIG_PROBLEMS_H
#define LEAT_CONFIG_PROBLEMS_H

#include "base/buffer.h"

struct problems {
	struct buffer *out; /* each line ends with LF */
	const char *name;   /* of the file */
	unsigned count;
};

enum { PROBLEMS_MAX = 20 };

/* line 0: about the file as a whole. */
void problems_add(struct problems *problems, unsigned line, const char *format,
		  ...) __attribute__((format(printf, 3, 4)));

#endif
