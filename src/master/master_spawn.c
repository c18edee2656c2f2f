/* SPDX-License-Identifier: ISC */
#include "master/master_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include "pool/listen.h"

enum { ARGUMENTS_MAX = 16 + 2 * LISTEN_MAX, PATH_SIZE = 32 };

struct arguments {
	char *list[ARGUMENTS_MAX + 1];
	unsigned count;
	char numbers[6][16];
	unsigned number_count;
	char listeners[LISTEN_MAX][LISTEN_TEXT_SIZE];
};

/* argv is not written to, whatever its type says. */
static void add(struct arguments *arguments, const char *text)
{
	arguments->list[arguments->count++] = (char *)(uintptr_t)text;
	arguments->list[arguments->count] = NULL;
}

static void add_number(struct arguments *arguments, const char *name,
		       unsigned number)
{
	char *text = arguments->numbers[arguments->number_count++];

	snprintf(text, sizeof arguments->numbers[0], "%u", number);
	add(arguments, name);
	add(arguments, text);
}

static void fill_arguments(struct arguments *arguments,
			   const struct master_spawn *spawn)
{
	arguments->count = 0;
	arguments->number_count = 0;
	add(arguments, "leat");
	add(arguments, "worker");
	add_number(arguments, "--slot", spawn->place.slot);
	add_number(arguments, "--incarnation", spawn->place.incarnation);
	add_number(arguments, "--channel", (unsigned)spawn->channel_fd);
	add_number(arguments, "--slots", (unsigned)spawn->slots_fd);
	if (spawn->config_fd >= 0) {
		add_number(arguments, "--config-fd",
			   (unsigned)spawn->config_fd);
		add(arguments, "--config");
		add(arguments, spawn->config_path);
	}
	if (spawn->first_config_fd >= 0)
		add_number(arguments, "--first-config-fd",
			   (unsigned)spawn->first_config_fd);
	for (unsigned i = 0; i < spawn->listeners->count; i++) {
		listen_print(&spawn->listeners->sockets[i],
			     arguments->listeners[i]);
		add(arguments, "--listen");
		add(arguments, arguments->listeners[i]);
	}
}

/* The same number on both sides: that takes CLOEXEC away, and no target can
 * overwrite a later source. */
static int keep(posix_spawn_file_actions_t *actions, int fd)
{
	return fd < 0 ? 0 : posix_spawn_file_actions_adddup2(actions, fd, fd);
}

static int fill_actions(posix_spawn_file_actions_t *actions,
			const struct master_spawn *spawn)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
						     "/dev/null", O_RDONLY, 0);

	if (!error)
		error = keep(actions, spawn->channel_fd);
	if (!error)
		error = keep(actions, spawn->slots_fd);
	if (!error)
		error = keep(actions, spawn->config_fd);
	if (!error)
		error = keep(actions, spawn->first_config_fd);
	for (unsigned i = 0; !error && i < spawn->listeners->count; i++)
		error = keep(actions, spawn->listeners->sockets[i].fd);
	return error;
}

int master_spawn_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (!error)
		error = posix_spawnattr_setflags(
		    attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return error;
}

pid_t master_spawn(const struct master_spawn *spawn)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	struct arguments arguments;
	char path[PATH_SIZE] = "/proc/self/exe";
	pid_t pid = -1;
	int error;

	/* CLOEXEC closes it after it was opened by this name. */
	if (spawn->exe_fd >= 0)
		snprintf(path, sizeof path, "/proc/self/fd/%d", spawn->exe_fd);
	fill_arguments(&arguments, spawn);
	error = posix_spawn_file_actions_init(&actions);
	if (!error)
		error = posix_spawnattr_init(&attributes);
	if (error) {
		errno = error;
		return -1;
	}
	error = fill_actions(&actions, spawn);
	if (!error)
		error = master_spawn_attributes(&attributes);
	if (!error)
		error = posix_spawn(&pid, path, &actions, &attributes,
				    arguments.list, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	errno = error;
	return error ? -1 : pid;
}
