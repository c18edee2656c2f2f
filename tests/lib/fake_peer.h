/* SPDX-License-Identifier: ISC */
/*
 * A web server's side of FastCGI, in bytes: making requests, and reading
 * replies from a descriptor without waiting.
 */
#ifndef LEAT_TESTS_FAKE_PEER_H
#define LEAT_TESTS_FAKE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum fake_record {
	FAKE_BEGIN = 1,
	FAKE_ABORT = 2,
	FAKE_END = 3,
	FAKE_PARAMS = 4,
	FAKE_STDIN = 5,
	FAKE_STDOUT = 6,
	FAKE_DATA = 8,
	FAKE_GET_VALUES = 9
};

/* Any record; len at most 65,535. */
void fake_peer_put(struct buffer *out, enum fake_record type, unsigned id,
		   struct slice content);
void fake_peer_put_padded(struct buffer *out, enum fake_record type,
			  unsigned id, struct slice content, unsigned padding);
void fake_peer_put_begin(struct buffer *out, unsigned id, unsigned role,
			 bool keeps);
/* One name and value as PARAMS content. */
void fake_peer_put_pair(struct buffer *out, const char *name,
			struct slice value);

/* A whole request. params: "NAME", "value", …, NULL. */
struct fake_request {
	unsigned id; /* 0: 1 */
	bool keeps;
	const char *const *params;
	struct slice body;
};
void fake_peer_put_request(struct buffer *out,
			   const struct fake_request *request);

struct fake_peer {
	int fd;
	struct buffer raw;   /* not decoded yet */
	struct buffer reply; /* FCGI_STDOUT so far */
	unsigned records;    /* of FCGI_STDOUT that were not empty */
	bool has_ended;	     /* FCGI_END_REQUEST came */
	unsigned end_status; /* its protocolStatus */
	bool is_closed;	     /* the other side hung up */
	bool is_half_closed; /* an orderly end, before ours */
};

void fake_peer_init(struct fake_peer *peer, int fd);
void fake_peer_fini(struct fake_peer *peer); /* closes */
void fake_peer_send(struct fake_peer *peer, struct slice bytes);
/* Takes what has come, at most so many bytes; fails on a malformed reply. */
void fake_peer_receive(struct fake_peer *peer, size_t max);
/* For the next request on the same connection. */
void fake_peer_clear(struct fake_peer *peer);
/* Hangs up: nothing more is read or written. */
void fake_peer_leave(struct fake_peer *peer);

/* Of the reply: the status, a header's value ("" when it is not there; lives
 * until the next call) and what follows the headers. */
int fake_peer_status(const struct fake_peer *peer);
const char *fake_peer_header(const struct fake_peer *peer, const char *name);
const char *fake_peer_body(const struct fake_peer *peer);

#endif
