/* SPDX-License-Identifier: ISC */
#include "master/master_start.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "config/config_memory.h"
#include "master/listen_passed.h"
#include "master/master_exec.h"
#include "master/master_generations.h"
#include "pool/descriptors.h"
#include "pool/slots.h"

enum { PATH_SIZE = 4096 };
/* Of the master itself, and of a worker before its first stream. */
enum { DESCRIPTORS_MIN = 32 };

/* To whoever started it, and to the log where that is another place. */
static void complain(const struct config *config, const char *text)
{
	fprintf(stderr, "leat: %s\n", text);
	if (strcmp(config->log, "stderr"))
		log_error("pool", "%s", text);
}

bool master_start_open_log(const struct config *config)
{
	const struct log_options options = {
	    .level = (enum log_level)config->log_level,
	    .target = config->log,
	    .ident = "master"};

	if (log_open(&options))
		return true;
	fprintf(stderr, "leat: the log %s cannot be opened: %s\n", config->log,
		strerror(errno));
	return false;
}

static bool has_descriptors(const struct config *config, unsigned have,
			    unsigned workers)
{
	char text[160];

	if (have >= DESCRIPTORS_MIN + workers)
		return true;
	snprintf(text, sizeof text,
		 "only %u descriptors are allowed (ulimit -n); %u workers "
		 "need at least %u",
		 have, workers, DESCRIPTORS_MIN + workers);
	complain(config, text);
	return false;
}

static unsigned count_cores(void)
{
	cpu_set_t set;
	int cores = 0;

	if (!sched_getaffinity(0, sizeof set, &set))
		cores = CPU_COUNT(&set);
	return cores < 1 ? 1 : (unsigned)cores;
}

unsigned master_start_count_workers(const struct config *config)
{
	unsigned count = config->workers ? config->workers : count_cores();

	return count < SLOTS_WORKERS_MAX ? count : SLOTS_WORKERS_MAX;
}

unsigned master_start_room(const struct master_start *start)
{
	return slots_room(start->workers, count_cores());
}

int master_start_open_exe(void)
{
	return open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

static struct listen_options listen_options_of(const struct config *config)
{
	struct listen_options options = {
	    .mode = config->listen_mode,
	    .owner = config->listen_owner,
	    .group = config->listen_group,
	    .allows_remote = config->allow_remote_tcp,
	    .runtime_dir = config->runtime_dir,
	};

	for (size_t i = 0; i < config->listen.count && i < LISTEN_MAX; i++)
		options.addresses[i] = config->listen.items[i];
	return options;
}

void master_start_renew_listeners(struct master_start *start,
				  const struct config *config)
{
	const struct listen_options options = listen_options_of(config);

	for (unsigned i = 0; i < start->listeners.count; i++) {
		struct listen_socket *socket = &start->listeners.sockets[i];

		if (!listen_is_lost(socket))
			continue;
		if (listen_renew(&start->listeners, socket, &options))
			log_warn("pool", "reload: %s was gone; it is made anew",
				 socket->address);
		else
			log_error("pool", "reload: %s is gone: %s",
				  socket->address, start->listeners.error);
	}
}

void master_start_watch_listeners(struct master_start *start)
{
	bool is_lost = false;

	for (unsigned i = 0; i < start->listeners.count; i++) {
		const struct listen_socket *socket =
		    &start->listeners.sockets[i];

		if (!listen_is_lost(socket))
			continue;
		is_lost = true;
		if (!start->is_loss_told)
			log_error("pool",
				  "%s: somebody took its file away, so web "
				  "servers cannot connect; a reload makes it "
				  "anew",
				  socket->address);
	}
	start->is_loss_told = is_lost;
}

static bool open_listeners(struct master_start *start,
			   const struct config *config)
{
	const struct listen_options options = listen_options_of(config);

	switch (listen_passed_take(&start->listeners, options.allows_remote)) {
	case LISTEN_PASSED_TAKEN:
		log_info("pool", "the sockets were passed by whoever started "
				 "leat; the option listen is not used");
		return true;
	case LISTEN_PASSED_BAD:
		complain(config, start->listeners.error);
		return false;
	default:
		break;
	}
	if (listen_open(&start->listeners, &options))
		return true;
	complain(config, start->listeners.error);
	return false;
}

/* "{runtime_dir}/leat.sock.slots": named after the first address, so that
 * pools may share a directory. */
static bool name_slots(const struct config *config, const char *address,
		       char path[PATH_SIZE])
{
	const char *slash = strrchr(address, '/');
	const char *name = slash ? slash + 1 : address + strlen("tcp:");

	return snprintf(path, PATH_SIZE, "%s/%s.slots", config->runtime_dir,
			name) < PATH_SIZE;
}

static bool open_slots(struct master_start *start, const struct config *config)
{
	unsigned count = master_start_room(start);
	char path[PATH_SIZE];

	if (name_slots(config, start->listeners.sockets[0].address, path)) {
		start->slots = slots_new(path, count);
		if (start->slots)
			return true;
	}
	log_warn("pool",
		 "runtime_dir %s cannot be used (%s): the pool runs, but "
		 "nothing outside can see its state",
		 config->runtime_dir, strerror(errno));
	start->slots = slots_new(NULL, count);
	if (start->slots)
		return true;
	complain(config, "there is no shared memory for the workers");
	return false;
}

static void append_addresses(struct buffer *out, const struct listen_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		buffer_printf(out, "%s%s", i ? ", " : "",
			      set->sockets[i].address);
}

static void append_list(struct buffer *out, const struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		buffer_printf(out, "%s%s", i ? ", " : "", list->items[i]);
}

void master_start_describe(const struct master_start *start,
			   const struct config *config,
			   const struct master_generation *generation)
{
	const struct config_limits *limits = &config->limits;
	uint64_t now_ms = clock_wall_ms(&clock_system);
	struct slots_about about = {
	    .kind = SLOTS_POOL,
	    .master_pid = (int32_t)getpid(),
	    .generation = generation->number,
	    .workers = generation->wanted,
	    .streams_per_worker = limits->streams_per_worker
				      ? limits->streams_per_worker
				      : descriptors_streams(),
	    .streams = limits->streams,
	    .streams_per_address = limits->streams_per_address,
	    .reloaded_ms = now_ms,
	    .version = PACKAGE_VERSION,
	};
	struct slots_about before;
	struct buffer listen;

	slots_get_about(start->slots, &before);
	about.started_ms = before.started_ms ? before.started_ms : now_ms;

	buffer_init(&listen, BUFFER_UNLIMITED);
	append_addresses(&listen, &start->listeners);
	snprintf(about.listen, sizeof about.listen, "%s",
		 buffer_string(&listen));
	buffer_fini(&listen);
	if (config->path)
		snprintf(about.config_path, sizeof about.config_path, "%s",
			 config->path);
	slots_set_about(start->slots, &about);
}

static bool keep_config(struct master_start *start, const struct config *config)
{
	if (!config->path)
		return true;
	start->config_fd = config_memory_make(config->path);
	if (start->config_fd >= 0)
		start->first_config_fd =
		    fcntl(start->config_fd, F_DUPFD_CLOEXEC, 0);
	if (start->first_config_fd < 0)
		complain(config, "the configuration cannot be read again");
	return start->first_config_fd >= 0;
}

static void log_first_line(const struct master_start *start,
			   const struct config *config, unsigned descriptors)
{
	unsigned streams = config->limits.streams_per_worker;
	struct buffer line;

	buffer_init(&line, BUFFER_UNLIMITED);
	buffer_printf(&line, "leat " PACKAGE_VERSION " on ");
	append_addresses(&line, &start->listeners);
	buffer_printf(&line, "; %u worker%s; index %s; providers ",
		      start->workers, start->workers == 1 ? "" : "s",
		      config->context.index[0] ? config->context.index
					       : "none");
	append_list(&line, &config->chat.providers);
	buffer_printf(&line,
		      "; %u streams per worker (%u descriptors); "
		      "configuration %s",
		      streams ? streams : descriptors_streams(), descriptors,
		      config->path ? config->path : "none");
	log_info("pool", "%s", buffer_string(&line));
	buffer_fini(&line);
}

void master_start_make_runtime_dir(const struct config *config)
{
	if (!mkdir(config->runtime_dir, 0755))
		log_info("pool", "made the directory %s", config->runtime_dir);
}

void master_start_init(struct master_start *start)
{
	memset(start, 0, sizeof *start);
	start->config_fd = -1;
	start->first_config_fd = -1;
	start->exe_fd = -1;
	master_exec_find_path(start->exe_path, sizeof start->exe_path);
}

bool master_start_open(struct master_start *start, const struct config *config)
{
	const struct master_generation none = {.wanted = 0};
	unsigned descriptors;

	master_start_init(start);
	/* Whatever the shell left open is not the workers' business. */
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	if (!master_start_open_log(config))
		return false;
	descriptors = descriptors_raise();
	start->workers = master_start_count_workers(config);
	if (!has_descriptors(config, descriptors, start->workers))
		return false;
	master_start_make_runtime_dir(config);
	if (!keep_config(start, config) || !open_listeners(start, config))
		goto failed;
	if (!open_slots(start, config))
		goto failed;
	start->exe_fd = master_start_open_exe();
	master_start_describe(start, config, &none);
	log_first_line(start, config, descriptors);
	return true;
failed:
	master_start_close(start);
	return false;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void master_start_close(struct master_start *start)
{
	listen_stop(&start->listeners);
	if (start->slots) {
		slots_unlink(start->slots);
		slots_free(start->slots);
		start->slots = NULL;
	}
	close_fd(&start->config_fd);
	close_fd(&start->first_config_fd);
	close_fd(&start->exe_fd);
}
