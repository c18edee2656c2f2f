/* SPDX-License-Identifier: ISC */
#include "provider/openai_chunk.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* Every function below moves `at` past what it takes, and returns false at
 * anything else: then the text is given up, wherever `at` is. */
struct look {
	const char *at;
	const char *end;
	struct openai_chunk *chunk;
	struct buffer *scratch;
	/* A name that comes twice is for json-c to judge. */
	bool has_choices;
	bool has_delta;
	bool has_content;
	bool has_model;
};

static void skip_space(struct look *look)
{
	while (look->at < look->end && (*look->at == ' ' || *look->at == '\n' ||
					*look->at == '\t' || *look->at == '\r'))
		look->at++;
}

static bool take_char(struct look *look, char c)
{
	skip_space(look);
	if (look->at == look->end || *look->at != c)
		return false;
	look->at++;
	return true;
}

static bool take_word(struct look *look, const char *word)
{
	size_t len = strlen(word);

	skip_space(look);
	if ((size_t)(look->end - look->at) < len ||
	    memcmp(look->at, word, len) != 0)
		return false;
	look->at += len;
	return true;
}

/* A string's bytes up to its end or its first escape. */
static struct slice take_run(struct look *look)
{
	const char *start = look->at;

	while (look->at < look->end && (unsigned char)*look->at >= 0x20 &&
	       *look->at != '"' && *look->at != '\\')
		look->at++;
	return slice_make(start, (size_t)(look->at - start));
}

/* A string without escapes. */
static bool take_plain(struct look *look, struct slice *out)
{
	if (!take_char(look, '"'))
		return false;
	*out = take_run(look);
	return look->at < look->end && *look->at++ == '"';
}

/* Four digits, neither a NUL nor half of a surrogate pair. */
static bool take_code(struct look *look)
{
	uint32_t code = 0;

	if (look->end - look->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = text_lower(*look->at++);

		if (c >= '0' && c <= '9')
			code = code << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code << 4 | (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	return code != 0 && (code < 0xD800 || code > 0xDFFF) &&
	       text_utf8_append(look->scratch, code);
}

/* Behind the backslash. */
static bool take_escape(struct look *look)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char c;

	if (look->at == look->end)
		return false;
	c = *look->at++;
	if (c == 'u')
		return take_code(look);
	found = c ? strchr(from, c) : NULL;
	return found && buffer_append_char(look->scratch, to[found - from]);
}

static bool take_text(struct look *look, struct slice *out)
{
	if (!take_char(look, '"'))
		return false;
	*out = take_run(look);
	if (look->at == look->end || *look->at != '\\')
		return look->at < look->end && *look->at++ == '"';
	buffer_clear(look->scratch);
	buffer_append_slice(look->scratch, *out);
	while (look->at < look->end && *look->at == '\\') {
		look->at++;
		if (!take_escape(look))
			return false;
		buffer_append_slice(look->scratch, take_run(look));
	}
	*out = buffer_slice(look->scratch);
	return look->at < look->end && *look->at++ == '"';
}

/* A whole number that is not negative: `created` and the like. */
static bool take_number(struct look *look)
{
	const char *start = look->at;

	while (look->at < look->end && *look->at >= '0' && *look->at <= '9')
		look->at++;
	return look->at > start && (*start != '0' || look->at == start + 1);
}

/* A value that says nothing. */
static bool skip_scalar(struct look *look)
{
	struct slice ignored;

	skip_space(look);
	if (look->at < look->end && *look->at == '"')
		return take_plain(look, &ignored);
	return take_word(look, "null") || take_word(look, "false") ||
	       take_word(look, "true") || take_number(look);
}

static bool take_members(struct look *look,
			 bool (*take_member)(struct look *look,
					     struct slice name))
{
	struct slice name;

	if (!take_char(look, '{'))
		return false;
	if (take_char(look, '}'))
		return true;
	do {
		if (!take_plain(look, &name) || !take_char(look, ':') ||
		    !take_member(look, name))
			return false;
	} while (take_char(look, ','));
	return take_char(look, '}');
}

static bool take_delta_member(struct look *look, struct slice name)
{
	struct slice role;

	if (slice_is(name, "content")) {
		if (look->has_content)
			return false;
		look->has_content = true;
		return take_word(look, "null") ||
		       take_text(look, &look->chunk->content);
	}
	if (slice_is(name, "role") && take_plain(look, &role))
		return true;
	return take_word(look, "null");
}

static bool take_choice_member(struct look *look, struct slice name)
{
	if (slice_is(name, "delta")) {
		if (look->has_delta)
			return false;
		look->has_delta = true;
		return take_members(look, take_delta_member);
	}
	/* Another index is another answer. The digit ends there, or what
	 * follows is neither comma nor brace. */
	if (slice_is(name, "index"))
		return take_word(look, "0");
	return take_word(look, "null");
}

static bool take_root_member(struct look *look, struct slice name)
{
	struct slice object;

	if (slice_is(name, "choices")) {
		if (look->has_choices)
			return false;
		look->has_choices = true;
		return take_char(look, '[') &&
		       take_members(look, take_choice_member) &&
		       take_char(look, ']');
	}
	if (slice_is(name, "model")) {
		if (look->has_model)
			return false;
		look->has_model = true;
		return take_plain(look, &look->chunk->model);
	}
	if (slice_is(name, "object"))
		return take_plain(look, &object) && !slice_is(object, "error");
	if (slice_is(name, "error") || slice_is(name, "usage") ||
	    slice_is(name, "type") || slice_is(name, "x_groq"))
		return take_word(look, "null");
	return skip_scalar(look);
}

bool openai_chunk_read(struct openai_chunk *chunk, struct slice text,
		       struct buffer *scratch)
{
	struct look look = {.at = text.data,
			    .end = slice_end(text),
			    .chunk = chunk,
			    .scratch = scratch};

	chunk->content = SLICE_NONE;
	chunk->model = SLICE_NONE;
	if (!take_members(&look, take_root_member))
		return false;
	skip_space(&look);
	return look.at == look.end && look.has_delta;
}
