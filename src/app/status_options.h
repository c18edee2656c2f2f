/* SPDX-License-Identifier: ISC */
/*
 * Where `leat status` and `leat top` look.
 */
#ifndef LEAT_APP_STATUS_OPTIONS_H
#define LEAT_APP_STATUS_OPTIONS_H

#include "app/pool_view.h"

struct status_options {
	const char *config_path; /* of -c; NULL */
	const char *runtime_dir; /* given; NULL: the configuration's */
};

/* The folder, for memory_free(); NULL: it was said what is wrong. */
char *status_options_folder(const struct status_options *options);
struct pool_times status_options_now(void);

#endif
