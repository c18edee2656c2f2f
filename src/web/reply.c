/* SPDX-License-Identifier: ISC */
#include "web/reply.h"

#include "base/ids.h"
#include "base/text.h"

enum { REQUEST_ID_MAX = 64, REQUEST_ID_LEN = 20 };

static const struct {
	int status;
	const char *reason;
} reasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {429, "Too Many Requests"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

static bool is_request_id(struct slice id)
{
	if (id.len == 0 || id.len > REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = text_lower(id.data[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

static void put_request_id(struct buffer *out, const struct request *request)
{
	char made[REQUEST_ID_LEN + 1];

	buffer_append_string(out, "X-Request-Id: ");
	if (request && is_request_id(request->request_id)) {
		buffer_append_slice(out, request->request_id);
	} else {
		ids_random(made, REQUEST_ID_LEN);
		buffer_append_string(out, made);
	}
	buffer_append_string(out, "\r\n");
}

/* What comes back in a header line must not hold another. */
static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return true;
}

bool reply_allows_origin(struct slice origin, const char *const *cors_origins)
{
	if (!is_printable(origin))
		return false;
	for (; *cors_origins; cors_origins++)
		if (!strcmp(*cors_origins, "*") ||
		    text_equal_nocase(origin, *cors_origins))
			return true;
	return false;
}

static void put_cors(struct buffer *out, const struct request *request,
		     const char *const *cors_origins)
{
	if (!cors_origins[0])
		return;
	buffer_append_string(out, "Vary: Origin\r\n");
	if (!request || request->origin.len == 0 ||
	    !reply_allows_origin(request->origin, cors_origins))
		return;
	buffer_append_string(out, "Access-Control-Allow-Origin: ");
	buffer_append_slice(out, request->origin);
	buffer_append_string(
	    out,
	    "\r\nAccess-Control-Expose-Headers: X-Leat-Turn, X-Request-Id, "
	    "Retry-After\r\n");
	if (request_is(request, "OPTIONS"))
		buffer_append_string(
		    out, "Access-Control-Allow-Methods: GET, POST, DELETE\r\n"
			 "Access-Control-Allow-Headers: Content-Type, "
			 "Last-Event-ID, Authorization, X-Request-Id\r\n"
			 "Access-Control-Max-Age: 600\r\n");
}

void reply_put_head(struct buffer *out, const struct reply_head *head,
		    const struct request *request,
		    const char *const *cors_origins)
{
	buffer_printf(out, "Status: %d %s\r\n", head->status,
		      reason_of(head->status));
	if (head->content_type)
		buffer_printf(out, "Content-Type: %s\r\n", head->content_type);
	buffer_append_string(
	    out, head->is_stream ? "Cache-Control: no-cache, no-transform\r\n"
				   "X-Accel-Buffering: no\r\n"
				 : "Cache-Control: no-store\r\n");
	buffer_append_string(out, "X-Content-Type-Options: nosniff\r\n");
	put_request_id(out, request);
	if (head->turn.len)
		buffer_printf(out, "X-Leat-Turn: %.*s\r\n", (int)head->turn.len,
			      head->turn.data);
	if (head->retry_after_ms > 0)
		buffer_printf(out, "Retry-After: %d\r\n",
			      (head->retry_after_ms + 999) / 1000);
	if (head->allow)
		buffer_printf(out, "Allow: %s\r\n", head->allow);
	if (head->location)
		buffer_printf(out, "Location: %s\r\n", head->location);
	if (head->policy)
		buffer_printf(out, "Content-Security-Policy: %s\r\n",
			      head->policy);
	put_cors(out, request, cors_origins);
	buffer_append_string(out, "\r\n");
}
