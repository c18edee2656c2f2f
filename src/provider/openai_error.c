/* SPDX-License-Identifier: ISC */
#include "provider/openai_error.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/text.h"
#include "provider/refusal.h"

static struct slice string_of(const struct json *value)
{
	struct slice text = SLICE_NONE;

	json_string(value, &text);
	return text;
}

/* What an error object says, as the detail of a fault. */
static void describe_error(struct fault *fault, const struct json *error,
			   struct slice secret)
{
	static const char *const names[] = {"code", "type", "message",
					    "detail"};
	struct buffer text;

	buffer_init(&text, 4096);
	if (fault->hint[0])
		buffer_printf(&text, "%s ", fault->hint);
	if (json_kind(error) == JSON_STRING)
		buffer_append_slice(&text, string_of(error));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct json *value = json_member(error, names[i]);

		if (!value)
			continue;
		if (json_kind(value) == JSON_STRING)
			buffer_append_slice(&text, string_of(value));
		else
			json_print(&text, value);
		buffer_append_char(&text, ' ');
	}
	refusal_set_detail(fault, text_trim(buffer_slice(&text)), secret);
	buffer_fini(&text);
}

/* Code before type: it is the narrower of the two. Some write an HTTP status
 * into it. */
static void classify_error(struct fault *fault, const struct json *error)
{
	int64_t status;

	if (refusal_from_word(fault, string_of(json_member(error, "code"))))
		return;
	if (json_integer(json_member(error, "code"), &status) &&
	    status >= 400 && status <= 599) {
		refusal_from_status(fault, (int)status);
		return;
	}
	refusal_from_word(fault, string_of(json_member(error, "type")));
}

const struct json *openai_error_find(const struct json *root,
				     bool is_error_event)
{
	const struct json *error = json_member(root, "error");

	if (json_kind(error) == JSON_OBJECT || json_kind(error) == JSON_STRING)
		return error;
	if (is_error_event ||
	    slice_is(string_of(json_member(root, "object")), "error") ||
	    slice_is(string_of(json_member(root, "type")), "error"))
		return root;
	/* Anything but null, false or nothing is an error too. */
	if (json_kind(error) == JSON_NUMBER || json_kind(error) == JSON_ARRAY)
		return root;
	return NULL;
}

void openai_error_read(struct fault *fault, const struct json *error,
		       struct slice secret)
{
	fault_set(fault, ERROR_UPSTREAM_UNAVAILABLE, "%s", "");
	classify_error(fault, error);
	describe_error(fault, error, secret);
}

void openai_error_refusal(struct fault *fault, int status, struct slice body,
			  struct slice secret)
{
	struct json *root = json_parse(body, &json_limits_upstream, NULL);
	const struct json *first =
	    json_kind(root) == JSON_ARRAY ? json_item(root, 0) : root;
	const struct json *error = openai_error_find(first, false);
	struct fault said;

	refusal_from_status(fault, status);
	memset(&said, 0, sizeof said);
	classify_error(&said, error);
	/* 429 also says that the account is empty: waiting does not help. */
	if (status == 429 && said.code == ERROR_UPSTREAM_REFUSED) {
		fault->code = said.code;
		fault->retry = said.retry;
	}
	if (first)
		describe_error(fault, error ? error : first, secret);
	else
		refusal_set_detail(fault, slice_of(fault->hint), secret);
	json_free(root);
}
