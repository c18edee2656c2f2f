/* SPDX-License-Identifier: ISC */
#include "master/master_adopt.h"

#include <errno.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_file.h"
#include "config/config.h"
#include "config/config_memory.h"
#include "master/master_exec.h"
#include "master/master_generations.h"
#include "master/master_pool_keep.h"
#include "master/master_private.h"
#include "master/master_state.h"
#include "pool/descriptors.h"
#include "pool/slots.h"

static const char *read_state(int fd, struct master_state *state)
{
	const char *why = "it cannot be read";
	struct buffer text;

	buffer_init(&text, MASTER_STATE_MAX);
	if (memory_file_read(fd, &text))
		why = master_state_read(state, buffer_slice(&text));
	buffer_fini(&text);
	return why;
}

bool master_adopt_find(struct master_state *state, const char **why)
{
	const char *number = getenv(MASTER_EXEC_VARIABLE);
	int fd;

	if (!number)
		return false;
	fd = atoi(number);
	unsetenv(MASTER_EXEC_VARIABLE);
	/* Before anything is started: all of these are the master's own. */
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	*why = read_state(fd, state);
	if (!*why && state->pid != getpid())
		return false; /* a variable that somebody else left */
	close(fd);
	return true;
}

static struct config *load(const struct master_state *state, int fd,
			   struct buffer *told, struct buffer *problems)
{
	const struct config_memory memory = {.fd = fd,
					     .first_fd = state->first_config_fd,
					     .path = state->config_path};

	return config_memory_load(&memory, told, problems);
}

/* The new configuration was good a moment ago, read by this same binary; if
 * it is not now, what served until now goes on. */
static bool open_config(struct master *master, struct master_state *state)
{
	struct buffer told, problems;

	buffer_init(&told, 64 << 10);
	buffer_init(&problems, 64 << 10);
	master->config = load(state, state->new_config_fd, &told, &problems);
	if (!master->config) {
		log_write_lines(LOG_LEVEL_ERROR, "pool", "reload",
				buffer_string(&problems));
		buffer_clear(&told);
		master->config =
		    load(state, state->config_fd, &told, &problems);
	}
	if (master->config) {
		master_start_open_log(master->config);
		log_write_lines(LOG_LEVEL_WARN, "pool", "reload",
				buffer_string(&told));
	}
	buffer_fini(&told);
	buffer_fini(&problems);
	return master->config != NULL;
}

static bool open_listeners(struct master_start *start,
			   const struct config *config,
			   const struct master_state *state)
{
	for (unsigned i = 0; i < state->listener_count; i++)
		if (!listen_adopt(&start->listeners, state->listeners[i].text,
				  state->listeners[i].lock_fd,
				  config->runtime_dir))
			return false;
	master_start_make_runtime_dir(config);
	master_start_renew_listeners(start, config);
	return true;
}

static bool is_living(const struct master_state_worker *worker)
{
	return worker->pid > 0;
}

/* A newer layout is a newer file, and so is one that somebody removed: the
 * workers that map the old one are known in both, but only by number; their
 * ticks and counters stay behind. */
static struct slots *make_slots(struct master_state *state, unsigned count)
{
	const char *path = state->slots_path[0] ? state->slots_path : NULL;
	struct slots *slots;

	for (size_t i = 0; i < state->worker_count; i++)
		if (state->workers[i].place.slot >= count)
			count = state->workers[i].place.slot + 1u;
	slots = slots_new(path, count);
	if (!slots)
		slots = slots_new(NULL, count);
	for (size_t i = 0; slots && i < state->worker_count; i++) {
		struct master_state_worker *worker = &state->workers[i];

		if (!is_living(worker))
			continue;
		slots_place(slots, worker->place, worker->generation,
			    (int32_t)worker->pid);
		worker->is_blind = true;
	}
	return slots;
}

static bool open_slots(struct master_start *start, struct master_state *state)
{
	struct slots_about about = {.kind = SLOTS_POOL,
				    .master_pid = (int32_t)getpid(),
				    .generation = state->generation,
				    .workers = state->wanted,
				    .started_ms = state->started_ms};
	struct slots *old;

	start->slots = slots_adopt(
	    state->slots_fd, state->slots_path[0] ? state->slots_path : NULL);
	if (start->slots && !slots_is_lost(start->slots))
		return true;
	if (start->slots)
		log_warn("pool", "reload: %s was gone; it is made anew",
			 state->slots_path);
	else
		log_info("pool", "reload: this version has another layout of "
				 "the shared memory; it is made anew");
	old = start->slots;
	start->slots = make_slots(state, master_start_room(start));
	if (old)
		slots_free(old);
	else
		close(state->slots_fd);
	if (start->slots)
		slots_set_about(start->slots, &about);
	return start->slots != NULL;
}

bool master_adopt_open(struct master *master, struct master_state *state)
{
	struct master_start *start = &master->start;

	master_start_init(start);
	if (!open_config(master, state)) {
		fprintf(stderr, "leat: the configuration is lost\n");
		return false;
	}
	descriptors_raise();
	start->workers = master_start_count_workers(master->config);
	start->first_config_fd = state->first_config_fd;
	if (!open_listeners(start, master->config, state) ||
	    !open_slots(start, state)) {
		log_error("pool", "reload: the sockets or the shared memory "
				  "are lost; workers go on without a master");
		/* Their sockets stay where clients find them. */
		start->listeners.count = 0;
		return false;
	}
	return true;
}

void master_adopt_workers(struct master *master, struct master_state *state)
{
	const struct master_generation generation = {
	    .number = state->last_generation + 1,
	    .wanted = master->start.workers,
	    .config_fd = state->new_config_fd,
	    .exe_fd = master_start_open_exe(),
	};
	unsigned given;

	master_pool_keep_restore(master->pool, state);
	master->is_wanted = state->is_wanted;
	master_generations_new_number(master->pool);
	given = master_generations_begin(master->pool, &generation,
					 clock_monotonic_ms(&clock_system));
	if (given < generation.wanted)
		log_warn("pool",
			 "reload: there is room for %u of %u workers; a "
			 "restart makes more",
			 given, generation.wanted);
}
