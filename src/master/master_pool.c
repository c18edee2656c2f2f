/* SPDX-License-Identifier: ISC */
#include "master/master_pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "master/master_exchange.h"
#include "master/master_pool_private.h"
#include "master/master_spawn.h"
#include "pool/channel.h"
#include "pool/slots.h"

enum { RETRY_MS = 5 };

static void on_ready(void *state, unsigned slot)
{
	struct master_pool *pool = state;
	struct pool_worker *worker = &pool->workers[slot];

	worker->was_ready = true;
	pool->was_ready = true;
	if (worker->state == WORKER_STARTING)
		worker->state = WORKER_RUNNING;
	/* It may have opened the log before that was moved away. */
	kill(worker->pid, SIGUSR1);
	log_debug("pool", "worker %u is ready", slot);
}

static void on_failed(void *state, unsigned slot, struct slice why)
{
	struct master_pool *pool = state;

	snprintf(pool->why, sizeof pool->why, "%.*s", (int)why.len, why.data);
	log_error("pool", "worker %u cannot start: %s", slot, pool->why);
}

/* Only death closes a worker's end. Whatever else did would leave a worker
 * that nobody can reach. */
static void on_lost(void *state, unsigned slot)
{
	struct master_pool *pool = state;

	if (pool->workers[slot].pid > 0)
		kill(pool->workers[slot].pid, SIGKILL);
}

struct master_pool *master_pool_new(const struct master_pool_options *options)
{
	unsigned count = slots_count(options->slots);
	struct master_pool *pool =
	    memory_zalloc(sizeof *pool + count * sizeof(struct pool_worker));
	const struct master_exchange_listener listener = {pool, on_ready,
							  on_failed, on_lost};

	pool->options = *options;
	pool->count = count;
	pool->current.config_fd = pool->current.exe_fd = -1;
	pool->next.config_fd = pool->next.exe_fd = -1;
	pool->exchange = master_exchange_new(count, &listener);
	return pool;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void master_pool_free(struct master_pool *pool)
{
	if (!pool)
		return;
	master_exchange_free(pool->exchange);
	close_fd(pool->current.config_fd);
	close_fd(pool->current.exe_fd);
	close_fd(pool->next.config_fd);
	close_fd(pool->next.exe_fd);
	memory_free(pool);
}

static const struct master_generation *generation_of(
    const struct master_pool *pool, unsigned slot)
{
	return pool->workers[slot].generation == pool->next.number
		   ? &pool->next
		   : &pool->current;
}

static bool spawn_worker(struct master_pool *pool, unsigned slot)
{
	const struct master_pool_options *options = &pool->options;
	const struct master_generation *generation = generation_of(pool, slot);
	struct master_spawn spawn = {
	    .place = {(uint16_t)slot,
		      slots_claim(options->slots, slot, generation->number)},
	    .slots_fd = slots_fd(options->slots),
	    .exe_fd = generation->exe_fd,
	    .config_fd = generation->config_fd,
	    .first_config_fd = options->first_config_fd,
	    .config_path = options->config_path,
	    .listeners = options->listeners,
	};
	int ends[2];
	pid_t pid;
	int saved;

	if (!channel_pair(ends))
		return false;
	spawn.channel_fd = ends[1];
	pid = master_spawn(&spawn);
	saved = errno;
	close(ends[1]); /* or the worker's death would not be seen as EOF */
	if (pid < 0) {
		close(ends[0]);
		errno = saved;
		return false;
	}
	master_exchange_join(pool->exchange, spawn.place, ends[0]);
	atomic_store(&slots_at(options->slots, slot)->pid, (int32_t)pid);
	pool->workers[slot].pid = pid;
	return true;
}

void master_pool_release(struct master_pool *pool, unsigned slot)
{
	slots_release(pool->options.slots, slot);
	pool->workers[slot] = (struct pool_worker){.state = WORKER_NONE};
}

static void plan_restart(struct master_pool *pool, unsigned slot,
			 uint64_t now_ms)
{
	struct pool_worker *worker = &pool->workers[slot];
	struct slot *place = slots_at(pool->options.slots, slot);
	unsigned pause_ms = master_watch_pause_ms(
	    &worker->watch, worker->was_ready, now_ms - worker->started_ms);

	worker->state = WORKER_WAITING;
	worker->due_ms = now_ms + pause_ms;
	atomic_store(&place->deaths, worker->watch.deaths);
	atomic_store(&place->next_start_ms,
		     clock_wall_ms(&clock_system) + pause_ms);
	atomic_store(&place->state, SLOT_WAITING);
	if (worker->watch.deaths > 1)
		log_warn("pool",
			 "worker %u has died %u times in a row; next try in "
			 "%u s",
			 slot, worker->watch.deaths, pause_ms / 1000);
	else
		log_info("pool", "worker %u is started again", slot);
}

static void start(struct master_pool *pool, unsigned slot, uint64_t now_ms)
{
	struct pool_worker *worker = &pool->workers[slot];

	worker->was_ready = false;
	worker->started_ms = now_ms;
	master_watch_restart(&worker->watch);
	if (spawn_worker(pool, slot)) {
		worker->state = WORKER_STARTING;
		log_debug("pool", "worker %u is process %d", slot,
			  (int)worker->pid);
		return;
	}
	log_error("pool", "worker %u cannot be started: %s", slot,
		  strerror(errno));
	slots_clear(pool->options.slots, slot);
	plan_restart(pool, slot, now_ms);
}

void master_pool_start_due(struct master_pool *pool, uint64_t now_ms)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (pool->workers[i].state == WORKER_WAITING &&
		    pool->workers[i].due_ms <= now_ms)
			start(pool, i, now_ms);
	if (master_exchange_retries(pool->exchange))
		master_exchange_retry(pool->exchange);
}

int master_pool_wait_ms(const struct master_pool *pool, uint64_t now_ms)
{
	int wait_ms = master_exchange_retries(pool->exchange) ? RETRY_MS : -1;

	for (unsigned i = 0; i < pool->count; i++) {
		const struct pool_worker *worker = &pool->workers[i];
		int due_ms;

		if (worker->state != WORKER_WAITING)
			continue;
		due_ms = worker->due_ms > now_ms
			     ? (int)(worker->due_ms - now_ms)
			     : 0;
		if (wait_ms < 0 || due_ms < wait_ms)
			wait_ms = due_ms;
	}
	return wait_ms;
}

static void check_patience(const struct pool_worker *worker, unsigned slot,
			   uint64_t now_ms)
{
	if (worker->state != WORKER_DRAINING || !worker->end_ms ||
	    now_ms < worker->end_ms)
		return;
	log_error("pool", "worker %u (process %d) did not drain: killed", slot,
		  (int)worker->pid);
	kill(worker->pid, SIGKILL);
}

void master_pool_tick(struct master_pool *pool, uint64_t now_ms)
{
	for (unsigned i = 0; i < pool->count; i++) {
		struct pool_worker *worker = &pool->workers[i];
		uint32_t tick =
		    atomic_load(&slots_at(pool->options.slots, i)->tick);
		unsigned missed;

		if (worker->pid == 0)
			continue;
		check_patience(worker, i, now_ms);
		if (worker->is_blind)
			continue;
		missed = master_watch_tick(&worker->watch, tick);
		master_exchange_set_stuck(pool->exchange, i,
					  missed >= MASTER_WATCH_STUCK);
		if (missed != MASTER_WATCH_KILLED)
			continue;
		log_error("pool",
			  "worker %u (process %d) has hung for %u s: killed", i,
			  (int)worker->pid, MASTER_WATCH_KILLED);
		kill(worker->pid, SIGKILL);
	}
}

static void log_death(const struct master_pool *pool, unsigned slot, int status)
{
	const struct pool_worker *worker = &pool->workers[slot];

	if (pool->is_draining && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGTERM)
		log_debug("pool", "worker %u ended before it was ready", slot);
	else if (WIFSIGNALED(status))
		log_error("pool",
			  "worker %u (process %d) was ended by "
			  "signal %d (%s)%s",
			  slot, (int)worker->pid, WTERMSIG(status),
			  strsignal(WTERMSIG(status)),
			  WCOREDUMP(status) ? ", core dumped" : "");
	else if (WEXITSTATUS(status) || worker->state != WORKER_DRAINING)
		log_error("pool", "worker %u (process %d) ended with status %d",
			  slot, (int)worker->pid, WEXITSTATUS(status));
	else
		log_debug("pool", "worker %u has drained", slot);
}

static void on_death(struct master_pool *pool, unsigned slot, int status,
		     uint64_t now_ms)
{
	struct pool_worker *worker = &pool->workers[slot];
	bool is_next = worker->state != WORKER_DRAINING && pool->next.number &&
		       worker->generation == pool->next.number;

	/* First what it still said, then what it left. */
	master_exchange_part(pool->exchange, slot);
	slots_clear(pool->options.slots, slot);
	log_death(pool, slot, status);
	worker->pid = 0;
	if (is_next && !pool->is_draining)
		master_generations_on_death(pool, slot,
					    WIFEXITED(status) &&
						WEXITSTATUS(status) ==
						    CHANNEL_FAILED_STATUS,
					    now_ms);
	if (pool->is_draining || worker->state == WORKER_DRAINING)
		master_pool_release(pool, slot);
	else
		plan_restart(pool, slot, now_ms);
}

bool master_pool_on_exit(struct master_pool *pool, pid_t pid, int status,
			 uint64_t now_ms)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (pool->workers[i].pid == pid) {
			on_death(pool, i, status, now_ms);
			return true;
		}
	return false;
}

void master_pool_fill_poll(const struct master_pool *pool,
			   struct pollfd *entries)
{
	for (unsigned i = 0; i < pool->count; i++)
		entries[i] = (struct pollfd){
		    .fd = master_exchange_fd(pool->exchange, i),
		    .events = master_exchange_events(pool->exchange, i)};
}

void master_pool_on_poll(struct master_pool *pool, const struct pollfd *entries)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (entries[i].fd >= 0 && entries[i].revents)
			master_exchange_on_poll(pool->exchange, i,
						entries[i].revents);
}

void master_pool_signal(struct master_pool *pool, int signal_number)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (pool->workers[i].pid > 0)
			kill(pool->workers[i].pid, signal_number);
}

void master_pool_reopen_logs(struct master_pool *pool)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (pool->workers[i].pid > 0 &&
		    pool->workers[i].state != WORKER_STARTING)
			kill(pool->workers[i].pid, SIGUSR1);
}

void master_pool_drain(struct master_pool *pool)
{
	pool->is_draining = true;
	for (unsigned i = 0; i < pool->count; i++) {
		struct pool_worker *worker = &pool->workers[i];

		if (worker->pid > 0)
			worker->state = WORKER_DRAINING;
		else if (worker->state == WORKER_WAITING)
			master_pool_release(pool, i);
	}
	master_pool_signal(pool, SIGTERM);
}

unsigned master_pool_living(const struct master_pool *pool)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pool->count; i++)
		count += pool->workers[i].pid > 0;
	return count;
}

const char *master_pool_failure(const struct master_pool *pool)
{
	if (!pool->has_failed)
		return NULL;
	return pool->why[0] ? pool->why : "a worker refuses to start";
}

const char *master_pool_why(const struct master_pool *pool)
{
	return pool->why;
}
