/* SPDX-License-Identifier: ISC */
#include "doctor/probe.h"

#include <stdio.h>

#include "base/json.h"

void probe_url(const struct probe *probe, const char *path,
	       char out[MEASURE_URL_SIZE])
{
	snprintf(out, MEASURE_URL_SIZE, "%.*s/%s", MEASURE_URL_SIZE - 200,
		 probe->measures->base, path);
}

static void copy(struct slice text, char out[MEASURE_TEXT_SIZE])
{
	snprintf(out, MEASURE_TEXT_SIZE, "%.*s", (int)text.len,
		 text.len ? text.data : "");
}

void probe_copy_header(const struct http_response *response, const char *name,
		       char out[MEASURE_TEXT_SIZE])
{
	copy(http_response_header(response, name), out);
}

void probe_copy_string(const struct json *object, const char *name,
		       char out[MEASURE_TEXT_SIZE])
{
	struct slice text = SLICE_NONE;

	json_string(json_member(object, name), &text);
	copy(text, out);
}
