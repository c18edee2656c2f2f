/* SPDX-License-Identifier: ISC */
/*
 * `leat doctor`: looks at a site from outside, through its real web server.
 * It costs nothing (no model is asked) and needs no shell on that server.
 */
#ifndef LEAT_DOCTOR_DOCTOR_H
#define LEAT_DOCTOR_DOCTOR_H

#include "doctor/measure.h"
#include "doctor/secret_names.h"

enum { DOCTOR_IDLE_MAX_S = 118 };

struct doctor_options {
	const char *url;
	const char *ca_file; /* PEM; NULL: the system's */
	bool is_quick;	     /* only what is over in a few seconds */
	bool is_secrets_only;
	unsigned
	    idle_s; /* silence to survive; 0: a bit more than a heartbeat */
	unsigned long_s;		 /* a stream of so long; 0: none */
	const struct secret_file *files; /* of the configuration */
	size_t file_count;
	/* Before each step; may be NULL. */
	void (*on_step)(void *state, size_t done, size_t total,
			const char *what);
	void *state;
};

/* 0; the number of the signal that ended it early; -1: the address is none of
 * http or https. */
int doctor_examine(const struct doctor_options *options,
		   struct measures *measures);

#endif
