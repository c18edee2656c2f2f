/* SPDX-License-Identifier: ISC */
/*
 * What is taken can be printed, the print is valid UTF-8, and it reads the
 * same; what a client may send, a provider may send too.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The print of a text, or NULL when it was refused. */
static char *parse_and_print(struct slice text,
			     const struct json_limits *limits)
{
	struct fault fault = {.code = ERROR_NONE};
	struct json *root = json_parse(text, limits, &fault);
	struct buffer out;

	if (!root) {
		if (fault.code == ERROR_NONE || !fault.hint[0])
			abort();
		return NULL;
	}
	buffer_init(&out, BUFFER_UNLIMITED);
	json_print(&out, root);
	json_free(root);
	if (!text_is_utf8(out.data, out.len) || strlen(out.data) != out.len)
		abort();
	return buffer_detach(&out);
}

/* A print is text that anybody may send. */
static void check_print(const char *print)
{
	char *again;

	/* A number that no type holds was printed as null, and a text that is
	 * just null is refused. */
	if (strcmp(print, "null") == 0)
		return;
	again = parse_and_print(slice_of(print), &json_limits_upstream);
	if (!again)
		abort();
	/* Two names that were broken in two ways may be one now. */
	if (strcmp(print, again) != 0 && !strstr(print, "\uFFFD"))
		abort();
	memory_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size);
	char *strict = parse_and_print(text, &json_limits_request);
	char *lenient = parse_and_print(text, &json_limits_upstream);

	if (strict && (!lenient || strcmp(strict, lenient) != 0))
		abort();
	if (lenient)
		check_print(lenient);
	memory_free(strict);
	memory_free(lenient);
	return 0;
}
