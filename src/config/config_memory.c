/* SPDX-License-Identifier: ISC */
#include "config/config_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_keep.h"
#include "config/config_secret.h"

enum { TEXT_MAX = 2 << 20 };

/* Headers of a provider may be secret. */
static void wipe(struct buffer *text)
{
	if (text->data)
		explicit_bzero(text->data, text->len);
	buffer_fini(text);
}

static bool write_all(int fd, struct slice text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.data, text.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text.data += n;
			text.len -= (size_t)n;
		}
	}
	return true;
}

int config_memory_make(const char *path)
{
	struct buffer text;
	int saved = 0;
	int fd = -1;

	buffer_init(&text, TEXT_MAX);
	if (config_secret_read_text(path, &text))
		fd = memfd_create("leat-config", MFD_CLOEXEC);
	if (fd < 0 || !write_all(fd, buffer_slice(&text)))
		saved = errno;
	if (saved && fd >= 0)
		close(fd);
	wipe(&text);
	errno = saved;
	return saved ? -1 : fd;
}

static bool read_text(int fd, struct buffer *out)
{
	struct stat status;
	char *room;

	if (fstat(fd, &status) || status.st_size > TEXT_MAX)
		return false;
	room = buffer_reserve(out, (size_t)status.st_size + 1);
	if (!room ||
	    pread(fd, room, (size_t)status.st_size, 0) != status.st_size)
		return false;
	buffer_commit(out, (size_t)status.st_size);
	return true;
}

static struct config *parse(int fd, const char *path, struct buffer *problems)
{
	struct config *config = NULL;
	struct buffer text;

	if (fd < 0)
		return config_load_public(NULL, problems);
	buffer_init(&text, TEXT_MAX + 1);
	if (read_text(fd, &text))
		config = config_parse(buffer_slice(&text), path, problems);
	else
		buffer_printf(problems, "%s: its copy cannot be read\n", path);
	wipe(&text);
	return config;
}

static bool keep_first(const struct config_memory *memory,
		       struct config *config, struct buffer *told,
		       struct buffer *problems)
{
	struct config *first;

	if (memory->first_fd < 0)
		return true;
	first = parse(memory->first_fd, memory->path, problems);
	if (first)
		config_keep(config, first, told);
	config_free(first);
	return first != NULL;
}

struct config *config_memory_load(const struct config_memory *memory,
				  struct buffer *told, struct buffer *problems)
{
	struct config *config = parse(memory->fd, memory->path, problems);

	if (!config)
		return NULL;
	if (keep_first(memory, config, told, problems) &&
	    (!memory->with_keys || config_secret_load(config, problems)))
		return config;
	config_free(config);
	return NULL;
}
