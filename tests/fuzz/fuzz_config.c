/* SPDX-License-Identifier: ISC */
/*
 * Any text is either a configuration or has at least one problem. What our
 * scan accepts, libconfuse must not refuse with words of its own: the two
 * would disagree on the grammar.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool scan_accepts(struct slice text)
{
	struct buffer out;
	struct problems problems = {.out = &out, .name = "f"};
	struct config_scan scan;
	bool is_good;

	buffer_init(&out, 64 * 1024);
	is_good = config_scan(&scan, text, &problems);
	config_scan_fini(&scan);
	buffer_fini(&out);
	return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size);
	struct buffer problems;
	struct config *config;

	buffer_init(&problems, 64 * 1024);
	config = config_parse(text, "f", &problems);
	if (!config != (problems.len > 0))
		abort();
	if (!config && scan_accepts(text) &&
	    !strstr(buffer_string(&problems), "found") &&
	    !strstr(buffer_string(&problems), "providers: ") &&
	    !strstr(buffer_string(&problems), "stands there twice") &&
	    !strstr(buffer_string(&problems), "is not a loopback address") &&
	    !strstr(buffer_string(&problems), "which has no such option"))
		abort();
	config_free(config);
	buffer_fini(&problems);
	return 0;
}
