/* SPDX-License-Identifier: ISC */
#include "web/mount.h"

#include "base/buffer.h"
#include "base/text.h"

/* The path of a raw request target (RFC 9112, section 3.2), decoded once;
 * false when it could mean something else to whoever checked access. */
static bool read_target(struct slice target, struct arena *arena,
			struct slice *path)
{
	struct buffer decoded;
	const char *slashes;
	size_t end = 0;
	bool is_ok;

	if (target.len == 0)
		return false;
	if (target.data[0] != '/') {
		slashes = memmem(target.data, target.len, "://", 3);
		if (!slashes)
			return false;
		target.len -= (size_t)(slashes + 3 - target.data);
		target.data = slashes + 3;
		slashes = memchr(target.data, '/', target.len);
		if (!slashes)
			return false;
		target.len -= (size_t)(slashes - target.data);
		target.data = slashes;
	}
	while (end < target.len && target.data[end] != '?' &&
	       target.data[end] != '#')
		end++;
	target.len = end;
	if (memmem(target.data, target.len, "%2F", 3) ||
	    memmem(target.data, target.len, "%2f", 3) ||
	    memmem(target.data, target.len, "%00", 3))
		return false;
	buffer_init(&decoded, BUFFER_UNLIMITED);
	is_ok = text_percent_decode(&decoded, target, false);
	*path = arena_copy(arena, buffer_slice(&decoded));
	buffer_fini(&decoded);
	return is_ok;
}

/* A copy with runs of slashes made one. */
static struct slice collapse(struct slice path, struct arena *arena)
{
	char *out = arena_alloc(arena, path.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] != '/' || len == 0 || out[len - 1] != '/')
			out[len++] = path.data[i];
	return slice_make(out, len);
}

/* The length of the segment that starts at `at`. */
static size_t segment_len(struct slice path, size_t at)
{
	size_t end = at;

	while (end < path.len && path.data[end] != '/')
		end++;
	return end - at;
}

static bool has_dots(struct slice path)
{
	for (size_t at = 0; at < path.len; at++) {
		size_t len = segment_len(path, at);

		if (slice_is(slice_make(path.data + at, len), "..") ||
		    slice_is(slice_make(path.data + at, len), "."))
			return true;
		at += len;
	}
	return false;
}

static void set_place(struct mount_place *place, struct slice path,
		      size_t mount_len)
{
	struct slice tail =
	    slice_make(path.data + mount_len, path.len - mount_len);

	place->mount = slice_make(path.data, mount_len);
	place->has_slash = tail.len > 0;
	while (tail.len && tail.data[0] == '/') {
		tail.data++;
		tail.len--;
	}
	while (tail.len && tail.data[tail.len - 1] == '/')
		tail.len--;
	place->tail = tail;
}

static struct slice without_slash(struct slice mount)
{
	while (mount.len && mount.data[mount.len - 1] == '/')
		mount.len--;
	return mount;
}

static bool is_under(struct slice path, struct slice mount)
{
	return path.len >= mount.len &&
	       (mount.len == 0 || !memcmp(path.data, mount.data, mount.len)) &&
	       (path.len == mount.len || path.data[mount.len] == '/');
}

static bool find_route(struct slice path, mount_names_route *names_route,
		       struct mount_place *place)
{
	for (size_t at = 0; at < path.len; at++) {
		size_t len = segment_len(path, at);

		if (at > 0 && names_route(slice_make(path.data + at, len))) {
			set_place(place, path, at - 1);
			return true;
		}
		at += len;
	}
	return false;
}

/* The server has put the program's own address in front (a rewrite to
 * /cgi-bin/leat.cgi/chat); what stands behind it is still ours. */
static bool take_path_info(const struct mount_input *input, struct arena *arena,
			   struct slice mount, struct mount_place *place)
{
	if (input->path_info.len == 0 || input->path_info.data[0] != '/')
		return false;
	mount = collapse(mount, arena);
	if (mount.len && (mount.data[0] != '/' || has_dots(mount)))
		return false;
	set_place(place, collapse(input->path_info, arena), 0);
	place->mount = mount;
	return true;
}

/* The program lies in the folder that is its mount, and a rewrite leads there:
 * /ask/leat.cgi/chat is the route "chat". A folder /ask/chat that exists, on
 * the other hand, may stand in SCRIPT_NAME for a route. */
static bool program_is_inside(const struct mount_input *input,
			      struct arena *arena, struct slice mount,
			      mount_names_route *names_route)
{
	struct slice script = collapse(input->script_name, arena);
	size_t at = mount.len + 1;

	return input->path_info.len && is_under(script, mount) &&
	       script.len > at &&
	       !names_route(
		   slice_make(script.data + at, segment_len(script, at)));
}

static bool resolve_path(const struct mount_input *input, struct slice path,
			 struct arena *arena, mount_names_route *names_route,
			 struct mount_place *place)
{
	struct slice mount =
	    input->leat_mount.len ? input->leat_mount : input->option;

	if (path.len == 0 || path.data[0] != '/' || has_dots(path))
		return false;
	if (input->leat_mount.len || input->option.len) {
		mount = without_slash(mount);
		if (is_under(path, mount) &&
		    !program_is_inside(input, arena, mount, names_route))
			set_place(place, path, mount.len);
		else if (!take_path_info(input, arena, mount, place))
			return false;
		return true;
	}
	mount = without_slash(input->script_name);
	if (input->path_info.len && is_under(path, mount)) {
		set_place(place, path, mount.len);
		return true;
	}
	return find_route(path, names_route, place);
}

bool mount_resolve(const struct mount_input *input, struct arena *arena,
		   mount_names_route *names_route, struct mount_place *place)
{
	char *joined =
	    arena_printf(arena, "%.*s%.*s", (int)input->script_name.len,
			 input->script_name.data ? input->script_name.data : "",
			 (int)input->path_info.len,
			 input->path_info.data ? input->path_info.data : "");
	struct slice path = collapse(slice_of(joined), arena);

	if (resolve_path(input, path, arena, names_route, place))
		return true;
	/* A rewrite put the program's own address into SCRIPT_NAME. */
	if (input->path_info.len ||
	    !read_target(input->request_uri, arena, &path))
		return false;
	return resolve_path(input, collapse(path, arena), arena, names_route,
			    place);
}
