/* SPDX-License-Identifier: ISC */
/*
 * Where a file of leat's might be downloaded from: usual names near the mount
 * and the site's root, and, where the configuration is known, each of its
 * files by each tail of its path (/srv/www/private/leat.conf may be
 * /private/leat.conf of the site).
 */
#ifndef LEAT_DOCTOR_SECRET_NAMES_H
#define LEAT_DOCTOR_SECRET_NAMES_H

#include <stddef.h>

#include "base/buffer.h"
#include "doctor/secret_proof.h"

enum { SECRET_NAMES_MAX = 400, SECRET_FILES_MAX = 80 };

/* A file of the configuration, on this machine. */
struct secret_file {
	const char *what; /* "the index" */
	const char *path; /* absolute */
};

struct secret_name {
	char *url; /* whole */
	enum secret_kind expected;
	const struct secret_file *file; /* NULL: a usual name */
};

struct secret_names {
	struct secret_name items[SECRET_NAMES_MAX]; /* large */
	size_t count;
};

/* site: scheme, host and port; mount: its path ("/ask", or ""). */
struct secret_names *secret_names_new(const char *site, const char *mount);
void secret_names_free(struct secret_names *names);
void secret_names_add_usual(struct secret_names *names);
void secret_names_add_file(struct secret_names *names,
			   const struct secret_file *file);

#endif
