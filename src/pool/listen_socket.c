/* SPDX-License-Identifier: ISC */
#include "pool/listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define TCP_PREFIX  "tcp:"

/* The kernel lowers it to net.core.somaxconn. */
enum { BACKLOG = 65535 };
/* ".4194304": the longest process number. */
enum { SUFFIX_SIZE = 12 };
enum { PATH_MAX_LEN = LISTEN_PATH_SIZE - SUFFIX_SIZE - 1 };
/* Orphans of a killed master look every 200 ms whether to let go. */
enum { BIND_TRIES = 30, BIND_PAUSE_MS = 100 };

struct tcp_address {
	struct sockaddr_storage storage;
	socklen_t len;
	bool is_loopback;
};

static void explain(char *out, size_t size, const struct listen_socket *socket,
		    int error_number)
{
	const char *slash = strrchr(socket->path, '/');
	char folder[LISTEN_PATH_SIZE] = ".";

	if (slash)
		snprintf(folder, sizeof folder, "%.*s",
			 slash == socket->path ? 1
					       : (int)(slash - socket->path),
			 socket->path);
	if (socket->path[0] && error_number == ENOENT)
		snprintf(out, size, "the directory %s does not exist", folder);
	else if (socket->path[0] &&
		 (error_number == EACCES || error_number == EPERM))
		snprintf(out, size,
			 "no permission to make a socket in the directory %s",
			 folder);
	else if (error_number == EADDRINUSE)
		snprintf(out, size, "the port is in use by another program");
	else if (error_number == EADDRNOTAVAIL)
		snprintf(out, size, "this machine does not have the address");
	else if (error_number == EACCES)
		snprintf(
		    out, size,
		    "no permission to use the port (ports below 1024 are for "
		    "root)");
	else
		snprintf(out, size, "%s", strerror(error_number));
}

bool listen_socket_fail(struct listen_set *set,
			const struct listen_socket *socket, int error_number)
{
	char reason[LISTEN_ERROR_SIZE / 2];

	explain(reason, sizeof reason, socket, error_number);
	snprintf(set->error, sizeof set->error, "%s: %s", socket->address,
		 reason);
	return false;
}

static bool read_host(struct tcp_address *out, const char *host, unsigned port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->storage;

	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		out->len = sizeof *v4;
		out->is_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		return true;
	}
	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out->len = sizeof *v6;
		out->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return true;
	}
	return false;
}

/* "tcp:127.0.0.1:9000", "tcp:[::1]:9000". */
static bool read_tcp(struct tcp_address *out, const char *address)
{
	const char *host = address + strlen(TCP_PREFIX);
	const char *colon = strrchr(host, ':');
	char copy[64], *end;
	unsigned long port;
	size_t len;

	if (!colon || colon[1] < '1' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	len = (size_t)(colon - host);
	if (*end || port > 65535 || len == 0 || len >= sizeof copy)
		return false;
	snprintf(copy, sizeof copy, "%.*s", (int)len, host);
	if (copy[0] == '[') {
		if (copy[len - 1] != ']')
			return false;
		copy[len - 1] = '\0';
		return strchr(copy + 1, ':') &&
		       read_host(out, copy + 1, (unsigned)port);
	}
	return !strchr(copy, ':') && read_host(out, copy, (unsigned)port);
}

static bool check_unix(const char *path, char error[LISTEN_ERROR_SIZE])
{
	size_t len = strlen(path);

	if (len > 0 && len <= PATH_MAX_LEN && path[len - 1] != '/')
		return true;
	if (len > PATH_MAX_LEN)
		snprintf(
		    error, LISTEN_ERROR_SIZE,
		    "unix:%.40s...: the path has %zu bytes; a socket's may "
		    "have %d",
		    path, len, PATH_MAX_LEN);
	else
		snprintf(error, LISTEN_ERROR_SIZE,
			 "unix:%s: not the path of a socket", path);
	return false;
}

bool listen_socket_check(const char *address, bool allows_remote,
			 char error[LISTEN_ERROR_SIZE])
{
	struct tcp_address tcp;

	if (!strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)))
		return check_unix(address + strlen(UNIX_PREFIX), error);
	if (strncmp(address, TCP_PREFIX, strlen(TCP_PREFIX)) ||
	    !read_tcp(&tcp, address)) {
		snprintf(error, LISTEN_ERROR_SIZE,
			 "%.100s: not an address to listen on; allowed are "
			 "unix:/path, tcp:127.0.0.1:9000 and tcp:[::1]:9000",
			 address);
		return false;
	}
	if (!tcp.is_loopback && !allows_remote) {
		snprintf(
		    error, LISTEN_ERROR_SIZE,
		    "%s: not a loopback address; FastCGI has no protection "
		    "of its own, so others are refused unless the "
		    "configuration allows them",
		    address);
		return false;
	}
	return true;
}

static bool is_number(const char *text, unsigned *value)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*value = (unsigned)number;
	return text[0] >= '0' && text[0] <= '9' && !*end && number < UINT_MAX;
}

static bool find_ids(struct listen_set *set,
		     const struct listen_options *options, uid_t *uid,
		     gid_t *gid)
{
	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (options->owner && options->owner[0] &&
	    !is_number(options->owner, uid)) {
		struct passwd *user = getpwnam(options->owner);

		if (!user) {
			snprintf(set->error, sizeof set->error,
				 "listen_owner: there is no user %.100s",
				 options->owner);
			return false;
		}
		*uid = user->pw_uid;
	}
	if (options->group && options->group[0] &&
	    !is_number(options->group, gid)) {
		struct group *group = getgrnam(options->group);

		if (!group) {
			snprintf(set->error, sizeof set->error,
				 "listen_group: there is no group %.100s",
				 options->group);
			return false;
		}
		*gid = group->gr_gid;
	}
	return true;
}

/* Owner and group first: at no moment may somebody connect whom the final
 * mode would keep out. */
static bool set_access(struct listen_set *set, struct listen_socket *socket,
		       const struct listen_options *options, const char *path)
{
	uid_t uid;
	gid_t gid;

	if (!find_ids(set, options, &uid, &gid))
		return false;
	if (lchown(path, uid, gid)) {
		snprintf(
		    set->error, sizeof set->error,
		    "%s: listen_owner or listen_group cannot be set: %s "
		    "(root may set both; others only a group of their own)",
		    socket->address, strerror(errno));
		return false;
	}
	if (chmod(path, options->mode & 0777))
		return listen_socket_fail(set, socket, errno);
	return true;
}

static bool is_answered(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
	answered =
	    fd >= 0 && (!connect(fd, (struct sockaddr *)&name, sizeof name) ||
			errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	return answered;
}

/* What stands at the path may be replaced if it is a socket that nobody, or
 * only a leat without its master, listens on. */
static bool may_replace(struct listen_set *set,
			const struct listen_socket *socket, bool was_free)
{
	struct stat status;

	if (lstat(socket->path, &status))
		return errno == ENOENT ||
		       listen_socket_fail(set, socket, errno);
	if (!S_ISSOCK(status.st_mode)) {
		snprintf(set->error, sizeof set->error,
			 "%s: exists and is not a socket", socket->address);
		return false;
	}
	if (was_free && is_answered(socket->path)) {
		snprintf(set->error, sizeof set->error,
			 "%s: another program listens on it", socket->address);
		return false;
	}
	return true;
}

static int bind_private(int fd, const struct sockaddr_un *name)
{
	mode_t mask = umask(0177);
	int result = bind(fd, (const struct sockaddr *)name, sizeof *name);

	umask(mask);
	return result;
}

bool listen_socket_unix(struct listen_set *set, struct listen_socket *sock,
			const struct listen_options *options, bool was_free)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct stat status;

	if (!may_replace(set, sock, was_free))
		return false;
	snprintf(name.sun_path, sizeof name.sun_path, "%.*s.%d", PATH_MAX_LEN,
		 sock->path, (int)getpid());
	unlink(name.sun_path); /* of a process that had our number and died */
	sock->fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock->fd < 0 || bind_private(sock->fd, &name))
		return listen_socket_fail(set, sock, errno);
	if (!set_access(set, sock, options, name.sun_path)) {
		unlink(name.sun_path);
		return false;
	}
	if (listen(sock->fd, BACKLOG) || lstat(name.sun_path, &status) ||
	    rename(name.sun_path, sock->path)) {
		listen_socket_fail(set, sock, errno);
		unlink(name.sun_path);
		return false;
	}
	sock->device = status.st_dev;
	sock->inode = status.st_ino;
	return true;
}

static bool bind_port(int fd, const struct tcp_address *address, bool may_wait)
{
	const struct timespec pause = {.tv_nsec = BIND_PAUSE_MS * 1000000L};

	for (int i = 0; i < BIND_TRIES; i++) {
		if (!bind(fd, (const struct sockaddr *)&address->storage,
			  address->len) &&
		    !listen(fd, BACKLOG))
			return true;
		if (errno != EADDRINUSE || !may_wait)
			return false;
		nanosleep(&pause, NULL);
	}
	errno = EADDRINUSE;
	return false;
}

bool listen_socket_tcp(struct listen_set *set, struct listen_socket *sock,
		       bool was_free)
{
	struct tcp_address address;
	const int on = 1;

	if (!read_tcp(&address, sock->address))
		return listen_socket_fail(set, sock, EINVAL);
	sock->fd = socket(address.storage.ss_family,
			  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock->fd < 0)
		return listen_socket_fail(set, sock, errno);
	setsockopt(sock->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* Accepted sockets inherit it; a frame must not wait for the last. */
	setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (address.storage.ss_family == AF_INET6)
		setsockopt(sock->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	/* Orphans see our number in the lock file and leave the port. */
	if (!bind_port(sock->fd, &address, !was_free))
		return listen_socket_fail(set, sock, errno);
	return true;
}

static void describe_unix(const struct sockaddr_un *name, socklen_t len,
			  char out[LISTEN_ADDRESS_SIZE])
{
	size_t count = len - offsetof(struct sockaddr_un, sun_path);

	/* An abstract one begins with NUL, which people write as @. */
	if (count > 0 && !name->sun_path[0])
		snprintf(out, LISTEN_ADDRESS_SIZE, UNIX_PREFIX "@%.*s",
			 (int)count - 1, name->sun_path + 1);
	else
		snprintf(out, LISTEN_ADDRESS_SIZE, UNIX_PREFIX "%.*s",
			 (int)strnlen(name->sun_path, count), name->sun_path);
}

bool listen_socket_describe(int fd, char out[LISTEN_ADDRESS_SIZE])
{
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = {0};
	socklen_t len = sizeof name;
	char host[INET6_ADDRSTRLEN] = "";

	out[0] = '\0';
	if (getsockname(fd, &name.any, &len))
		return false;
	switch (name.any.sa_family) {
	case AF_UNIX:
		describe_unix(&name.local, len, out);
		return true;
	case AF_INET:
		inet_ntop(AF_INET, &name.v4.sin_addr, host, sizeof host);
		snprintf(out, LISTEN_ADDRESS_SIZE, TCP_PREFIX "%s:%u", host,
			 ntohs(name.v4.sin_port));
		return true;
	case AF_INET6:
		inet_ntop(AF_INET6, &name.v6.sin6_addr, host, sizeof host);
		snprintf(out, LISTEN_ADDRESS_SIZE, TCP_PREFIX "[%s]:%u", host,
			 ntohs(name.v6.sin6_port));
		return true;
	default:
		return false;
	}
}
