/* SPDX-License-Identifier: ISC */
#include "master/master_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/memory_file.h"
#include "config/config.h"
#include "master/master_pool_keep.h"
#include "master/master_private.h"
#include "master/master_state.h"
#include "pool/slots.h"

enum { ARGUMENTS_MAX = 256, ARGUMENTS_SIZE = 128 << 10 };

/* Not what readlink(/proc/self/exe) says: after a replacement that is the old
 * binary, and through a symbolic link it is one version for ever. */
void master_exec_find_path(char *out, unsigned size)
{
	const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char folder[2048];

	out[0] = '\0';
	if (!name || !name[0])
		return;
	if (name[0] == '/')
		snprintf(out, size, "%s", name);
	else if (getcwd(folder, sizeof folder))
		snprintf(out, size, "%s/%s", folder, name);
}

static void save_listeners(const struct listen_set *set,
			   struct master_state *state)
{
	state->listener_count = set->count;
	for (unsigned i = 0; i < set->count; i++) {
		listen_print(&set->sockets[i], state->listeners[i].text);
		state->listeners[i].lock_fd = set->sockets[i].lock_fd;
	}
}

/* A path that is cut is another one. */
static bool copy_path(char out[SLOTS_TEXT_SIZE], const char *path)
{
	if (snprintf(out, SLOTS_TEXT_SIZE, "%s", path) < SLOTS_TEXT_SIZE)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* False with errno. */
static bool save(struct master *master, struct master_state *state)
{
	const struct master_start *start = &master->start;
	struct slots_about about;

	slots_get_about(start->slots, &about);
	state->pid = getpid();
	state->started_ms = about.started_ms;
	state->last_incarnation = slots_last_incarnation(start->slots);
	state->is_wanted = master->is_wanted;
	state->slots_fd = slots_fd(start->slots);
	state->first_config_fd = start->first_config_fd;
	state->new_config_fd = master->new_config_fd;
	save_listeners(&start->listeners, state);
	return copy_path(state->slots_path, slots_path(start->slots)) &&
	       copy_path(state->config_path,
			 master->config->path ? master->config->path : "") &&
	       master_pool_keep_save(master->pool, state);
}

static int write_state(const struct master_state *state)
{
	struct buffer text;
	int fd = -1;

	buffer_init(&text, MASTER_STATE_MAX);
	if (master_state_write(state, &text))
		fd = memory_file_make("leat-state", buffer_slice(&text));
	else
		errno = EINVAL;
	buffer_fini(&text);
	return fd;
}

/* As we were started, for whoever looks at the list of processes, and for
 * options that are on the command line. */
static bool read_arguments(char *text, char *list[ARGUMENTS_MAX + 1])
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, ARGUMENTS_SIZE - 1);
	unsigned count = 0;

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	for (char *at = text; at < text + len && count < ARGUMENTS_MAX;
	     at += strlen(at) + 1)
		list[count++] = at;
	list[count] = NULL;
	return true;
}

static void execute(const char *path, int state_fd)
{
	char *list[ARGUMENTS_MAX + 1];
	char *text = memory_alloc(ARGUMENTS_SIZE);
	char number[16];
	int saved;

	snprintf(number, sizeof number, "%d", state_fd);
	if (read_arguments(text, list) &&
	    !setenv(MASTER_EXEC_VARIABLE, number, 1) &&
	    !fcntl(state_fd, F_SETFD, 0))
		execve(path, list, environ);
	saved = errno;
	unsetenv(MASTER_EXEC_VARIABLE);
	memory_free(text);
	errno = saved;
}

void master_exec(struct master *master)
{
	struct master_state state;
	int fd = -1;
	int saved;

	master_state_init(&state);
	if (save(master, &state))
		fd = write_state(&state);
	if (fd >= 0) {
		master_state_keep(&state, true);
		execute(master->start.exe_path, fd);
		saved = errno;
		master_state_keep(&state, false);
		close(fd);
		errno = saved;
	}
	saved = errno;
	master_state_fini(&state);
	errno = saved;
}
