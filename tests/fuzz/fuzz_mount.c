/* SPDX-License-Identifier: ISC */
/*
 * Wherever a request says it is, the place found is under the mount and has
 * no way out of it. The input has five lines: LEAT_MOUNT, the option,
 * SCRIPT_NAME, PATH_INFO, REQUEST_URI.
 */
#include <stdint.h>
#include <stdlib.h>

#include "web/mount.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool fact)
{
	if (!fact)
		abort();
}

static bool names_route(struct slice segment)
{
	return slice_is(segment, "chat") || slice_is(segment, "search");
}

static struct slice take_line(struct slice *rest)
{
	const char *end =
	    rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	struct slice line = *rest;

	if (end)
		line.len = (size_t)(end - rest->data);
	rest->data += line.len + (end != NULL);
	rest->len -= line.len + (end != NULL);
	return line;
}

/* No segment of it is empty, "." or "..". */
static void check_segments(struct slice path)
{
	while (path.len) {
		const char *slash = memchr(path.data, '/', path.len);
		size_t len = slash ? (size_t)(slash - path.data) : path.len;
		struct slice segment = slice_make(path.data, len);

		need(len > 0 && !slice_is(segment, ".") &&
		     !slice_is(segment, ".."));
		path.data += len + (slash != NULL);
		path.len -= len + (slash != NULL);
		need(!slash || path.len > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	struct mount_input input;
	struct mount_place place;
	struct arena arena;

	/* Parameters are strings; web/record.c refuses a NUL in them. */
	if (size == 0 || memchr(data, '\0', size))
		return 0;
	input.leat_mount = take_line(&rest);
	input.option = take_line(&rest);
	input.script_name = take_line(&rest);
	input.path_info = take_line(&rest);
	input.request_uri = take_line(&rest);
	arena_init(&arena);
	if (mount_resolve(&input, &arena, names_route, &place)) {
		check_segments(place.tail);
		if (place.mount.len) {
			need(place.mount.data[0] == '/');
			check_segments(slice_make(place.mount.data + 1,
						  place.mount.len - 1));
		}
	}
	arena_fini(&arena);
	return 0;
}
