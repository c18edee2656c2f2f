/* SPDX-License-Identifier: ISC */
/*
 * One process alone on a listening socket that a web server or a process
 * manager has opened and put on descriptor 0 (mod_fcgid, spawn-fcgi,
 * lighttpd's bin-path): a service without master, and without a way to the
 * turns of other processes, with which it may share the socket.
 *
 *   SIGTERM, SIGINT  stops accepting; running streams go on for 8 seconds
 *                    (after 9 mod_fcgid kills), then end as interrupted
 *   SIGUSR1          reopens the log
 *   SIGHUP           ignored
 *
 * It also drains when the process that started it is gone, unless it was
 * made a daemon of its own (spawn-fcgi's are).
 */
#ifndef LEAT_SERVE_ALONE_H
#define LEAT_SERVE_ALONE_H

struct config;

/* Serves until it is told to end. Takes the configuration over. Returns the
 * exit status: 1 when it could not start (standard error says why). */
int alone_run(struct config *config);

#endif
