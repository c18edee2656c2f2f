/* SPDX-License-Identifier: ISC */
/*
 * How an index file comes into being: it is built beside its place as
 * "PATH.building" and renamed when whole and on the disk. A lock on that file
 * lets one build run at a time; it goes with the process, so a killed build
 * leaves nothing that the next one does not overwrite.
 */
#ifndef LEAT_CONTEXT_INDEX_FILE_H
#define LEAT_CONTEXT_INDEX_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct index_file {
	char *path;
	char *building; /* what to write to */
	int fd;		/* holds the lock */
};

/* False and a fault: overloaded when another build runs, context_failed when
 * the folder cannot be written. */
bool index_file_begin(struct index_file *file, const char *path,
		      struct fault *fault);
/* Makes it the index. The file is closed in any case; on failure the old one
 * is still there. *bytes (may be NULL) is its size. */
bool index_file_publish(struct index_file *file, size_t *bytes,
			struct fault *fault);
/* Removes what was built. */
void index_file_abandon(struct index_file *file);

#endif
