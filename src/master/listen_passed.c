/* SPDX-License-Identifier: ISC */
#include "master/listen_passed.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "pool/listen_socket.h"

enum { FIRST_FD = 3 };

static bool is_for_us(const char *pid)
{
	uint64_t number;

	return pid && text_parse_uint(slice_of(pid), &number) &&
	       number == (uint64_t)getpid();
}

/* "web:admin": the name of the index-th; without one, "descriptor 3". */
static void find_name(char *out, size_t size, const char *names, unsigned index)
{
	for (unsigned i = 0; names && i < index; i++) {
		names = strchr(names, ':');
		names = names ? names + 1 : NULL;
	}
	if (names && *names && *names != ':')
		snprintf(out, size, "%.*s", (int)strcspn(names, ":"), names);
	else
		snprintf(out, size, "descriptor %u", FIRST_FD + index);
}

static bool fail(struct listen_set *set, const char *name, const char *why)
{
	snprintf(set->error, sizeof set->error,
		 "the socket %.100s that was passed (LISTEN_FDS) cannot be "
		 "used: %s",
		 name, why);
	return false;
}

static int option_of(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof value;

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len))
		return -1;
	return value;
}

static bool prepare(struct listen_set *set, struct listen_socket *sock,
		    const char *name, bool allows_remote)
{
	const int on = 1;
	int flags;

	if (option_of(sock->fd, SO_TYPE) < 0)
		return fail(set, name, strerror(errno));
	if (option_of(sock->fd, SO_TYPE) != SOCK_STREAM)
		return fail(set, name,
			    "it is no stream socket (ListenStream= makes one)");
	if (option_of(sock->fd, SO_ACCEPTCONN) != 1)
		return fail(set, name,
			    "it does not listen (the socket unit needs "
			    "Accept=no)");
	if (!listen_socket_describe(sock->fd, sock->address))
		return fail(set, name,
			    "it is neither a unix nor an internet socket");
	if (sock->address[0] == 't') {
		if (!listen_socket_check(sock->address, allows_remote,
					 set->error))
			return false;
		setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	}
	/* systemd-socket-activate passes blocking ones. */
	flags = fcntl(sock->fd, F_GETFL);
	if (flags < 0 || fcntl(sock->fd, F_SETFL, flags | O_NONBLOCK) ||
	    fcntl(sock->fd, F_SETFD, FD_CLOEXEC))
		return fail(set, name, strerror(errno));
	return true;
}

static bool take(struct listen_set *set, uint64_t count, const char *names,
		 bool allows_remote)
{
	char name[128];

	if (count > LISTEN_MAX) {
		snprintf(set->error, sizeof set->error,
			 "%llu sockets were passed (LISTEN_FDS); at most %d "
			 "can be served",
			 (unsigned long long)count, LISTEN_MAX);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		struct listen_socket *sock = &set->sockets[i];

		memset(sock, 0, sizeof *sock);
		sock->fd = FIRST_FD + (int)i;
		sock->lock_fd = -1;
		sock->is_passed = true;
		sock->master_pid = getpid();
		find_name(name, sizeof name, names, i);
		if (!prepare(set, sock, name, allows_remote))
			return false;
	}
	set->count = (unsigned)count;
	return true;
}

enum listen_passed listen_passed_take(struct listen_set *set,
				      bool allows_remote)
{
	const char *count_text = getenv("LISTEN_FDS");
	enum listen_passed result = LISTEN_PASSED_NONE;
	uint64_t count = 0;

	set->count = 0;
	set->error[0] = '\0';
	if (count_text && is_for_us(getenv("LISTEN_PID"))) {
		if (!text_parse_uint(slice_of(count_text), &count)) {
			snprintf(set->error, sizeof set->error,
				 "LISTEN_FDS is \"%.40s\", not a number",
				 count_text);
			result = LISTEN_PASSED_BAD;
		} else if (count > 0) {
			result = take(set, count, getenv("LISTEN_FDNAMES"),
				      allows_remote)
				     ? LISTEN_PASSED_TAKEN
				     : LISTEN_PASSED_BAD;
		}
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return result;
}
