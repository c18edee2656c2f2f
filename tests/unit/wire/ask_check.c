/* SPDX-License-Identifier: ISC */
#include "ask_check.h"

#include <string.h>

const struct ask_limits ask_check_limits = {64, 4, false};

struct ask_form ask_check_form;
struct fault ask_check_fault;

int ask_check_tear_down(void **state)
{
	(void)state;
	ask_free(ask_check_form.ask);
	ask_check_form.ask = NULL;
	return 0;
}

struct ask *ask_check_body(const char *body)
{
	ask_free(ask_check_form.ask);
	memset(&ask_check_fault, 0, sizeof ask_check_fault);
	if (!ask_read_json(&ask_check_form, slice_of(body), &ask_check_limits,
			   &ask_check_fault))
		fail_msg("%s: %s", body, ask_check_fault.hint);
	assert_non_null(ask_check_form.ask);
	return ask_check_form.ask;
}

struct ask *ask_check_pairs(const char *query_string)
{
	ask_free(ask_check_form.ask);
	memset(&ask_check_fault, 0, sizeof ask_check_fault);
	if (!ask_read_query(&ask_check_form, slice_of(query_string),
			    &ask_check_limits, &ask_check_fault))
		fail_msg("%s: %s", query_string, ask_check_fault.hint);
	assert_non_null(ask_check_form.ask);
	return ask_check_form.ask;
}

static void expect_fault(bool was_read, const char *text, enum error_code code,
			 const char *hint)
{
	if (was_read)
		fail_msg("taken: %s", text);
	assert_null(ask_check_form.ask);
	assert_string_equal(error_name(ask_check_fault.code), error_name(code));
	if (!strstr(ask_check_fault.hint, hint))
		fail_msg("%s: \"%s\" does not say \"%s\"", text,
			 ask_check_fault.hint, hint);
}

void ask_check_refuses_body(const char *body, enum error_code code,
			    const char *hint)
{
	ask_free(ask_check_form.ask);
	expect_fault(ask_read_json(&ask_check_form, slice_of(body),
				   &ask_check_limits, &ask_check_fault),
		     body, code, hint);
}

void ask_check_refuses_pairs(const char *query_string, enum error_code code,
			     const char *hint)
{
	ask_free(ask_check_form.ask);
	expect_fault(ask_read_query(&ask_check_form, slice_of(query_string),
				    &ask_check_limits, &ask_check_fault),
		     query_string, code, hint);
}

void ask_check_text(struct slice got, const char *wanted)
{
	if (!slice_is(got, wanted))
		fail_msg("\"%.*s\" is not \"%s\"", (int)got.len,
			 got.len ? got.data : "", wanted);
}
