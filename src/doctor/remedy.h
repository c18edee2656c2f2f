/* SPDX-License-Identifier: ISC */
/*
 * Which line in which file mends what: a table of problem x server. Pure
 * text; what is broken is decided elsewhere (judge.h).
 */
#ifndef LEAT_DOCTOR_REMEDY_H
#define LEAT_DOCTOR_REMEDY_H

#include <stddef.h>

#include "doctor/server_kind.h"

enum remedy_problem {
	PROBLEM_BUFFERING,
	PROBLEM_COMPRESSION,
	PROBLEM_HEAD,	 /* the head waits for the first bytes */
	PROBLEM_IDLE,	 /* a silent stream is cut */
	PROBLEM_BODY,	 /* a large request is refused */
	PROBLEM_REFUSAL, /* ... or refused in words that no program reads */
	PROBLEM_CHUNKED,
	PROBLEM_AUTHORIZATION,
	PROBLEM_LAST_EVENT_ID,
	PROBLEM_ORIGIN,	 /* a page of the site is taken for another's */
	PROBLEM_LEAVING, /* a reader who left is noticed too late */
	PROBLEM_STREAMS, /* several streams at once wait for each other */
	PROBLEM_LONG,	 /* a long stream is cut, although it flows */
	PROBLEM_HEADERS, /* headers of a stream are changed */
	PROBLEM_AWAY,	 /* the web server does not reach leat */
	PROBLEM_MOUNT,	 /* nothing is there */
	PROBLEM_PROGRAM, /* the program is shown instead of run */
	PROBLEM_SECRET	 /* a file can be downloaded */
};

struct remedy {
	const char *server; /* "nginx": whose configuration */
	const char *file;   /* in words, with Debian's path */
	const char *line;
	const char *why;
};

enum { REMEDIES_MAX = 4 };

/* Who has to change: the proxy in front first, where there is one, for what
 * it may be the cause of. Returns how many were filled in. */
size_t remedy_find(struct remedy out[REMEDIES_MAX], enum remedy_problem problem,
		   enum server_kind kind, enum server_front front);

#endif
