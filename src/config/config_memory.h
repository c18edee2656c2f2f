/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration as it was at one moment, in memory with a
 * descriptor: every worker of a generation reads the same, however late it
 * is started and whatever became of the file. Keys are not in it; they are
 * read from where it says.
 */
#ifndef LEAT_CONFIG_CONFIG_MEMORY_H
#define LEAT_CONFIG_CONFIG_MEMORY_H

#include <stdbool.h>

#include "config/config.h"

/* A CLOEXEC descriptor; -1: errno. */
int config_memory_make(const char *path);

struct config_memory {
	int fd;		  /* -1: there is no file, the defaults */
	int first_fd;	  /* what the pool was started with; -1: the same */
	const char *path; /* names it; gives relative paths their folder */
	bool with_keys;
};

/* The configuration, with the values of the first one where only a restart
 * changes them; `told` (may be NULL) names those. NULL: problems say why. The
 * descriptors stay the caller's. */
struct config *config_memory_load(const struct config_memory *memory,
				  struct buffer *told, struct buffer *problems);

#endif
