/* SPDX-License-Identifier: ISC */
#include "master/master_state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { LINE_SIZE = 2048 };

void master_state_init(struct master_state *state)
{
	memset(state, 0, sizeof *state);
	state->slots_fd = -1;
	state->first_config_fd = -1;
	state->new_config_fd = -1;
	state->config_fd = -1;
	state->exe_fd = -1;
}

void master_state_fini(struct master_state *state)
{
	memory_free(state->workers);
	memory_free(state->transfers);
	master_state_init(state);
}

void master_state_add_worker(struct master_state *state,
			     const struct master_state_worker *worker)
{
	state->workers = memory_realloc(
	    state->workers, (state->worker_count + 1) * sizeof *worker);
	state->workers[state->worker_count++] = *worker;
}

void master_state_add_transfer(struct master_state *state,
			       const struct master_state_transfer *transfer)
{
	state->transfers = memory_realloc(
	    state->transfers, (state->transfer_count + 1) * sizeof *transfer);
	state->transfers[state->transfer_count++] = *transfer;
}

static void write_worker(struct buffer *out,
			 const struct master_state_worker *worker)
{
	buffer_printf(out, "worker %u %u %u %d %u %d %d ", worker->place.slot,
		      worker->place.incarnation, worker->generation,
		      (int)worker->pid, worker->phase, worker->was_ready,
		      worker->is_blind);
	buffer_printf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " ",
		      worker->started_ms, worker->due_ms, worker->end_ms);
	buffer_printf(out, "%u %u %u ", worker->deaths, worker->missed,
		      worker->last_tick);
	buffer_printf(out, "%d %d %d %d %u\n", worker->channel_fd,
		      worker->is_leaving, worker->owes_bye, worker->owes_drain,
		      worker->drain_ms);
}

static void write_transfer(struct buffer *out,
			   const struct master_state_transfer *transfer)
{
	buffer_printf(out, "transfer %u %u %u %" PRIu64 " %u %d %d %d %zu\n",
		      transfer->slot, transfer->sender.slot,
		      transfer->sender.incarnation, transfer->id, transfer->why,
		      transfer->is_sent, transfer->peer_fd, transfer->memory_fd,
		      transfer->memory_len);
}

static bool is_one_line(const char *text)
{
	return !strchr(text, '\n');
}

bool master_state_write(const struct master_state *state, struct buffer *out)
{
	if (!is_one_line(state->slots_path) || !is_one_line(state->config_path))
		return false;
	buffer_printf(out, "leat-state %d\n", MASTER_STATE_VERSION);
	buffer_printf(out, "master %d %" PRIu64 " %u %u %d\n", (int)state->pid,
		      state->started_ms, state->last_generation,
		      state->last_incarnation, state->is_wanted);
	buffer_printf(out, "slots %d %s\n", state->slots_fd, state->slots_path);
	buffer_printf(out, "config %d %d %s\n", state->first_config_fd,
		      state->new_config_fd, state->config_path);
	buffer_printf(out, "generation %u %u %d %d\n", state->generation,
		      state->wanted, state->config_fd, state->exe_fd);
	for (unsigned i = 0; i < state->listener_count; i++) {
		if (!is_one_line(state->listeners[i].text))
			return false;
		buffer_printf(out, "listener %d %s\n",
			      state->listeners[i].lock_fd,
			      state->listeners[i].text);
	}
	for (size_t i = 0; i < state->worker_count; i++)
		write_worker(out, &state->workers[i]);
	for (size_t i = 0; i < state->transfer_count; i++)
		write_transfer(out, &state->transfers[i]);
	buffer_printf(out, "end %u %zu %zu\n", state->listener_count,
		      state->worker_count, state->transfer_count);
	return !out->overflowed;
}

static bool read_master(struct master_state *state, const char *text)
{
	int pid, is_wanted;

	if (sscanf(text, "%d %" SCNu64 " %u %u %d", &pid, &state->started_ms,
		   &state->last_generation, &state->last_incarnation,
		   &is_wanted) != 5)
		return false;
	state->pid = (pid_t)pid;
	state->is_wanted = is_wanted != 0;
	return true;
}

static bool read_slots(struct master_state *state, const char *text)
{
	int at = 0;

	if (sscanf(text, "%d%n", &state->slots_fd, &at) != 1 || text[at] != ' ')
		return false;
	snprintf(state->slots_path, sizeof state->slots_path, "%s",
		 text + at + 1);
	return true;
}

static bool read_config(struct master_state *state, const char *text)
{
	int at = 0;

	if (sscanf(text, "%d %d%n", &state->first_config_fd,
		   &state->new_config_fd, &at) != 2 ||
	    text[at] != ' ')
		return false;
	snprintf(state->config_path, sizeof state->config_path, "%s",
		 text + at + 1);
	return true;
}

static bool read_generation(struct master_state *state, const char *text)
{
	return sscanf(text, "%u %u %d %d", &state->generation, &state->wanted,
		      &state->config_fd, &state->exe_fd) == 4;
}

static bool read_listener(struct master_state *state, const char *text)
{
	struct master_state_listener *listener =
	    &state->listeners[state->listener_count];
	int at = 0;

	if (state->listener_count == LISTEN_MAX ||
	    sscanf(text, "%d%n", &listener->lock_fd, &at) != 1 ||
	    text[at] != ' ' || strlen(text + at + 1) >= sizeof listener->text)
		return false;
	snprintf(listener->text, sizeof listener->text, "%s", text + at + 1);
	state->listener_count++;
	return true;
}

static bool read_worker(struct master_state *state, const char *text)
{
	struct master_state_worker worker = {0};
	int pid, was_ready, is_blind, is_leaving, owes_bye, owes_drain;

	if (sscanf(text,
		   "%hu %u %u %d %u %d %d %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %u %u %u %d %d %d %d %u",
		   &worker.place.slot, &worker.place.incarnation,
		   &worker.generation, &pid, &worker.phase, &was_ready,
		   &is_blind, &worker.started_ms, &worker.due_ms,
		   &worker.end_ms, &worker.deaths, &worker.missed,
		   &worker.last_tick, &worker.channel_fd, &is_leaving,
		   &owes_bye, &owes_drain, &worker.drain_ms) != 18)
		return false;
	worker.pid = (pid_t)pid;
	worker.was_ready = was_ready != 0;
	worker.is_blind = is_blind != 0;
	worker.is_leaving = is_leaving != 0;
	worker.owes_bye = owes_bye != 0;
	worker.owes_drain = owes_drain != 0;
	master_state_add_worker(state, &worker);
	return true;
}

static bool read_transfer(struct master_state *state, const char *text)
{
	struct master_state_transfer transfer = {0};
	int is_sent;

	if (sscanf(text, "%u %hu %u %" SCNu64 " %u %d %d %d %zu",
		   &transfer.slot, &transfer.sender.slot,
		   &transfer.sender.incarnation, &transfer.id, &transfer.why,
		   &is_sent, &transfer.peer_fd, &transfer.memory_fd,
		   &transfer.memory_len) != 9)
		return false;
	transfer.is_sent = is_sent != 0;
	master_state_add_transfer(state, &transfer);
	return true;
}

static bool is_whole(const struct master_state *state, const char *text)
{
	unsigned listeners;
	size_t workers, transfers;

	return sscanf(text, "%u %zu %zu", &listeners, &workers, &transfers) ==
		   3 &&
	       listeners == state->listener_count &&
	       workers == state->worker_count &&
	       transfers == state->transfer_count && state->pid > 0 &&
	       state->slots_fd >= 0 && listeners > 0;
}

struct reader {
	const char *name;
	bool (*read)(struct master_state *state, const char *text);
};

static const char *read_line(struct master_state *state, const char *line)
{
	static const struct reader readers[] = {
	    {"master ", read_master},	  {"slots ", read_slots},
	    {"config ", read_config},	  {"generation ", read_generation},
	    {"listener ", read_listener}, {"worker ", read_worker},
	    {"transfer ", read_transfer},
	};

	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
		size_t len = strlen(readers[i].name);

		if (!strncmp(line, readers[i].name, len))
			return readers[i].read(state, line + len)
				   ? NULL
				   : "a line cannot be read";
	}
	return NULL;
}

/* The next line without its end; false: there is none, or it is too long. */
static bool next_line(struct slice *text, char line[LINE_SIZE])
{
	const char *end =
	    text->len ? memchr(text->data, '\n', text->len) : NULL;
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - text->data);
	if (len >= LINE_SIZE)
		return false;
	memcpy(line, text->data, len);
	line[len] = '\0';
	text->data += len + 1;
	text->len -= len + 1;
	return true;
}

const char *master_state_read(struct master_state *state, struct slice text)
{
	char line[LINE_SIZE];
	const char *problem;
	int version;

	if (!next_line(&text, line) ||
	    sscanf(line, "leat-state %d", &version) != 1)
		return "it is not the state of a master";
	if (version != MASTER_STATE_VERSION)
		return "it is of another version";
	while (next_line(&text, line)) {
		if (!strncmp(line, "end ", 4))
			return is_whole(state, line + 4)
				   ? NULL
				   : "something is missing in it";
		problem = read_line(state, line);
		if (problem)
			return problem;
	}
	return "its end is missing";
}

static void keep(int fd, bool is_kept)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, is_kept ? 0 : FD_CLOEXEC);
}

static int fd_of_listener(const char *text)
{
	int fd = -1;

	return sscanf(text, "%d,", &fd) == 1 ? fd : -1;
}

void master_state_keep(const struct master_state *state, bool is_kept)
{
	keep(state->slots_fd, is_kept);
	keep(state->first_config_fd, is_kept);
	keep(state->new_config_fd, is_kept);
	keep(state->config_fd, is_kept);
	keep(state->exe_fd, is_kept);
	for (unsigned i = 0; i < state->listener_count; i++) {
		keep(state->listeners[i].lock_fd, is_kept);
		keep(fd_of_listener(state->listeners[i].text), is_kept);
	}
	for (size_t i = 0; i < state->worker_count; i++)
		keep(state->workers[i].channel_fd, is_kept);
	for (size_t i = 0; i < state->transfer_count; i++) {
		keep(state->transfers[i].peer_fd, is_kept);
		keep(state->transfers[i].memory_fd, is_kept);
	}
}
