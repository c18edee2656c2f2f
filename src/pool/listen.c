/* SPDX-License-Identifier: ISC */
#include "pool/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool/listen_socket.h"

#define UNIX_PREFIX   "unix:"
#define PASSED_PREFIX "passed:"

static bool fail_lock(struct listen_set *set, const char *address,
		      const char *lock_path)
{
	snprintf(set->error, sizeof set->error,
		 "%s: the lock file %.300s cannot be used: %s", address,
		 lock_path, strerror(errno));
	return false;
}

/* The number that the holder of a lock wrote; 0: nobody. */
static pid_t read_pid(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof text - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

static bool fail_second(struct listen_set *set, const char *address, int fd)
{
	pid_t pid = read_pid(fd);

	if (pid > 0)
		snprintf(set->error, sizeof set->error,
			 "%s: another leat already serves it (process %d)",
			 address, (int)pid);
	else
		snprintf(set->error, sizeof set->error,
			 "%s: another leat already serves it", address);
	return false;
}

static void write_pid(int fd)
{
	char pid[16];
	int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());

	/* The number only makes a message clearer. */
	if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)len, 0) != len)
		return;
}

static bool is_same_file(int fd, const char *path)
{
	struct stat by_fd, by_path;

	return !fstat(fd, &by_fd) && !stat(path, &by_path) &&
	       by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino;
}

/* For the owner's eyes only: whoever can open a file can also lock it, and
 * keep leat from starting. A leaving master removes the file while it holds the
 * lock, so what was locked counts only if it still is what the path names. */
static bool take_lock(struct listen_set *set, struct listen_socket *socket,
		      bool *is_new)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;

	for (;;) {
		int fd = open(socket->lock_path, flags);

		*is_new = fd < 0 && errno == ENOENT;
		if (*is_new)
			fd = open(socket->lock_path, flags | O_CREAT, 0600);
		if (fd < 0 && errno == ENOENT)
			return listen_socket_fail(set, socket, errno);
		if (fd < 0)
			return fail_lock(set, socket->address,
					 socket->lock_path);
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			bool is_second = errno == EWOULDBLOCK;

			if (is_second)
				fail_second(set, socket->address, fd);
			else
				fail_lock(set, socket->address,
					  socket->lock_path);
			close(fd);
			return false;
		}
		if (is_same_file(fd, socket->lock_path)) {
			socket->lock_fd = fd;
			write_pid(fd);
			return true;
		}
		close(fd);
	}
}

static void release_lock(struct listen_socket *socket)
{
	if (socket->lock_fd < 0)
		return;
	/* Another leat's, if somebody had taken ours away. */
	if (is_same_file(socket->lock_fd, socket->lock_path))
		unlink(socket->lock_path);
	close(socket->lock_fd);
	socket->lock_fd = -1;
}

/* The lock of a tcp address: "{runtime_dir}/tcp-{address}.lock". */
static void name_lock(struct listen_socket *socket, const char *runtime_dir)
{
	socket->lock_path[0] = '\0';
	if (socket->path[0]) {
		snprintf(socket->lock_path, sizeof socket->lock_path, "%s.lock",
			 socket->path);
		return;
	}
	if (!runtime_dir || !runtime_dir[0])
		return;
	if (snprintf(socket->lock_path, sizeof socket->lock_path,
		     "%s/tcp-%s.lock", runtime_dir,
		     socket->address + 4) >= (int)sizeof socket->lock_path)
		socket->lock_path[0] = '\0';
}

static void set_address(struct listen_socket *socket, const char *address)
{
	memset(socket, 0, sizeof *socket);
	socket->fd = -1;
	socket->lock_fd = -1;
	snprintf(socket->address, sizeof socket->address, "%s", address);
	if (!strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)))
		snprintf(socket->path, sizeof socket->path, "%s",
			 address + strlen(UNIX_PREFIX));
}

static bool open_one(struct listen_set *set,
		     const struct listen_options *options, const char *address)
{
	struct listen_socket *socket = &set->sockets[set->count];
	bool is_new = true;

	if (!listen_socket_check(address, options->allows_remote, set->error))
		return false;
	set_address(socket, address);
	socket->master_pid = getpid();
	set->count++;
	name_lock(socket, options->runtime_dir);
	if (socket->lock_path[0] && !take_lock(set, socket, &is_new)) {
		/* Where only a tcp port's lock cannot be written, the port
		 * itself still tells a second instance. */
		if (socket->path[0] || access(options->runtime_dir, W_OK) == 0)
			return false;
		socket->lock_path[0] = '\0';
		set->error[0] = '\0';
	}
	if (socket->path[0])
		return listen_socket_unix(set, socket, options, is_new);
	return listen_socket_tcp(set, socket, is_new);
}

bool listen_open(struct listen_set *set, const struct listen_options *options)
{
	set->count = 0;
	set->error[0] = '\0';
	for (unsigned i = 0; options->addresses[i]; i++) {
		if (i == LISTEN_MAX) {
			snprintf(set->error, sizeof set->error,
				 "more than %d addresses to listen on",
				 LISTEN_MAX);
			listen_stop(set);
			return false;
		}
		if (!open_one(set, options, options->addresses[i])) {
			listen_stop(set);
			return false;
		}
	}
	if (set->count == 0)
		snprintf(set->error, sizeof set->error,
			 "no address to listen on");
	return set->count > 0;
}

static bool is_at_path(const struct listen_socket *socket)
{
	struct stat status;

	return !lstat(socket->path, &status) &&
	       status.st_dev == socket->device &&
	       status.st_ino == socket->inode;
}

bool listen_is_lost(const struct listen_socket *socket)
{
	return socket->path[0] && !is_at_path(socket);
}

/* The lock file may have gone the same way. */
static bool renew_lock(struct listen_set *set, struct listen_socket *socket)
{
	int old_fd = socket->lock_fd;
	bool is_new;

	if (old_fd >= 0 && is_same_file(old_fd, socket->lock_path))
		return true;
	if (!take_lock(set, socket, &is_new))
		return false;
	if (old_fd >= 0)
		close(old_fd);
	return true;
}

bool listen_renew(struct listen_set *set, struct listen_socket *socket,
		  const struct listen_options *options)
{
	int old_fd = socket->fd;

	set->error[0] = '\0';
	if (!renew_lock(set, socket))
		return false;
	socket->fd = -1;
	if (listen_socket_unix(set, socket, options, true)) {
		close(old_fd);
		return true;
	}
	if (socket->fd >= 0)
		close(socket->fd);
	socket->fd = old_fd;
	return false;
}

void listen_stop(struct listen_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		struct listen_socket *socket = &set->sockets[i];

		if (socket->fd >= 0) {
			/* The lock is still held: no other master can rename
			 * its own over the path in between. */
			if (socket->path[0] && is_at_path(socket))
				unlink(socket->path);
			close(socket->fd);
			socket->fd = -1;
		}
		release_lock(socket);
	}
	set->count = 0;
}

void listen_print(const struct listen_socket *socket,
		  char out[LISTEN_TEXT_SIZE])
{
	snprintf(out, LISTEN_TEXT_SIZE, "%d,%ju,%ju,%d,%s%s", socket->fd,
		 (uintmax_t)socket->device, (uintmax_t)socket->inode,
		 (int)socket->master_pid,
		 socket->is_passed ? PASSED_PREFIX : "", socket->address);
}

bool listen_parse(struct listen_socket *socket, const char *text,
		  const char *runtime_dir)
{
	char error[LISTEN_ERROR_SIZE];
	const char *address;
	uintmax_t device, inode;
	int fd, pid, at = 0;
	bool is_passed;

	if (sscanf(text, "%d,%ju,%ju,%d,%n", &fd, &device, &inode, &pid, &at) !=
		4 ||
	    at == 0 || fd < 0)
		return false;
	address = text + at;
	is_passed = !strncmp(address, PASSED_PREFIX, strlen(PASSED_PREFIX));
	if (is_passed)
		address += strlen(PASSED_PREFIX);
	else if (!listen_socket_check(address, true, error))
		return false;
	set_address(socket, address);
	socket->is_passed = is_passed;
	socket->fd = fd;
	socket->device = (dev_t)device;
	socket->inode = (ino_t)inode;
	socket->master_pid = (pid_t)pid;
	if (is_passed)
		socket->path[0] = '\0';
	else
		name_lock(socket, runtime_dir);
	return true;
}

bool listen_adopt(struct listen_set *set, const char *text, int lock_fd,
		  const char *runtime_dir)
{
	struct listen_socket *socket = &set->sockets[set->count];

	if (set->count == LISTEN_MAX ||
	    !listen_parse(socket, text, runtime_dir))
		return false;
	socket->lock_fd = lock_fd;
	if (lock_fd < 0)
		socket->lock_path[0] = '\0';
	set->count++;
	return true;
}

/* A tcp address: asked by the number in the lock file and not by trying the
 * lock, which for an instant would keep the new master out. */
bool listen_is_replaced(const struct listen_socket *socket)
{
	pid_t pid;
	int fd;

	if (socket->path[0])
		return !is_at_path(socket);
	if (!socket->lock_path[0])
		return true; /* nobody could ever tell us */
	fd = open(socket->lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT;
	pid = read_pid(fd);
	close(fd);
	return pid != 0 && pid != socket->master_pid;
}
