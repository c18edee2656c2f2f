/* SPDX-License-Identifier: ISC */
#include "config/config_memory.h"

#include <errno.h>
#include <string.h>

#include "base/memory_file.h"
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

int config_memory_make(const char *path)
{
	struct buffer text;
	int fd = -1;
	int saved;

	buffer_init(&text, TEXT_MAX);
	if (config_secret_read_text(path, &text))
		fd = memory_file_make("leat-config", buffer_slice(&text));
	saved = errno;
	wipe(&text);
	errno = saved;
	return fd;
}

static struct config *parse(int fd, const char *path, struct buffer *problems)
{
	struct config *config = NULL;
	struct buffer text;

	if (fd < 0)
		return config_load_public(NULL, problems);
	buffer_init(&text, TEXT_MAX);
	if (memory_file_read(fd, &text))
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
