/* SPDX-License-Identifier: ISC */
#include "pool/master_pool.h"

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
#include "pool/channel.h"
#include "pool/master_exchange.h"
#include "pool/master_spawn.h"
#include "pool/master_watch.h"
#include "pool/slots.h"

enum { RETRY_MS = 5, WHY_SIZE = 1024, GENERATION = 1 };

enum worker_state {
	WORKER_WAITING,
	WORKER_STARTING,
	WORKER_RUNNING,
	WORKER_DRAINING,
	WORKER_STOPPED
};

struct pool_worker {
	enum worker_state state;
	pid_t pid; /* 0: none */
	uint64_t started_ms;
	uint64_t due_ms; /* WAITING: when to start it */
	bool was_ready;
	struct master_watch watch;
};

struct master_pool {
	struct master_pool_options options;
	struct master_exchange *exchange;
	unsigned count;
	bool is_draining;
	bool was_ready;	    /* some worker has been ready once */
	char why[WHY_SIZE]; /* what a worker last said of its failing */
	bool has_failed;
	struct pool_worker workers[];
};

static void on_ready(void *state, unsigned slot)
{
	struct master_pool *pool = state;
	struct pool_worker *worker = &pool->workers[slot];

	worker->was_ready = true;
	pool->was_ready = true;
	if (worker->state == WORKER_STARTING)
		worker->state = WORKER_RUNNING;
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
	unsigned count = options->workers;
	struct master_pool *pool =
	    memory_zalloc(sizeof *pool + count * sizeof(struct pool_worker));
	const struct master_exchange_listener listener = {pool, on_ready,
							  on_failed, on_lost};

	pool->options = *options;
	pool->count = count;
	pool->exchange = master_exchange_new(count, &listener);
	return pool;
}

void master_pool_free(struct master_pool *pool)
{
	if (!pool)
		return;
	master_exchange_free(pool->exchange);
	memory_free(pool);
}

static bool spawn_worker(struct master_pool *pool, unsigned slot)
{
	const struct master_pool_options *options = &pool->options;
	struct master_spawn spawn = {
	    .place = {(uint16_t)slot,
		      slots_claim(options->slots, slot, GENERATION)},
	    .slots_fd = slots_fd(options->slots),
	    .config_fd = options->config_fd,
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
	if (pause_ms)
		log_info("pool", "worker %u is started again in %u s", slot,
			 pause_ms / 1000);
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

void master_pool_tick(struct master_pool *pool)
{
	for (unsigned i = 0; i < pool->count; i++) {
		struct pool_worker *worker = &pool->workers[i];
		uint32_t tick =
		    atomic_load(&slots_at(pool->options.slots, i)->tick);
		unsigned missed;

		if (worker->pid == 0)
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

	/* First what it still said, then what it left. */
	master_exchange_part(pool->exchange, slot);
	slots_clear(pool->options.slots, slot);
	log_death(pool, slot, status);
	worker->pid = 0;
	if (pool->is_draining) {
		worker->state = WORKER_STOPPED;
		return;
	}
	if (WIFEXITED(status) &&
	    WEXITSTATUS(status) == MASTER_POOL_EXIT_CONFIG && !pool->was_ready)
		pool->has_failed = true;
	plan_restart(pool, slot, now_ms);
}

void master_pool_reap(struct master_pool *pool, uint64_t now_ms)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < pool->count; i++)
			if (pool->workers[i].pid == pid) {
				on_death(pool, i, status, now_ms);
				break;
			}
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

void master_pool_drain(struct master_pool *pool)
{
	pool->is_draining = true;
	for (unsigned i = 0; i < pool->count; i++)
		pool->workers[i].state =
		    pool->workers[i].pid > 0 ? WORKER_DRAINING : WORKER_STOPPED;
	master_pool_signal(pool, SIGTERM);
}

unsigned master_pool_living(const struct master_pool *pool)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pool->count; i++)
		count += pool->workers[i].pid > 0;
	return count;
}

bool master_pool_all_ready(const struct master_pool *pool)
{
	for (unsigned i = 0; i < pool->count; i++)
		if (pool->workers[i].state != WORKER_RUNNING)
			return false;
	return true;
}

const char *master_pool_failure(const struct master_pool *pool)
{
	if (!pool->has_failed)
		return NULL;
	return pool->why[0] ? pool->why : "a worker refuses to start";
}
