/* SPDX-License-Identifier: ISC */
/*
 * Making one listening socket: the half of listen.c that talks to the
 * kernel. Failures fill set->error with words for the operator.
 */
#ifndef LEAT_POOL_LISTEN_SOCKET_H
#define LEAT_POOL_LISTEN_SOCKET_H

#include "pool/listen.h"

/* Always false. error_number: what the system said about the socket. */
bool listen_socket_fail(struct listen_set *set,
			const struct listen_socket *socket, int error_number);
bool listen_socket_check(const char *address, bool allows_remote,
			 char error[LISTEN_ERROR_SIZE]);
/* was_free: no leat left a lock here, so that a socket which answers
 * belongs to another program and is not taken over. */
bool listen_socket_unix(struct listen_set *set, struct listen_socket *socket,
			const struct listen_options *options, bool was_free);
/* was_free: there is no orphan to wait for. */
bool listen_socket_tcp(struct listen_set *set, struct listen_socket *socket,
		       bool was_free);
/* What a socket that somebody else has bound is bound to, in the words of the
 * option `listen`; "unix:@name" is an abstract one. False: it is neither a unix
 * nor an internet socket, and out is "". */
bool listen_socket_describe(int fd, char out[LISTEN_ADDRESS_SIZE]);

#endif
