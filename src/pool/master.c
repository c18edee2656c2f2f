/* SPDX-License-Identifier: ISC */
#include "pool/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "pool/master_pool.h"
#include "pool/master_report.h"
#include "pool/master_start.h"
#include "pool/slots.h"

enum {
	TICK_MS = 1000,
	KILL_MS = 5000, /* after drain_timeout: for who does not end */
	OWN_ENTRIES = 1 /* of poll(2), before the workers' */
};

struct master {
	const struct config *config;
	struct master_start start;
	struct master_pool *pool;
	struct master_report report;
	struct pollfd *entries;
	int signal_fd;
	bool is_draining;
	bool has_told;	  /* that all are ready */
	uint64_t tick_ms; /* when the next is due */
	uint64_t kill_ms; /* draining: when patience ends */
	int status;
};

static uint64_t now_ms(void)
{
	return clock_monotonic_ms(&clock_system);
}

/* Blocked here and read from a descriptor; workers start with none of it. */
static bool open_signals(struct master *master)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1,
				      SIGCHLD};
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
		log_warn("pool", "SIGHUP: the configuration is read at the "
				 "start only; restart leat to change it");
		break;
	case SIGUSR1:
		if (!log_reopen())
			log_error("pool", "the log cannot be reopened: %s",
				  strerror(errno));
		master_pool_signal(master->pool, SIGUSR1);
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
		master_pool_tick(master->pool);
		master_report_tick(&master->report, now);
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
	unsigned count = master->start.workers + OWN_ENTRIES;

	master->entries[0] =
	    (struct pollfd){.fd = master->signal_fd, .events = POLLIN};
	master_pool_fill_poll(master->pool, master->entries + OWN_ENTRIES);
	if (poll(master->entries, count, wait_ms(master)) <= 0)
		return;
	if (master->entries[0].revents)
		read_signals(master);
	master_pool_on_poll(master->pool, master->entries + OWN_ENTRIES);
}

static void check_pool(struct master *master)
{
	const char *failure = master_pool_failure(master->pool);

	if (failure && !master->is_draining) {
		log_error("pool", "leat cannot be started: %s", failure);
		master->status = 1;
		begin_drain(master, "the start failed");
	} else if (!master->has_told && master_pool_all_ready(master->pool)) {
		struct slots_about about;

		master->has_told = true;
		slots_get_about(master->start.slots, &about);
		about.generation = 1;
		about.reloaded_ms = clock_wall_ms(&clock_system);
		slots_set_about(master->start.slots, &about);
		log_info("pool", "ready");
		master_report_ready(&master->report, now_ms());
	}
}

static void run_loop(struct master *master)
{
	do {
		if (!master->is_draining)
			master_pool_start_due(master->pool, now_ms());
		wait_for_events(master);
		master_pool_reap(master->pool, now_ms());
		check_pool(master);
		check_time(master);
	} while (!master->is_draining || master_pool_living(master->pool) > 0);
}

static void run_pool(struct master *master)
{
	struct master_pool_options options = {
	    .slots = master->start.slots,
	    .workers = master->start.workers,
	    .listeners = &master->start.listeners,
	    .config_fd = master->start.config_fd,
	    .config_path = master->config->path,
	};

	master->pool = master_pool_new(&options);
	master->entries = memory_zalloc((master->start.workers + OWN_ENTRIES) *
					sizeof(struct pollfd));
	master_report_init(&master->report, master->start.slots,
			   master->config->pid_file);
	master->tick_ms = now_ms() + TICK_MS;
	run_loop(master);
	master_report_fini(&master->report);
	master_pool_free(master->pool);
	memory_free(master->entries);
}

int master_run(const struct config *config)
{
	struct master master = {.config = config, .signal_fd = -1};

	if (!master_start_open(&master.start, config))
		return 1;
	if (!open_signals(&master)) {
		log_error("pool", "signals cannot be read: %s",
			  strerror(errno));
		master.status = 1;
	} else {
		run_pool(&master);
		close(master.signal_fd);
	}
	master_start_close(&master.start);
	if (master.status == 0)
		log_info("pool", "ended");
	return master.status;
}
