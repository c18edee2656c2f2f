/* SPDX-License-Identifier: ISC */
#include "master/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "master/master_adopt.h"
#include "master/master_generations.h"
#include "master/master_pool.h"
#include "master/master_private.h"
#include "master/master_reload.h"
#include "master/master_state.h"
#include "pool/slots.h"

enum {
	TICK_MS = 1000,
	KILL_MS = 5000, /* after drain_timeout: for who does not end */
	OWN_ENTRIES = 2 /* of poll(2), before the workers' */
};

static uint64_t now_ms(void)
{
	return clock_monotonic_ms(&clock_system);
}

/* Blocked here and read from a descriptor; workers start with none of it. */
static bool open_signals(struct master *master)
{
	static const int numbers[] = {SIGTERM, SIGINT,	SIGHUP,
				      SIGUSR1, SIGUSR2, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaddset(&set, numbers[i]);
	/* Inherited as ignored, a dead child would never be reported. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	master->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return master->signal_fd >= 0;
}

/* From now on another master may take our place; what runs goes on. */
static void begin_drain(struct master *master, const char *why)
{
	unsigned timeout_ms = master->config->drain_timeout_ms;

	master->is_draining = true;
	master->kill_ms = now_ms() + timeout_ms + KILL_MS;
	log_info("pool", "%s: draining %u streams, for %u s at most", why,
		 slots_open_streams(master->start.slots),
		 (timeout_ms + 999) / 1000);
	master_reload_cancel(master);
	listen_stop(&master->start.listeners);
	master_pool_drain(master->pool);
	master_report_stopping(&master->report, now_ms());
}

static void on_end_signal(struct master *master, const char *name)
{
	if (!master->is_draining) {
		begin_drain(master, name);
		return;
	}
	log_warn("pool", "%s again: ending at once", name);
	master_pool_signal(master->pool, SIGKILL);
}

static void on_signal(struct master *master, int number)
{
	switch (number) {
	case SIGTERM:
		on_end_signal(master, "SIGTERM");
		break;
	case SIGINT:
		on_end_signal(master, "SIGINT");
		break;
	case SIGHUP:
		master_reload_want(master, "SIGHUP");
		break;
	case SIGUSR2:
		master_reload_want(master, "SIGUSR2");
		break;
	case SIGUSR1:
		if (!log_reopen())
			log_error("pool", "the log cannot be reopened: %s",
				  strerror(errno));
		master_pool_reopen_logs(master->pool);
		break;
	default:
		break; /* SIGCHLD: the loop reaps in every pass */
	}
}

static void read_signals(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof info) == sizeof info)
		on_signal(master, (int)info.ssi_signo);
}

static void check_time(struct master *master)
{
	uint64_t now = now_ms();

	if (now >= master->tick_ms) {
		master->tick_ms = now + TICK_MS;
		master_pool_tick(master->pool, now);
		master_report_tick(&master->report, now);
		master_start_watch_listeners(&master->start);
	}
	if (master->is_draining && now >= master->kill_ms) {
		log_error("pool", "%u workers did not drain: killed",
			  master_pool_living(master->pool));
		master_pool_signal(master->pool, SIGKILL);
		master->kill_ms = now + KILL_MS;
	}
}

static int wait_ms(const struct master *master)
{
	uint64_t now = now_ms();
	int pool_ms = master_pool_wait_ms(master->pool, now);
	int tick_ms = master->tick_ms > now ? (int)(master->tick_ms - now) : 0;

	return pool_ms >= 0 && pool_ms < tick_ms ? pool_ms : tick_ms;
}

static void wait_for_events(struct master *master)
{
	unsigned count = slots_count(master->start.slots) + OWN_ENTRIES;

	master->entries[0] =
	    (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
	master->entries[1] =
	    (struct pollfd){.fd = master->check.fd, .events = POLLIN};
	master_pool_fill_poll(master->pool, master->entries + OWN_ENTRIES);
	/* poll(2) refuses more entries than RLIMIT_NOFILE, used or not. */
	while (count > OWN_ENTRIES && master->entries[count - 1].fd < 0)
		count--;
	if (poll(master->entries, count, wait_ms(master)) <= 0)
		return;
	if (master->entries[0].revents)
		read_signals(master);
	if (master->entries[1].revents && master->check.fd >= 0)
		master_check_on_poll(&master->check);
	master_pool_on_poll(master->pool, master->entries + OWN_ENTRIES);
}

static void reap(struct master *master)
{
	int status;
	pid_t pid;

	/* In a loop: SIGCHLD stands for one or many, also for those who died
	 * while the master executed itself. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!master_reload_on_exit(master, pid, status, now_ms()))
			master_pool_on_exit(master->pool, pid, status,
					    now_ms());
}

static void on_serves(struct master *master)
{
	const struct master_generation *now =
	    master_generations_current(master->pool);
	unsigned old = master_generations_count_old(master->pool);

	master_start_describe(&master->start, master->config, now);
	if (old > 0)
		log_info("pool",
			 "generation %u serves with %u worker%s; older ones "
			 "drain, for %u s at most",
			 now->number, now->wanted, now->wanted == 1 ? "" : "s",
			 (master->config->reload_timeout_ms + 999) / 1000);
	log_info("pool", "ready");
	master_report_ready(&master->report, now_ms());
}

static void check_pool(struct master *master)
{
	const char *failure = master_pool_failure(master->pool);

	switch (master_generations_check(master->pool, now_ms())) {
	case MASTER_EVENT_SERVES:
		on_serves(master);
		break;
	case MASTER_EVENT_FAILED:
		log_error("pool", "reload: the new workers are given up: %s",
			  master_pool_why(master->pool));
		log_error("pool", "reload: generation %u goes on as it was",
			  master_generations_current(master->pool)->number);
		master_report_kept(&master->report, now_ms(),
				   master_pool_why(master->pool));
		break;
	default:
		break;
	}
	if (failure && !master->is_draining) {
		log_error("pool", "leat cannot be started: %s", failure);
		master->status = 1;
		begin_drain(master, "the start failed");
	}
}

static void run_loop(struct master *master)
{
	do {
		if (!master->is_draining)
			master_pool_start_due(master->pool, now_ms());
		wait_for_events(master);
		reap(master);
		master_reload_step(master, now_ms());
		check_pool(master);
		check_time(master);
	} while (!master->is_draining || master_pool_living(master->pool) > 0);
}

static void open_pool(struct master *master)
{
	struct master_pool_options options = {
	    .slots = master->start.slots,
	    .listeners = &master->start.listeners,
	    .first_config_fd = master->start.first_config_fd,
	    .config_path = master->config->path,
	    .drain_timeout_ms = master->config->drain_timeout_ms,
	    .reload_timeout_ms = master->config->reload_timeout_ms,
	};

	master->pool = master_pool_new(&options);
	master->entries =
	    memory_zalloc((slots_count(master->start.slots) + OWN_ENTRIES) *
			  sizeof(struct pollfd));
	master_report_init(&master->report, master->start.slots,
			   master->config->pid_file);
	master->tick_ms = now_ms() + TICK_MS;
}

static void begin_first(struct master *master)
{
	const struct master_generation first = {
	    .number = master_generations_new_number(master->pool),
	    .wanted = master->start.workers,
	    .config_fd = master->start.config_fd,
	    .exe_fd = master->start.exe_fd,
	};

	master->start.config_fd = -1; /* the pool's */
	master->start.exe_fd = -1;
	master_generations_begin(master->pool, &first, now_ms());
}

static int end(struct master *master)
{
	master_reload_cancel(master);
	if (master->pool)
		master_report_fini(&master->report);
	master_pool_free(master->pool);
	memory_free(master->entries);
	if (master->signal_fd >= 0)
		close(master->signal_fd);
	master_start_close(&master->start);
	if (master->status == 0)
		log_info("pool", "ended");
	return master->status;
}

static void init(struct master *master)
{
	memset(master, 0, sizeof *master);
	master->signal_fd = -1;
	master->new_config_fd = -1;
	master_check_init(&master->check);
}

static bool is_deaf(struct master *master)
{
	if (open_signals(master))
		return false;
	log_error("pool", "signals cannot be read: %s", strerror(errno));
	master->status = 1;
	return true;
}

int master_run(struct config *config)
{
	struct master master;

	init(&master);
	master.config = config;
	if (!master_start_open(&master.start, config))
		return 1;
	if (!is_deaf(&master)) {
		open_pool(&master);
		begin_first(&master);
		run_loop(&master);
	}
	return end(&master);
}

static void run_adopted(struct master *master, struct master_state *state)
{
	if (!master_adopt_open(master, state)) {
		master->status = 1;
		return;
	}
	if (is_deaf(master))
		return;
	open_pool(master);
	master_adopt_workers(master, state);
	run_loop(master);
}

int master_resume(void)
{
	struct master_state state;
	struct master master;
	const char *why = NULL;
	int status;

	master_state_init(&state);
	if (!master_adopt_find(&state, &why)) {
		master_state_fini(&state);
		return -1;
	}
	if (why) {
		fprintf(stderr, "leat: the state of the pool is lost: %s\n",
			why);
		master_state_fini(&state);
		return 1;
	}
	init(&master);
	run_adopted(&master, &state);
	master_state_fini(&state);
	status = end(&master);
	config_free(master.config);
	return status;
}
