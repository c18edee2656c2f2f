/* SPDX-License-Identifier: ISC */
/*
 * FastCGI records (FastCGI Specification 1.0, section 3.3). The reader walks
 * only the 8-byte headers of what arrives, keeps the records of one request
 * and drops the rest; when the request is complete, libfcgi decodes it
 * (web/fcgi.h). The writer frames replies.
 */
#ifndef LEAT_WEB_RECORD_H
#define LEAT_WEB_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum {
	RECORD_HEADER_LEN = 8,
	RECORD_CONTENT_MAX = 65535,
	RECORD_STDOUT = 6, /* FCGI_STDOUT */
	RECORD_NONE = 0	   /* in place of a request's number */
};

enum record_status {
	RECORD_MORE,
	RECORD_COMPLETE,
	RECORD_ABORTED, /* FCGI_ABORT_REQUEST */
	RECORD_PARAMS_TOO_LARGE,
	RECORD_BODY_TOO_LARGE,
	RECORD_UNKNOWN_ROLE, /* not a responder's request */
	RECORD_MALFORMED
};

struct record_limits {
	size_t max_params_bytes;
	size_t max_body_bytes;
};

/* bytes[0, kept) are the records of the request, bytes[kept, len) what has
 * not been scanned. */
struct record_reader {
	struct buffer bytes;
	size_t kept;
	size_t watched; /* of what was not scanned: no abort so far */
	size_t params_bytes;
	size_t body_bytes;
	uint16_t request_id;
	bool has_begun;
	bool has_params;
	bool keeps_connection; /* FCGI_KEEP_CONN */
};

void record_reader_init(struct record_reader *reader);
void record_reader_fini(struct record_reader *reader);
/* Scans what was appended to reader->bytes. */
enum record_status record_scan(struct record_reader *reader,
			       const struct record_limits *limits);
/* The complete request's bytes. */
struct slice record_request(const struct record_reader *reader);
/* Among the unscanned records is an FCGI_ABORT_REQUEST for that request. */
bool record_aborts(struct record_reader *reader, uint16_t request_id);
/* Forgets the request; bytes after it stay for the next one. */
void record_next(struct record_reader *reader);

/* Between begin and end, append content to out; end fills in the header(s)
 * and splits what does not fit one record. Nothing appended: no record.
 *
 * No request has the number 0 (section 3.3): what is written for RECORD_NONE
 * is the content alone, without records (a CGI program's output). */
size_t record_begin(struct buffer *out);
void record_end(struct buffer *out, size_t start, uint16_t request_id);
/* FCGI_STDOUT's end and FCGI_END_REQUEST. */
void record_put_end(struct buffer *out, uint16_t request_id);
/* FCGI_END_REQUEST with FCGI_UNKNOWN_ROLE. */
void record_put_unknown_role(struct buffer *out, uint16_t request_id);

#endif
