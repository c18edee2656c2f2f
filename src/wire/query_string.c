/* SPDX-License-Identifier: ISC */
#include "wire/query_string.h"

#include "base/text.h"

static bool decode(struct buffer *out, struct slice text)
{
	buffer_clear(out);
	return text_percent_decode(out, text, true) &&
	       text_is_utf8(buffer_string(out), out->len);
}

bool query_string_next(struct slice *rest, struct buffer *name,
		       struct buffer *value, bool *is_valid)
{
	struct slice pair;
	const char *end;
	const char *equals;

	while (rest->len && rest->data[0] == '&') {
		rest->data++;
		rest->len--;
	}
	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '&', rest->len);
	pair = slice_make(rest->data,
			  end ? (size_t)(end - rest->data) : rest->len);
	rest->data += pair.len;
	rest->len -= pair.len;
	equals = memchr(pair.data, '=', pair.len);
	if (!equals)
		equals = slice_end(pair);
	*is_valid =
	    decode(name, slice_make(pair.data, (size_t)(equals - pair.data)));
	if (equals < slice_end(pair))
		equals++;
	*is_valid &= decode(
	    value, slice_make(equals, (size_t)(slice_end(pair) - equals)));
	return true;
}

bool query_string_get(struct slice query_string, const char *name,
		      struct buffer *out)
{
	struct buffer found_name;
	bool is_valid;
	bool found = false;

	buffer_init(&found_name, 256);
	while (!found &&
	       query_string_next(&query_string, &found_name, out, &is_valid))
		found = is_valid && slice_is(buffer_slice(&found_name), name);
	buffer_fini(&found_name);
	if (!found)
		buffer_clear(out);
	return found;
}
