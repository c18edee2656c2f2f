/* SPDX-License-Identifier: ISC */
#include "app/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/config.h"
#include "app/master_private.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <config.h>

enum {
	TICK_MS = 1000,
	STUCK_TICKS = 2,
	HUNG_TICKS = 20,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MAX_MS = 30000,
	HEALTHY_MS = 10000,
	RETRY_MS = 5,
	/* Workers end by themselves within drain_timeout and a little. */
	DRAIN_GRACE_MS = 5000
};

static uint64_t now_ms(void)
{
	return clock_monotonic_ms(&clock_system);
}

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned count_running(const struct master *master)
{
	unsigned count = 0;

	for (unsigned i = 0; i < master->worker_count; i++)
		count += master->workers[i].pid != 0;
	return count;
}

static void signal_workers(const struct master *master, int signal_number)
{
	for (unsigned i = 0; i < master->worker_count; i++)
		if (master->workers[i].pid)
			kill(master->workers[i].pid, signal_number);
}

/* New connections are refused from here on; what waits in the backlog is
 * taken by the workers before they stop. */
static void begin_drain(struct master *master)
{
	if (master->is_draining) {
		log_warn("master", "told twice to end: ending at once");
		master->is_killing = true;
		signal_workers(master, SIGKILL);
		return;
	}
	log_info("master", "draining: at most %u s",
		 master->config->drain_timeout_ms / 1000);
	master->is_draining = true;
	master->kill_ms =
	    now_ms() + master->config->drain_timeout_ms + DRAIN_GRACE_MS;
	listen_stop(&master->listening);
	signal_workers(master, SIGTERM);
}

static void give_up(struct master *master)
{
	master->exit_status = CLI_FAILED;
	if (!master->is_draining)
		begin_drain(master);
}

static void on_ready(void *state, unsigned slot)
{
	struct master *master = state;
	unsigned ready = 0;

	master->workers[slot].is_ready = true;
	for (unsigned i = 0; i < master->worker_count; i++)
		ready += master->workers[i].is_ready;
	if (ready == master->worker_count && !master->was_ready) {
		master->was_ready = true;
		log_info("master", "ready");
	}
}

/* A worker that cannot start because of the configuration will not start
 * the next time either; during the start that is the end of it. */
static void on_failed(void *state, unsigned slot, struct slice why)
{
	struct master *master = state;

	log_error("master", "worker %u cannot start: %.*s", slot, (int)why.len,
		  why.data);
	if (!master->was_ready)
		give_up(master);
}

static void on_lost(void *state, unsigned slot)
{
	(void)state;
	log_debug("master", "worker %u closed its channel", slot);
}

static void describe_end(char *out, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, size, "exit status %d", WEXITSTATUS(status));
}

static void plan_restart(struct master *master, unsigned slot)
{
	struct master_worker *worker = &master->workers[slot];
	uint64_t lived_ms = now_ms() - worker->spawned_ms;

	if (lived_ms >= HEALTHY_MS || worker->backoff_ms == 0) {
		/* One that had lived is missed: it comes back at once. */
		worker->restart_ms = now_ms();
		worker->backoff_ms = BACKOFF_FIRST_MS;
		return;
	}
	worker->restart_ms = now_ms() + worker->backoff_ms;
	log_warn("master", "worker %u ended after %llu ms: waiting %u s", slot,
		 (unsigned long long)lived_ms, worker->backoff_ms / 1000);
	worker->backoff_ms *= 2;
	if (worker->backoff_ms > BACKOFF_MAX_MS)
		worker->backoff_ms = BACKOFF_MAX_MS;
}

static void on_child(struct master *master, pid_t pid, int status)
{
	char words[80];

	for (unsigned i = 0; i < master->worker_count; i++) {
		struct master_worker *worker = &master->workers[i];

		if (worker->pid != pid)
			continue;
		master_exchange_part(master->exchange, i);
		slots_clear(master->slots, i);
		worker->pid = 0;
		worker->is_ready = false;
		describe_end(words, sizeof words, status);
		if (master->is_draining) {
			log_info("master", "worker %u (pid %d) ended: %s", i,
				 (int)pid, words);
			return;
		}
		log_error("master", "worker %u (pid %d) died: %s", i, (int)pid,
			  words);
		plan_restart(master, i);
		return;
	}
}

static void reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_child(master, pid, status);
}

static void on_signal(struct master *master, int number)
{
	switch (number) {
	case SIGTERM:
	case SIGINT:
		begin_drain(master);
		break;
	case SIGCHLD:
		reap(master);
		break;
	case SIGUSR1:
		if (!log_reopen())
			log_error("master", "the log cannot be reopened: %s",
				  strerror(errno));
		signal_workers(master, SIGUSR1);
		break;
	case SIGHUP:
		log_warn("master", "SIGHUP does nothing: restart leat to "
				   "change its configuration");
		break;
	}
}

static void read_signals(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof info) ==
	       (ssize_t)sizeof info)
		on_signal(master, (int)info.ssi_signo);
}

/* Counted in the master's own ticks: a machine that slept kills nobody. */
static void check_ticks(struct master *master)
{
	for (unsigned i = 0; i < master->worker_count; i++) {
		struct master_worker *worker = &master->workers[i];
		uint32_t tick;

		if (!worker->pid)
			continue;
		tick = slots_at(master->slots, i)->tick;
		worker->missed_ticks =
		    tick == worker->last_tick ? worker->missed_ticks + 1 : 0;
		worker->last_tick = tick;
		master_exchange_set_stuck(master->exchange, i,
					  worker->missed_ticks >= STUCK_TICKS);
		if (worker->missed_ticks == HUNG_TICKS) {
			log_error("master",
				  "worker %u (pid %d) has not moved for %d s: "
				  "killed",
				  i, (int)worker->pid, HUNG_TICKS);
			kill(worker->pid, SIGKILL);
		}
	}
}

static void restart_due(struct master *master)
{
	for (unsigned i = 0; i < master->worker_count; i++) {
		struct master_worker *worker = &master->workers[i];

		if (worker->pid || !worker->restart_ms ||
		    worker->restart_ms > now_ms() || master->is_draining)
			continue;
		worker->spawned_ms = now_ms();
		if (!master_spawn(master, i))
			plan_restart(master, i);
	}
}

static int wait_ms(const struct master *master)
{
	uint64_t now = now_ms();
	uint64_t next = master->next_tick_ms;

	for (unsigned i = 0; i < master->worker_count; i++) {
		const struct master_worker *worker = &master->workers[i];

		if (!worker->pid && worker->restart_ms &&
		    worker->restart_ms < next)
			next = worker->restart_ms;
	}
	if (master_exchange_retries(master->exchange) && next > now + RETRY_MS)
		next = now + RETRY_MS;
	return next > now ? (int)(next - now) : 0;
}

static void wait_and_serve(struct master *master)
{
	struct pollfd fds[SLOTS_MAX + 1];
	unsigned count = master->worker_count;

	for (unsigned i = 0; i < count; i++)
		fds[i] = (struct pollfd){
		    .fd = master_exchange_fd(master->exchange, i),
		    .events = master_exchange_events(master->exchange, i)};
	fds[count] = (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
	if (poll(fds, count + 1, wait_ms(master)) > 0) {
		for (unsigned i = 0; i < count; i++)
			if (fds[i].revents)
				master_exchange_on_poll(master->exchange, i,
							fds[i].revents);
		if (fds[count].revents)
			read_signals(master);
	}
	if (master_exchange_retries(master->exchange))
		master_exchange_retry(master->exchange);
}

static void run(struct master *master)
{
	while (!master->is_draining || count_running(master) > 0) {
		wait_and_serve(master);
		if (now_ms() >= master->next_tick_ms) {
			master->next_tick_ms = now_ms() + TICK_MS;
			check_ticks(master);
		}
		restart_due(master);
		if (master->is_draining && !master->is_killing &&
		    now_ms() >= master->kill_ms) {
			log_error("master", "workers that did not end in time "
					    "are killed");
			master->is_killing = true;
			signal_workers(master, SIGKILL);
		}
	}
}

static bool open_signals(struct master *master)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGHUP);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	master->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	return master->signal_fd >= 0;
}

static bool open_listening(struct master *master)
{
	const struct config *config = master->config;
	struct listen_options options = {.mode = config->listen_mode,
					 .owner = config->listen_owner,
					 .group = config->listen_group,
					 .allows_remote =
					     config->allow_remote_tcp,
					 .runtime_dir = config->runtime_dir};

	if (config->listen.count > LISTEN_MAX) {
		cli_failed("listen: at most %d addresses", LISTEN_MAX);
		return false;
	}
	for (size_t i = 0; i < config->listen.count; i++)
		options.addresses[i] = config->listen.items[i];
	if (listen_open(&master->listening, &options))
		return true;
	cli_failed("%s", master->listening.error);
	return false;
}

/* Where the folder cannot be written only the pool itself sees the slots. */
static bool open_slots(struct master *master)
{
	char path[LISTEN_LOCK_SIZE];

	snprintf(path, sizeof path, "%s/leat.slots",
		 master->config->runtime_dir);
	master->slots = slots_new(path, master->worker_count);
	if (master->slots)
		return true;
	log_warn("master",
		 "%s: %s; other programs will not see the pool's "
		 "state",
		 path, strerror(errno));
	master->slots = slots_new(NULL, master->worker_count);
	if (!master->slots)
		cli_failed("no shared memory: %s", strerror(errno));
	return master->slots != NULL;
}

static void log_start_line(const struct master *master)
{
	const struct config *config = master->config;
	struct buffer words;
	struct rlimit limit = {0, 0};

	getrlimit(RLIMIT_NOFILE, &limit);
	buffer_init(&words, 512);
	for (size_t i = 0; i < config->listen.count; i++)
		buffer_printf(&words, " %s", config->listen.items[i]);
	buffer_append_string(&words, "; providers");
	for (size_t i = 0; i < config->chat.providers.count; i++)
		buffer_printf(&words, " %s", config->chat.providers.items[i]);
	log_info("master",
		 "leat " PACKAGE_VERSION
		 " with %u workers on%s; index %s; %llu "
		 "descriptors each",
		 master->worker_count, buffer_string(&words),
		 config->context.index && config->context.index[0]
		     ? config->context.index
		     : "none",
		 (unsigned long long)limit.rlim_cur);
	buffer_fini(&words);
}

static unsigned workers_wanted(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned count = config->workers;

	if (count == 0)
		count = cores > 0 ? (unsigned)cores : 1;
	return count < SLOTS_MAX ? count : SLOTS_MAX;
}

static bool open_all(struct master *master)
{
	const struct master_exchange_listener listener = {master, on_ready,
							  on_failed, on_lost};
	struct log_options log = {.level =
				      (enum log_level)master->config->log_level,
				  .target = master->config->log,
				  .ident = "master"};

	if (!log_open(&log)) {
		cli_failed("%s: %s", log.target, strerror(errno));
		return false;
	}
	if (!open_signals(master) || !open_listening(master))
		return false;
	if (!open_slots(master))
		return false;
	master->exchange = master_exchange_new(master->worker_count, &listener);
	return true;
}

static void close_all(struct master *master)
{
	listen_stop(&master->listening);
	if (master->exchange)
		master_exchange_free(master->exchange);
	if (master->slots) {
		slots_unlink(master->slots);
		slots_free(master->slots);
	}
	if (master->signal_fd >= 0)
		close(master->signal_fd);
}

int master_run(const struct config *config)
{
	struct master *master = memory_zalloc(sizeof *master);
	int status = CLI_FAILED;

	master->config = config;
	master->signal_fd = -1;
	master->worker_count = workers_wanted(config);
	prctl(PR_SET_NAME, "leat");
	raise_descriptors();
	if (open_all(master)) {
		log_start_line(master);
		for (unsigned i = 0; i < master->worker_count; i++)
			master->workers[i].restart_ms = 1;
		run(master);
		status = master->exit_status;
		log_info("master", "ended");
	}
	close_all(master);
	memory_free(master);
	return status;
}
