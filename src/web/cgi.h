/* SPDX-License-Identifier: ISC */
/*
 * The one request of a CGI program (RFC 3875): from its environment and
 * standard input to a request, and its answer to standard output. Everything
 * between is what a FastCGI request meets.
 *
 * Reading blocks, for the request is there before the program starts, or
 * nothing else is to be done until it is.
 */
#ifndef LEAT_WEB_CGI_H
#define LEAT_WEB_CGI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct request;
struct server;

struct cgi_input {
	int fd;			 /* standard input */
	size_t max_params_bytes; /* of the environment */
	size_t max_body_bytes;
	unsigned timeout_ms; /* for all of the body */
	bool is_cut;	     /* set: the body was not read to its end */
};

/* params: the environment's "NAME=value", NULL ends; what is of interest is
 * copied. The body is read only where one was announced, or POST and
 * the like may bring one: a GET's standard input may be a connection that
 * stays silent. False: the fault is the answer (method and headers are known
 * all the same). */
bool cgi_read(struct request *request, char *const *params,
	      struct cgi_input *input, struct fault *fault);

/* Routes it, or answers with the fault (NULL: none). The server takes request
 * and fd over. At the end of the reply, or when nobody reads it any more, the
 * server has no open peer. */
void cgi_answer(struct server *server, struct request *request, int fd,
		const struct fault *fault);
/* Answers without a server; waits for fd, but not for one that takes nothing
 * for some seconds. */
void cgi_refuse(char *const *params, int fd, const struct fault *fault);

/* Throws away what still comes, so that who sends it sees the answer and not
 * an error; not for long. */
void cgi_drain(int fd);

#endif
