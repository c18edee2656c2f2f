/* SPDX-License-Identifier: ISC */
/*
 * Where `leat status` and `leat top` look.
 */
#ifndef LEAT_APP_STATUS_OPTIONS_H
#define LEAT_APP_STATUS_OPTIONS_H

#include "app/pools.h"

struct status_options {
	const char *config_path; /* of -c; NULL */
	const char *runtime_dir; /* given; NULL: the configuration's */
};

struct status_where {
	char *folder;
	char *config; /* whose pool is looked for; NULL: any */
};

/* False: it was said what is wrong. */
bool status_options_find(const struct status_options *options,
			 struct status_where *where);
void status_options_forget(struct status_where *where);
/* Something that is there was started with that configuration. */
bool status_options_is_there(const struct status_where *where,
			     const struct pools *pools);
struct pool_times status_options_now(void);

#endif
