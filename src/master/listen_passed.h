/* SPDX-License-Identifier: ISC */
/*
 * Listening sockets that whoever started us has opened: systemd's socket
 * activation (sd_listen_fds(3)). LISTEN_FDS says how many stand from
 * descriptor 3 on, LISTEN_PID for whom, LISTEN_FDNAMES what they are called.
 *
 * A passed socket is the giver's: nobody here unlinks or locks its path, sets
 * its permissions, or asks whether another stands in its place.
 */
#ifndef LEAT_MASTER_LISTEN_PASSED_H
#define LEAT_MASTER_LISTEN_PASSED_H

#include "pool/listen.h"

enum listen_passed {
	LISTEN_PASSED_NONE,  /* none, or they are for another process */
	LISTEN_PASSED_TAKEN, /* they are in the set, non-blocking, CLOEXEC */
	LISTEN_PASSED_BAD    /* set->error says why; nothing was taken */
};

/* The variables are gone from the environment afterwards, in any case. */
enum listen_passed listen_passed_take(struct listen_set *set,
				      bool allows_remote);

#endif
