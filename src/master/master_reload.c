/* SPDX-License-Identifier: ISC */
#include "master/master_reload.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "config/config_memory.h"
#include "master/master_exec.h"
#include "master/master_generations.h"
#include "master/master_pool.h"
#include "master/master_private.h"

void master_reload_want(struct master *master, const char *signal_name)
{
	if (master->is_draining) {
		log_warn("pool", "%s: no reload, the pool is ending",
			 signal_name);
		return;
	}
	if (!master->is_wanted)
		log_info("pool", "%s: reload", signal_name);
	master->is_wanted = true;
	if (!log_reopen())
		log_error("pool", "the log cannot be reopened: %s",
			  strerror(errno));
	master_pool_reopen_logs(master->pool);
}

static void close_config(struct master *master)
{
	if (master->new_config_fd >= 0)
		close(master->new_config_fd);
	master->new_config_fd = -1;
}

static void tell_refused(struct master *master, uint64_t now_ms)
{
	log_write_lines(LOG_LEVEL_ERROR, "pool", "reload",
			buffer_string(&master->check.words));
	master_report_kept(&master->report, now_ms,
			   buffer_string(&master->check.words));
	log_error("pool", "reload: nothing has changed; generation %u goes on",
		  master_generations_current(master->pool)->number);
	close_config(master);
}

static bool read_config(struct master *master, uint64_t now_ms)
{
	const char *path = master->config->path;

	master->new_config_fd = -1;
	if (!path)
		return true;
	master->new_config_fd = config_memory_make(path);
	if (master->new_config_fd >= 0)
		return true;
	log_error("pool", "reload: %s cannot be read: %s; nothing has changed",
		  path, strerror(errno));
	master_report_kept(&master->report, now_ms,
			   "the configuration cannot be read");
	return false;
}

static void begin(struct master *master, uint64_t now_ms)
{
	struct master_check_options options = {
	    .exe = master->start.exe_path,
	    .first_config_fd = master->start.first_config_fd,
	    .config_path = master->config->path,
	};

	master->is_wanted = false;
	master_report_reloading(&master->report);
	if (!read_config(master, now_ms))
		return;
	options.config_fd = master->new_config_fd;
	log_debug("pool", "reload: checking %s", options.exe);
	if (!master_check_start(&master->check, &options, now_ms))
		tell_refused(master, now_ms);
}

void master_reload_step(struct master *master, uint64_t now_ms)
{
	master_check_on_time(&master->check, now_ms);
	if (master->is_wanted && !master->is_draining &&
	    master->check.pid == 0 &&
	    master_generations_current(master->pool)->number != 0 &&
	    !master_generations_is_starting(master->pool) &&
	    master_generations_make_room(master->pool, now_ms))
		begin(master, now_ms);
}

bool master_reload_on_exit(struct master *master, pid_t pid, int status,
			   uint64_t now_ms)
{
	if (master->check.pid <= 0 || pid != master->check.pid)
		return false;
	if (!master_check_on_exit(&master->check, status)) {
		tell_refused(master, now_ms);
		return true;
	}
	log_info("pool", "reload: leat %s takes over",
		 buffer_string(&master->check.words));
	master_exec(master);
	log_error("pool", "reload: %s cannot be executed: %s",
		  master->start.exe_path, strerror(errno));
	buffer_clear(&master->check.words);
	tell_refused(master, now_ms);
	return true;
}

void master_reload_cancel(struct master *master)
{
	master->is_wanted = false;
	master_check_cancel(&master->check);
	close_config(master);
}
