/* SPDX-License-Identifier: ISC */
/*
 * One request as a CGI program: a service that answers it and ends. What it
 * cannot do is what needs another process or a later request: limits over
 * processes, and a turn that outlives its reply.
 *
 * When the web server sends SIGTERM, or nobody reads standard output any
 * more, the upstream request ends in the same pass of the loop, and the
 * process with it.
 */
#ifndef LEAT_SERVE_CGI_PROCESS_H
#define LEAT_SERVE_CGI_PROCESS_H

/* Does not return. The environment is cleared on the way, so that nothing a
 * client sent (HTTP_PROXY) is taken for a setting. */
void cgi_process_run(void) __attribute__((noreturn));

#endif
