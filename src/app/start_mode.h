/* SPDX-License-Identifier: ISC */
/*
 * How this program was started: from a command line, by a web server with a
 * listening socket as descriptor 0, or as a CGI program.
 *
 * A CGI program's arguments come from strangers (a query string without "="
 * becomes arguments, RFC 3875, section 4.4): then none of them means
 * anything.
 */
#ifndef LEAT_APP_START_MODE_H
#define LEAT_APP_START_MODE_H

#include <stdbool.h>

enum start_mode {
	START_COMMAND, /* as the arguments say */
	START_ALONE,   /* one process on descriptor 0 */
	START_CGI,     /* one request; arguments are to be ignored */
	START_MISTAKE  /* a CGI program's name, but no web server */
};

/* What can be seen from inside. */
struct start_facts {
	bool listens;	      /* descriptor 0 is a listening socket */
	bool has_cgi_request; /* the environment has one */
	bool has_sockets;     /* systemd has passed some (sd_listen_fds(3)) */
	const char *name;     /* argv[0]; may be NULL */
	const char *command;  /* argv[1]; may be NULL */
};

void start_mode_look(struct start_facts *facts, int argc, char **argv);
/* Descriptor 0 is the socket to serve on. */
bool start_mode_has_socket(void);
enum start_mode start_mode_of(const struct start_facts *facts);
/* What is said to somebody who started it by mistake. */
extern const char start_mode_mistake[];

#endif
