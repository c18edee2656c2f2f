/* SPDX-License-Identifier: ISC */
/*
 * One worker of a pool: `leat worker …`, started by the master only. One
 * thread, one loop: peers, providers, timers and the channel to the master.
 *
 *   SIGTERM         drains within drain_timeout, then LEAVE, BYE and the end
 *   SIGUSR1         reopens the log
 *   SIGINT, SIGHUP  ignored: Ctrl-C reaches the whole group, and ending is
 *                   the master's decision
 *
 * Without its master it goes on, and looks every 200 ms whether another one
 * has come; then it drains within a minute.
 */
#ifndef LEAT_SERVE_WORKER_H
#define LEAT_SERVE_WORKER_H

/* argv[0] is "leat worker". Returns the exit status. */
int worker_main(int argc, char **argv);

#endif
