/* SPDX-License-Identifier: ISC */
/*
 * Building the index file: folders of HTML, Markdown and text become one
 * file, which replaces the old one by rename(2) when it is whole. Until then
 * the old one serves; whatever goes wrong (a full disk, a signal, a second
 * run at once) leaves it as it was and no temporary file behind.
 *
 * A document that cannot be read is named and skipped; it never ends the
 * build. Local paths never enter the index.
 */
#ifndef LEAT_CONTEXT_INDEX_BUILD_H
#define LEAT_CONTEXT_INDEX_BUILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* One folder or file, and where the public finds it. */
struct index_source {
	const char *path;
	/* The public address of `root`: "https://example.org/docs/". NULL:
	 * addresses begin with "/". */
	const char *base_url;
	/* The folder that base_url shows. NULL: the path itself, when it is a
	 * folder. A path outside of it has no public address and is refused. */
	const char *root;
};

struct index_options {
	const struct index_source *sources;
	size_t source_count;
	const char *index_path; /* the file to make or to replace */
	const char *language;	/* of documents that do not tell; may be NULL */
	size_t max_file_bytes;	/* 0: 32 MiB */
};

struct index_counts {
	size_t files;	/* read and indexed */
	size_t skipped; /* named to on_skipped */
	size_t passages;
	size_t read_bytes;
	size_t index_bytes;
};

/* Each callback may be NULL and comes from inside index_build(). Names are
 * as the user would write them (the argument and what is below it) and live
 * until the callback returns. */
struct index_progress {
	void (*on_file)(void *state, size_t done, size_t total,
			const char *name);
	void (*on_skipped)(void *state, const char *name, const char *reason);
	void *state;
	/* Set (by a signal handler, too) to give up; may be NULL. */
	const atomic_bool *cancelled;
	struct index_counts *counts; /* filled in as it goes; may be NULL */
};

/* False and a fault, whose hint is a sentence for the user:
 *   cancelled       *cancelled was set;
 *   bad_request     a path that does not exist, a base_url that is none;
 *   overloaded      another build of the same index runs;
 *   context_failed  nothing to index, the disk is full, and so on. */
bool index_build(const struct index_options *options,
		 const struct index_progress *progress, struct fault *fault);

#endif
