/* SPDX-License-Identifier: ISC */
#include "base/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes.data += n;
			bytes.len -= (size_t)n;
		}
	}
	return true;
}

int memory_file_make(const char *name, struct slice bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int saved;

	if (fd < 0)
		return -1;
	if (write_all(fd, bytes) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool memory_file_read(int fd, struct buffer *out)
{
	struct stat status;
	size_t size;
	char *room;

	if (fstat(fd, &status) || status.st_size < 0)
		return false;
	size = (size_t)status.st_size;
	if (size == 0)
		return true;
	room = buffer_reserve(out, size);
	if (!room || pread(fd, room, size, 0) != status.st_size)
		return false;
	buffer_commit(out, size);
	return true;
}
