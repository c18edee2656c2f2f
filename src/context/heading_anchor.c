/* SPDX-License-Identifier: ISC */
#include "context/heading_anchor.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "base/text.h"
#include "context/unicode.h"

enum { ANCHOR_MAX = 200 };

struct heading_anchor_name {
	struct heading_anchor_name *next;
	struct slice name;
	unsigned count; /* headings of this name so far */
};

static void append_name(struct buffer *out, struct slice heading)
{
	const char *at, *end;

	heading = text_trim(heading);
	at = heading.data;
	end = slice_end(heading);
	while (at < end && out->len + 4 < ANCHOR_MAX) {
		uint32_t c = text_utf8_next(&at, end);

		if (c == '_' || c == '-')
			buffer_append_char(out, (char)c);
		else if (c == ' ' || c == '\n')
			buffer_append_char(out, '-');
		else if (c < 0x80 ? unicode_class(c) != UNICODE_SEPARATOR
				  : unicode_class(unicode_fold(c)) !=
					UNICODE_SEPARATOR)
			text_utf8_append(
			    out, unicode_is_upper(c) ? unicode_fold(c) : c);
	}
}

struct slice heading_anchor_make(struct heading_anchors *anchors,
				 struct slice heading)
{
	struct heading_anchor_name **bucket, *name;
	struct buffer buffer;
	struct slice anchor;

	buffer_init(&buffer, ANCHOR_MAX);
	append_name(&buffer, heading);
	anchor = arena_copy(anchors->arena, buffer_slice(&buffer));
	buffer_fini(&buffer);
	if (anchor.len == 0)
		return anchor;
	bucket = &anchors->buckets[ids_hash(anchor) % 64];
	for (name = *bucket; name; name = name->next)
		if (slice_equal(name->name, anchor))
			break;
	if (name)
		return slice_of(arena_printf(anchors->arena, "%.*s-%u",
					     (int)anchor.len, anchor.data,
					     name->count++));
	name = arena_alloc(anchors->arena, sizeof(*name));
	name->name = anchor;
	name->count = 1;
	name->next = *bucket;
	*bucket = name;
	return anchor;
}
