/* SPDX-License-Identifier: ISC */
#include "scripted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A piece of the request; it need not end with a zero byte. */
struct piece {
	const char *bytes;
	size_t len;
};

static const char *find(struct piece in, const char *what)
{
	return memmem(in.bytes, in.len, what, strlen(what));
}

/* Where the value of a member begins, NULL when there is no such member. */
static const char *member_value(struct piece body, const char *quoted)
{
	const char *at = find(body, quoted);
	const char *end = body.bytes + body.len;

	if (!at)
		return NULL;
	at += strlen(quoted);
	while (at < end && (*at == ' ' || *at == ':'))
		at++;
	return at;
}

static bool member_is_true(struct piece body, const char *quoted)
{
	const char *at = member_value(body, quoted);

	return at && body.bytes + body.len - at >= 4 && !memcmp(at, "true", 4);
}

static void copy_model(struct scripted *out, struct piece body)
{
	const char *at = member_value(body, "\"model\"");
	const char *end = body.bytes + body.len;
	size_t len = 0;

	if (at && at < end && *at == '"') {
		at++;
		while (at + len < end && len < SCRIPTED_MODEL_MAX - 1 &&
		       at[len] > ' ' && at[len] != '"' && at[len] != '\\')
			len++;
		memcpy(out->model, at, len);
	}
	out->model[len] = '\0';
}

static void parse_pace(struct scripted_pace *pace, const char *model)
{
	unsigned frames, every_ms, first_ms = 0;
	char script[8];

	if (sscanf(model, "%7[a-z]-%ux%u+%u", script, &frames, &every_ms,
		   &first_ms) < 3 ||
	    frames > SCRIPTED_FRAMES_MAX)
		return;
	pace->script = SCRIPT_PACE;
	if (!strcmp(script, "cut"))
		pace->script = SCRIPT_CUT;
	else if (!strcmp(script, "skip"))
		pace->script = SCRIPT_SKIP;
	pace->frames = frames;
	pace->every_ns = (uint64_t)every_ms * 1000000;
	pace->first_ns = (uint64_t)first_ms * 1000000;
}

/* Whether a chunked body has arrived up to its last chunk. Chunk extensions
 * and trailers are not understood: no client here sends them. */
static enum scripted_result chunked_is_whole(struct piece body)
{
	size_t at = 0;

	for (;;) {
		const char *eol =
		    memmem(body.bytes + at, body.len - at, "\r\n", 2);
		unsigned long size;

		if (!eol)
			return SCRIPTED_MORE;
		size = strtoul(body.bytes + at, NULL, 16);
		if (size > SCRIPTED_REQUEST_MAX)
			return SCRIPTED_INVALID;
		at = (size_t)(eol - body.bytes) + 2;
		if (at + size + 2 > body.len)
			return SCRIPTED_MORE;
		at += size + 2;
		if (!size)
			return SCRIPTED_READY;
	}
}

/* The name begins with the line break before it, and ends with its colon. */
static const char *header_value(struct piece head, const char *name)
{
	const char *at = strcasestr(head.bytes, name);

	if (!at || at >= head.bytes + head.len)
		return NULL;
	return at + strlen(name);
}

static enum scripted_result body_is_whole(struct piece head, struct piece body)
{
	const char *length = header_value(head, "\r\ncontent-length:");

	if (header_value(head, "\r\nexpect:"))
		return SCRIPTED_INVALID;
	if (length) {
		unsigned long want = strtoul(length, NULL, 10);

		if (want > SCRIPTED_REQUEST_MAX)
			return SCRIPTED_INVALID;
		return body.len < want ? SCRIPTED_MORE : SCRIPTED_READY;
	}
	if (header_value(head, "\r\ntransfer-encoding:"))
		return chunked_is_whole(body);
	return SCRIPTED_READY;
}

enum scripted_result scripted_read(struct scripted *out, const char *bytes,
				   size_t len)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	struct piece head = {bytes, len};
	struct piece body = {NULL, 0};
	enum scripted_result result;

	if (!end)
		return SCRIPTED_MORE;
	head.len = (size_t)(end - bytes) + 2;
	body.bytes = end + 4;
	body.len = len - head.len - 2;
	result = body_is_whole(head, body);
	if (result != SCRIPTED_READY)
		return result;
	out->is_known = !strncmp(bytes, "POST ", 5) &&
			find(head, "/chat/completions HTTP/1.1\r\n");
	out->is_stream = member_is_true(body, "\"stream\"");
	out->wants_usage = member_is_true(body, "\"include_usage\"");
	copy_model(out, body);
	parse_pace(&out->pace, out->model);
	return SCRIPTED_READY;
}
