/* SPDX-License-Identifier: ISC */
#include "base/error.h"

struct error_row {
	const char *name;
	int http_status;
	bool is_retryable;
	const char *sentence;
};

static const struct error_row rows[ERROR_COUNT] = {
    [ERROR_NONE] = {"none", 200, false, ""},
    [ERROR_BAD_REQUEST] = {"bad_request", 400, false,
			   "The request could not be understood."},
    [ERROR_UNSUPPORTED_FIELD] =
	{"unsupported_field", 400, false,
	 "The request has a field that is not supported."},
    [ERROR_UNAUTHORIZED] = {"unauthorized", 401, false,
			    "This needs a valid key."},
    [ERROR_FORBIDDEN] = {"forbidden", 403, false, "This is not allowed."},
    [ERROR_NOT_FOUND] = {"not_found", 404, false, "There is nothing here."},
    [ERROR_METHOD_NOT_ALLOWED] = {"method_not_allowed", 405, false,
				  "This address does not take that method."},
    [ERROR_MODEL_NOT_FOUND] = {"model_not_found", 404, false,
			       "This model is not offered here."},
    [ERROR_REQUEST_TIMEOUT] = {"request_timeout", 408, true,
			       "The request took too long to arrive."},
    [ERROR_GONE] = {"gone", 410, false, "This is no longer kept."},
    [ERROR_TOO_LARGE] = {"too_large", 413, false, "The request is too large."},
    [ERROR_RATE_LIMITED] = {"rate_limited", 429, true,
			    "Too many requests; please wait a moment."},
    [ERROR_TOO_MANY_STREAMS] =
	{"too_many_streams", 429, true,
	 "Too many answers are open at once; close one and try again."},
    [ERROR_OVERLOADED] = {"overloaded", 503, true,
			  "The server is busy; please try again in a moment."},
    [ERROR_DRAINING] =
	{"draining", 503, true,
	 "The server is restarting; please try again in a moment."},
    [ERROR_STORE_UNAVAILABLE] =
	{"store_unavailable", 503, true,
	 "The answer could not be saved; please try again."},
    [ERROR_CONTEXT_FAILED] = {"context_failed", 500, true,
			      "The documents could not be searched."},
    [ERROR_UPSTREAM_REFUSED] = {"upstream_refused", 502, false,
				"The model's service refused the request."},
    [ERROR_UPSTREAM_UNAVAILABLE] =
	{"upstream_unavailable", 502, true,
	 "The model's service could not be reached."},
    [ERROR_UPSTREAM_OVERLOADED] =
	{"upstream_overloaded", 503, true,
	 "The model's service is overloaded; please try again in a moment."},
    [ERROR_UPSTREAM_CONNECT_TIMEOUT] =
	{"upstream_connect_timeout", 504, true,
	 "The model's service did not answer the connection."},
    [ERROR_UPSTREAM_FIRST_TOKEN_TIMEOUT] =
	{"upstream_first_token_timeout", 504, true,
	 "The model took too long to answer."},
    [ERROR_UPSTREAM_IDLE_TIMEOUT] =
	{"upstream_idle_timeout", 504, true,
	 "The model stopped in the middle of its answer."},
    [ERROR_UPSTREAM_TOTAL_TIMEOUT] =
	{"upstream_total_timeout", 504, true,
	 "The answer took longer than is allowed."},
    [ERROR_UPSTREAM_TRUNCATED] = {"upstream_truncated", 502, true,
				  "The answer was cut off before its end."},
    [ERROR_UPSTREAM_INVALID] =
	{"upstream_invalid", 502, true,
	 "The model's service sent something that could not be understood."},
    [ERROR_ANSWER_TOO_LARGE] = {"answer_too_large", 502, false,
				"The answer grew larger than is allowed."},
    [ERROR_CANCELLED] = {"cancelled", 499, true, "The answer was stopped."},
    [ERROR_INTERRUPTED] = {"interrupted", 500, true,
			   "The answer was interrupted; please ask again."},
    [ERROR_INTERNAL] = {"internal", 500, true,
			"Something went wrong on the server."},
};

static const struct error_row *row_of(enum error_code code)
{
	return (unsigned)code < ERROR_COUNT ? &rows[code]
					    : &rows[ERROR_INTERNAL];
}

const char *error_name(enum error_code code)
{
	return row_of(code)->name;
}

int error_http_status(enum error_code code)
{
	return row_of(code)->http_status;
}

const char *error_sentence(enum error_code code)
{
	return row_of(code)->sentence;
}

bool error_retryable(enum error_code code)
{
	return row_of(code)->is_retryable;
}
