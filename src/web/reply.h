/* SPDX-License-Identifier: ISC */
/*
 * The head of a reply: CGI header lines (RFC 3875, section 6).
 */
#ifndef LEAT_WEB_REPLY_H
#define LEAT_WEB_REPLY_H

#include "base/buffer.h"
#include "base/error.h"
#include "web/request.h"

struct reply_head {
	int status;
	const char *content_type; /* NULL: no body */
	bool is_stream;		  /* not to be buffered on the way */
	struct slice turn;	  /* X-Leat-Turn; may be empty */
	int retry_after_ms;	  /* 0: none */
	const char *allow;	  /* Allow of a 405; NULL: none */
	const char *location;	  /* of a redirect; NULL: none */
	const char *policy;	  /* Content-Security-Policy; NULL: none */
};

/* request may be NULL (it could not be read). cors_origins: NULL ends. */
void reply_put_head(struct buffer *out, const struct reply_head *head,
		    const struct request *request,
		    const char *const *cors_origins);
/* Is this Origin allowed by configuration? */
bool reply_allows_origin(struct slice origin, const char *const *cors_origins);

#endif
