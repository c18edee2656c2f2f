/* SPDX-License-Identifier: ISC */
/*
 * All pools, and processes alone, whose slots files stand in one folder; also
 * what stands there and cannot be read, with the reason in words.
 */
#ifndef LEAT_APP_POOLS_H
#define LEAT_APP_POOLS_H

#include "app/pool_view.h"

enum { POOLS_MAX = 256, POOLS_NAME_SIZE = 256, POOLS_PROBLEM_SIZE = 512 };

struct pools_entry {
	char name[POOLS_NAME_SIZE];	  /* of the file */
	char problem[POOLS_PROBLEM_SIZE]; /* not "": there is no view */
	struct pool_view view;
};

struct pools {
	struct pools_entry *entries; /* pools first, then by name */
	unsigned count;
	char problem[POOLS_PROBLEM_SIZE]; /* of the folder */
};

void pools_init(struct pools *pools);
void pools_fini(struct pools *pools);
/* Looks again; rates are since the look before. What a dead process alone
 * left is not shown. */
void pools_look(struct pools *pools, const char *folder, struct pool_times now);

bool pools_is_unsure(const struct pools *pools);
/* Everything that is there runs as it should, and something is there: 0. */
int pools_status(const struct pools *pools);

#endif
