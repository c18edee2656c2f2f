/* SPDX-License-Identifier: ISC */
#include "pool/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { KEPT = 64, STREAMS_MAX = 1000000 };

void descriptors_fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			/* The lowest that is free, which is this one. */
			open("/dev/null",
			     fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

unsigned descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return (unsigned)limit.rlim_cur;
}

unsigned descriptors_streams(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur > 2 * (rlim_t)STREAMS_MAX)
		return STREAMS_MAX;
	if (limit.rlim_cur <= 2 * KEPT)
		return (unsigned)limit.rlim_cur / 4;
	return (unsigned)(limit.rlim_cur - KEPT) / 2;
}
