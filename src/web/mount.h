/* SPDX-License-Identifier: ISC */
/*
 * Where leat is mounted and which of its addresses is meant, the same behind
 * every web server (INTERFACE, section 1). Pure.
 */
#ifndef LEAT_WEB_MOUNT_H
#define LEAT_WEB_MOUNT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

struct mount_input {
	struct slice leat_mount;  /* the parameter LEAT_MOUNT; may be empty */
	struct slice option;	  /* the configured mount; may be empty */
	struct slice script_name; /* decoded and normalised by the server */
	struct slice path_info;
	struct slice request_uri; /* raw */
};

struct mount_place {
	struct slice mount; /* "/ask"; empty for the root */
	struct slice tail;  /* "chat/x", without slash at the start or end */
	bool has_slash;	    /* the address of the page ended in a slash */
};

/* True when the first segment of a path names a route. */
typedef bool mount_names_route(struct slice segment);

/* False: the address is none of ours. Texts live in the arena or the
 * input. */
bool mount_resolve(const struct mount_input *input, struct arena *arena,
		   mount_names_route *names_route, struct mount_place *place);

#endif
