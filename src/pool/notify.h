/* SPDX-License-Identifier: ISC */
/*
 * Telling the service manager how we are: the datagrams of sd_notify(3), to
 * the socket in $NOTIFY_SOCKET. Without that variable nothing happens.
 *
 * Nothing here blocks: a datagram that the manager has no room for is lost,
 * but READY=1, which a start waits for, is sent again with the next tick.
 * The variables stay in the environment: the program that replaces us in
 * place reads them, too; workers take them out of theirs.
 */
#ifndef LEAT_POOL_NOTIFY_H
#define LEAT_POOL_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { NOTIFY_STATUS_SIZE = 200, NOTIFY_STATUS_MS = 10000 };

struct notify {
	struct sockaddr_un name;
	socklen_t len; /* 0: nobody wants to be told */
	bool has_watchdog;
	bool owes_ready;
	char status[NOTIFY_STATUS_SIZE]; /* as it was told last */
	uint64_t status_ms;		 /* when */
};

/* Reads the environment. */
void notify_init(struct notify *notify);
/* Takes the manager's variables out of the environment. */
void notify_forget(void);

/* status: a sentence for people, one line. */
void notify_ready(struct notify *notify, uint64_t now_ms, const char *status);
/* A reload begins; it ends with notify_ready(). */
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify, uint64_t now_ms,
		     const char *status);
/* Each second: feeds the watchdog, and tells a status that is another one,
 * at most each NOTIFY_STATUS_MS. */
void notify_tick(struct notify *notify, uint64_t now_ms, const char *status);

#endif
