/* SPDX-License-Identifier: ISC */
/*
 * The listening sockets of a pool, opened by its master.
 *
 * A `unix:/path` is bound under a temporary name and renamed over the path,
 * so that there is never a moment without a socket. Whether a master lives
 * is told by a lock file beside it (flock), never by connecting: workers
 * whose master was killed still accept. Such orphans ask
 * listen_is_replaced() and let go when another master has come.
 *
 * A `tcp:127.0.0.1:9000` or `tcp:[::1]:9000` cannot be renamed: its lock
 * file stands in the runtime directory, and a new master that holds the lock
 * waits a moment for orphans to let go of the port.
 *
 * Sockets that were passed to us (listen_passed.h) are in the same set; with
 * their paths nothing is done.
 *
 * Descriptors are CLOEXEC; a worker gets them by number. No libuv here.
 */
#ifndef LEAT_POOL_LISTEN_H
#define LEAT_POOL_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

enum {
	LISTEN_MAX = 8,
	LISTEN_PATH_SIZE = 108,
	LISTEN_ADDRESS_SIZE = LISTEN_PATH_SIZE + 8,
	LISTEN_LOCK_SIZE = 512,
	LISTEN_ERROR_SIZE = 512,
	LISTEN_TEXT_SIZE = 256
};

struct listen_options {
	const char *addresses[LISTEN_MAX + 1]; /* NULL ends */
	unsigned mode;			       /* of unix sockets: 0660 */
	const char *owner; /* name or number; NULL or "": as it is */
	const char *group;
	bool allows_remote;	 /* tcp: on other than loopback addresses */
	const char *runtime_dir; /* locks of tcp addresses; NULL: no lock */
};

struct listen_socket {
	int fd;				   /* -1: closed */
	int lock_fd;			   /* -1: no lock, or not ours */
	char address[LISTEN_ADDRESS_SIZE]; /* as configured */
	char path[LISTEN_PATH_SIZE];	   /* "": no unix socket of ours */
	char lock_path[LISTEN_LOCK_SIZE];  /* "": none */
	dev_t device;			   /* of the file at the path */
	ino_t inode;
	pid_t master_pid; /* who opened it */
	bool is_passed;	  /* somebody else opened it, and keeps it */
};

struct listen_set {
	struct listen_socket sockets[LISTEN_MAX];
	unsigned count;
	char error[LISTEN_ERROR_SIZE]; /* why listen_open() failed */
};

/* Opens all or none. False: set->error says why, in words for the operator,
 * and nothing is left behind. */
bool listen_open(struct listen_set *set, const struct listen_options *options);
/* A master that has executed itself takes a socket back that it printed;
 * lock_fd may be -1. False: not such a text, or there are too many. */
bool listen_adopt(struct listen_set *set, const char *text, int lock_fd,
		  const char *runtime_dir);
/* A unix socket of ours whose path is gone, or names another file: no web
 * server finds it. */
bool listen_is_lost(const struct listen_socket *socket);
/* A master opens such a socket anew, for the workers to come; those who have
 * the old one keep it. False: set->error says why (what stands there now is
 * somebody's), and the old one stays. */
bool listen_renew(struct listen_set *set, struct listen_socket *socket,
		  const struct listen_options *options);
/* Closes the sockets, removes paths that are still ours, and lets another
 * master come. Safe to call twice. */
void listen_stop(struct listen_set *set);

/* How a worker is told of a socket: one argument. */
void listen_print(const struct listen_socket *socket,
		  char out[LISTEN_TEXT_SIZE]);
/* The worker's view of it. False: not such a text. */
bool listen_parse(struct listen_socket *socket, const char *text,
		  const char *runtime_dir);
/* For a worker without a master: nobody reaches this socket any more, or
 * another master wants its place. A passed socket always is: whoever keeps it
 * starts another leat, for which connections wait. */
bool listen_is_replaced(const struct listen_socket *socket);

#endif
