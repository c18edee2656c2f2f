/* SPDX-License-Identifier: ISC */
#include "context/public_url.h"

#include <string.h>

#include "base/text.h"

enum { BASE_MAX = 1024 };

const char *public_url_check_base(struct slice base)
{
	if (base.len > BASE_MAX)
		return "it is longer than 1024 characters";
	for (size_t i = 0; i < base.len; i++) {
		unsigned char c = (unsigned char)base.data[i];

		if (c <= ' ' || c >= 0x7F || strchr("\"<>\\^`{|}", c))
			return "it has a character that must be "
			       "percent-encoded";
		if (c == '?' || c == '#')
			return "it has a query or an anchor";
	}
	if (text_starts_with(base, "https://"))
		return base.len > 8 && base.data[8] != '/' ? NULL
							   : "it has no host";
	if (text_starts_with(base, "http://"))
		return base.len > 7 && base.data[7] != '/' ? NULL
							   : "it has no host";
	/* "//host" would be another site's. */
	if (base.len > 0 && base.data[0] == '/' &&
	    !text_starts_with(base, "//"))
		return NULL;
	return "it must begin with https://, http:// or /";
}

static bool is_index_page(struct slice name)
{
	return text_equal_nocase(name, "index.html") ||
	       text_equal_nocase(name, "index.htm") ||
	       text_equal_nocase(name, "index.xhtml");
}

void public_url_append(struct buffer *out, struct slice base, struct slice path)
{
	size_t name = path.len;

	buffer_append_slice(out, base);
	if (base.len == 0 || base.data[base.len - 1] != '/')
		buffer_append_char(out, '/');
	while (name > 0 && path.data[name - 1] != '/')
		name--;
	if (is_index_page(slice_make(path.data + name, path.len - name)))
		path.len = name;
	text_percent_encode(out, path, "/!$&*+,;=:@");
}

void public_url_append_anchor(struct buffer *out, struct slice anchor)
{
	if (anchor.len == 0)
		return;
	buffer_append_char(out, '#');
	text_percent_encode(out, anchor, "/?!$&*+,;=:@");
}
