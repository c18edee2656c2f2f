/* SPDX-License-Identifier: ISC */
#include "master/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

bool pid_file_write(const char *path)
{
	char temporary[PATH_SIZE], text[16];
	int len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	bool is_written;
	int fd, saved;

	if (snprintf(temporary, sizeof temporary, "%s.%d", path,
		     (int)getpid()) >= PATH_SIZE) {
		errno = ENAMETOOLONG;
		return false;
	}
	unlink(temporary); /* of a process that had our number and died */
	fd = open(temporary,
		  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return false;
	is_written = write(fd, text, (size_t)len) == len &&
		     fchmod(fd, 0644) == 0 && rename(temporary, path) == 0;
	saved = errno;
	close(fd);
	if (!is_written)
		unlink(temporary);
	errno = saved;
	return is_written;
}

void pid_file_remove(const char *path)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t len;

	if (fd < 0)
		return;
	len = read(fd, text, sizeof text - 1);
	close(fd);
	if (len > 0 && strtol(text, NULL, 10) == (long)getpid())
		unlink(path);
}
