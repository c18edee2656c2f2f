/* SPDX-License-Identifier: ISC */
#include "context/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { LOCK_TRIES = 20 };

static char *concat(const char *a, const char *b)
{
	size_t len = strlen(a) + strlen(b) + 1;
	char *out = memory_alloc(len);

	snprintf(out, len, "%s%s", a, b);
	return out;
}

static void release(struct index_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	memory_free(file->path);
	memory_free(file->building);
	file->path = file->building = NULL;
}

/* Between our open() and our flock() another build may have renamed or
 * removed the file: then the lock is on something else by now. */
static bool is_still_there(const struct index_file *file)
{
	struct stat ours, theirs;

	return fstat(file->fd, &ours) == 0 &&
	       stat(file->building, &theirs) == 0 &&
	       ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static bool fail(struct fault *fault, const char *doing, int error)
{
	fault_set_hint(
	    fault, ERROR_CONTEXT_FAILED,
	    "The index file cannot be %s: %s. The old one is unchanged.", doing,
	    strerror(error));
	return false;
}

static bool lock(struct index_file *file, struct fault *fault)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		file->fd =
		    open(file->building,
			 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (file->fd < 0)
			return fail(fault, "created", errno);
		if (flock(file->fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				return fault_set_hint(
				    fault, ERROR_OVERLOADED,
				    "Another run is building this index; "
				    "wait until it has ended.");
			return fail(fault, "locked", errno);
		}
		if (is_still_there(file))
			return true;
		close(file->fd);
		file->fd = -1;
	}
	return fail(fault, "locked", EAGAIN);
}

bool index_file_begin(struct index_file *file, const char *path,
		      struct fault *fault)
{
	struct stat old;

	file->fd = -1;
	file->path = memory_strdup(path);
	file->building = concat(path, ".building");
	if (!lock(file, fault)) {
		release(file);
		return false;
	}
	if (ftruncate(file->fd, 0) < 0) {
		fail(fault, "emptied", errno);
		index_file_abandon(file);
		return false;
	}
	/* Who could read the old one can read the new one. */
	if (stat(path, &old) == 0 && S_ISREG(old.st_mode) &&
	    fchmod(file->fd, old.st_mode & 0777) < 0) {
		fail(fault, "prepared", errno);
		index_file_abandon(file);
		return false;
	}
	return true;
}

/* The new name must be on the disk, too; where a file system cannot sync a
 * folder, it does so by itself. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? memory_strndup(path, (size_t)(slash - path) + 1)
			     : memory_strdup(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	memory_free(folder);
}

bool index_file_publish(struct index_file *file, size_t *bytes,
			struct fault *fault)
{
	struct stat status;

	if (fsync(file->fd) < 0 || fstat(file->fd, &status) < 0) {
		fail(fault, "written", errno);
		index_file_abandon(file);
		return false;
	}
	if (bytes)
		*bytes = (size_t)status.st_size;
	if (rename(file->building, file->path) < 0) {
		fail(fault, "put in place", errno);
		index_file_abandon(file);
		return false;
	}
	sync_folder(file->path);
	release(file);
	return true;
}

void index_file_abandon(struct index_file *file)
{
	if (file->building && is_still_there(file))
		unlink(file->building);
	release(file);
}
