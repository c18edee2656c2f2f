/* SPDX-License-Identifier: ISC */
#include "app/master_private.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/channel.h"
#include "app/config.h"
#include "base/log.h"

extern char **environ;

enum { FIXED_ARGUMENTS = 7, NUMBER_SIZE = 24 };

struct arguments {
	char slot[NUMBER_SIZE];
	char incarnation[NUMBER_SIZE];
	char channel[NUMBER_SIZE];
	char slots[NUMBER_SIZE];
	char sockets[LISTEN_MAX][LISTEN_TEXT_SIZE];
	char *argv[FIXED_ARGUMENTS + LISTEN_MAX + 1];
};

static void fill_arguments(struct arguments *arguments,
			   const struct master *master, unsigned slot,
			   int channel_fd)
{
	static char program[] = "leat";
	static char command[] = "worker";
	static char no_config[] = "";
	uint32_t incarnation = slots_at(master->slots, slot)->incarnation;
	unsigned at = 0;

	snprintf(arguments->slot, NUMBER_SIZE, "%u", slot);
	snprintf(arguments->incarnation, NUMBER_SIZE, "%u", incarnation);
	snprintf(arguments->channel, NUMBER_SIZE, "%d", channel_fd);
	snprintf(arguments->slots, NUMBER_SIZE, "%d", slots_fd(master->slots));
	arguments->argv[at++] = program;
	arguments->argv[at++] = command;
	arguments->argv[at++] = arguments->slot;
	arguments->argv[at++] = arguments->incarnation;
	arguments->argv[at++] = arguments->channel;
	arguments->argv[at++] = arguments->slots;
	arguments->argv[at++] =
	    master->config->path ? master->config->path : no_config;
	for (unsigned i = 0; i < master->listening.count; i++) {
		listen_print(&master->listening.sockets[i],
			     arguments->sockets[i]);
		arguments->argv[at++] = arguments->sockets[i];
	}
	arguments->argv[at] = NULL;
}

/* Naming a descriptor as its own copy takes CLOEXEC off in the child. */
static void keep_descriptors(posix_spawn_file_actions_t *actions,
			     const struct master *master, int channel_fd)
{
	posix_spawn_file_actions_adddup2(actions, channel_fd, channel_fd);
	posix_spawn_file_actions_adddup2(actions, slots_fd(master->slots),
					 slots_fd(master->slots));
	for (unsigned i = 0; i < master->listening.count; i++)
		posix_spawn_file_actions_adddup2(
		    actions, master->listening.sockets[i].fd,
		    master->listening.sockets[i].fd);
}

/* posix_spawn() hands on the blocked mask and ignored signals. */
static void reset_signals(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
						 POSIX_SPAWN_SETSIGDEF);
}

static int start(struct master *master, unsigned slot, int channel_fd,
		 pid_t *pid)
{
	struct arguments arguments;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	fill_arguments(&arguments, master, slot, channel_fd);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	keep_descriptors(&actions, master, channel_fd);
	reset_signals(&attributes);
	/* The master's own program, also after its file was replaced. */
	error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes,
			    arguments.argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

bool master_spawn(struct master *master, unsigned slot)
{
	struct master_worker *worker = &master->workers[slot];
	struct turn_place place = {.slot = (uint16_t)slot};
	int ends[2];
	int error;

	if (!channel_pair(ends)) {
		log_error("master", "worker %u: no channel: %s", slot,
			  strerror(errno));
		return false;
	}
	place.incarnation = slots_claim(master->slots, slot);
	error = start(master, slot, ends[1], &worker->pid);
	close(ends[1]);
	if (error) {
		log_error("master", "worker %u cannot be started: %s", slot,
			  strerror(error));
		worker->pid = 0;
		close(ends[0]);
		slots_clear(master->slots, slot);
		return false;
	}
	master_exchange_join(master->exchange, place, ends[0]);
	worker->is_ready = false;
	worker->missed_ticks = 0;
	worker->last_tick = 0;
	worker->restart_ms = 0;
	return true;
}
