/* SPDX-License-Identifier: ISC */
#include "serve/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "chat/chat.h"
#include "config/config.h"
#include "config/config_secret.h"
#include "pool/master_pool.h"
#include "pool/worker_link.h"
#include "serve/worker_private.h"
#include "web/server.h"

enum { TICK_MS = 1000, CONFIG_MAX = 2 << 20, PROBLEMS_MAX = 4096 };

static void on_tick(void *state)
{
	struct worker *worker = state;
	struct slot *slot = worker->slot;

	/* Our own word, written by nobody else. */
	atomic_store(&slot->tick, atomic_load(&slot->tick) + 1);
	metrics_read_cpu(&slot->metrics);
	metrics_set(&slot->metrics, METRIC_SLOW_PASSES,
		    loop_slow_passes(worker->assembly.loop));
	worker_index_look(worker);
	timer_start(&worker->tick, TICK_MS);
}

static void on_signal(void *state, int signal_number)
{
	struct worker *worker = state;

	if (signal_number == SIGTERM)
		worker_leave_start(worker, worker->config->drain_timeout_ms);
	else if (!log_reopen())
		log_error("pool", "the log cannot be reopened: %s",
			  strerror(errno));
}

static void on_adopt(void *state, const struct channel_message *message,
		     struct slice bytes)
{
	static const enum server_adopt why[] = {
	    [CHANNEL_WHY_OWN] = ADOPT_OWN,
	    [CHANNEL_WHY_GONE] = ADOPT_OWNER_GONE,
	    [CHANNEL_WHY_BUSY] = ADOPT_OWNER_BUSY};
	struct worker *worker = state;

	if ((unsigned)message->why > CHANNEL_WHY_BUSY) {
		close(message->peer_fd);
		return;
	}
	server_adopt(worker->server, message->peer_fd, bytes, message->id,
		     why[message->why]);
}

static bool read_memory(int fd, struct buffer *out)
{
	struct stat status;
	char *room;

	if (fstat(fd, &status) || status.st_size > CONFIG_MAX)
		return false;
	room = buffer_reserve(out, (size_t)status.st_size);
	if (!room ||
	    pread(fd, room, (size_t)status.st_size, 0) != status.st_size)
		return false;
	buffer_commit(out, (size_t)status.st_size);
	return true;
}

/* The text is the master's copy: a file that was edited since waits for a
 * restart. Keys are read from where it says, now. */
static struct config *load_config(const struct worker_args *args,
				  struct buffer *problems)
{
	struct config *config;
	struct buffer text;

	if (args->config_fd < 0)
		return config_load(NULL, problems);
	buffer_init(&text, CONFIG_MAX);
	config =
	    read_memory(args->config_fd, &text)
		? config_parse(buffer_slice(&text), args->config_path, problems)
		: NULL;
	if (config && !config_secret_load(config, problems)) {
		config_free(config);
		config = NULL;
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buffer_fini(&text);
	close(args->config_fd);
	return config;
}

static int refuse(const struct worker *worker, const char *why)
{
	worker_link_say_failed(worker->args.channel_fd, why);
	return MASTER_POOL_EXIT_CONFIG;
}

static int open_config(struct worker *worker)
{
	struct buffer problems;
	int status = 0;

	buffer_init(&problems, PROBLEMS_MAX);
	worker->config = load_config(&worker->args, &problems);
	if (!worker->config)
		status = refuse(worker, problems.len
					    ? buffer_string(&problems)
					    : "the configuration is missing");
	buffer_fini(&problems);
	return status;
}

static bool open_log(const struct worker *worker)
{
	char ident[32];
	const struct log_options options = {
	    .level = (enum log_level)worker->config->log_level,
	    .target = worker->config->log,
	    .ident = ident};

	snprintf(ident, sizeof ident, "worker %u", worker->args.place.slot);
	return log_open(&options);
}

static bool open_slots(struct worker *worker)
{
	unsigned index = worker->args.place.slot;

	worker->slots = slots_attach(worker->args.slots_fd);
	if (!worker->slots || index >= slots_count(worker->slots))
		return false;
	close(worker->args.slots_fd);
	worker->slot = slots_at(worker->slots, index);
	return true;
}

static void open_server(struct worker *worker)
{
	const struct worker_link_events events = {
	    worker, on_adopt, worker_leave_on_bye, worker_leave_on_master_gone};
	struct loop *loop = worker->assembly.loop;
	struct server_hooks hooks = worker_hooks(worker);
	const struct server_parts parts = {.loop = loop,
					   .chat = worker->assembly.chat,
					   .metrics = &worker->slot->metrics,
					   .self = worker->args.place};
	struct server_options options;

	assemble_server_options(worker->config, &options);
	options.process = "pool";
	worker->server = server_new(&options, &hooks, &parts);
	worker->link = worker_link_new(loop, worker->args.channel_fd, &events);
	worker_leave_init(worker);
	timer_init(&worker->tick, loop, on_tick, worker);
	/* After libfcgi has set its own. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	loop_on_signal(loop, SIGTERM, on_signal, worker);
	loop_on_signal(loop, SIGUSR1, on_signal, worker);
}

static bool open_listeners(struct worker *worker)
{
	for (unsigned i = 0; i < worker->args.listener_count; i++)
		if (!listen_parse(&worker->listeners[i],
				  worker->args.listeners[i],
				  worker->config->runtime_dir) ||
		    !server_listen(worker->server, worker->listeners[i].fd))
			return false;
	return true;
}

static int run(struct worker *worker)
{
	struct assemble_options options = {.config = worker->config,
					   .metrics = &worker->slot->metrics,
					   .self = worker->args.place};
	struct fault fault = {0};
	bool is_clean;

	if (!assemble_init(&worker->assembly, &options, &fault))
		return refuse(worker,
			      fault.detail[0] ? fault.detail : fault.hint);
	open_server(worker);
	if (!open_listeners(worker))
		return refuse(worker, "a listening socket is missing");
	atomic_store(&worker->slot->state, SLOT_READY);
	on_tick(worker);
	worker_link_say(worker->link, CHANNEL_READY, 0);
	loop_run(worker->assembly.loop);
	timer_stop(&worker->tick);
	worker_leave_fini(worker);
	is_clean = worker_leave_is_over(worker);
	if (!is_clean || loop_lookups(worker->assembly.loop) > 0) {
		if (!is_clean)
			log_error("pool", "something did not end in time");
		/* What still runs must not lose its ground, and is not waited
		 * for. */
		log_stop();
		_exit(0);
	}
	server_free(worker->server);
	worker_link_free(worker->link);
	assemble_fini(&worker->assembly);
	config_free(worker->config);
	slots_free(worker->slots);
	return 0;
}

int worker_main(int argc, char **argv)
{
	static struct worker worker;
	int status;

	/* After /proc/self/exe it would be "exe". */
	prctl(PR_SET_NAME, "leat");
	if (!worker_args_read(&worker.args, argc, argv)) {
		fprintf(stderr, "leat: a worker is started by leat serve\n");
		return 2;
	}
	status = open_config(&worker);
	if (status)
		return status;
	if (!open_log(&worker))
		return refuse(&worker, "the log cannot be opened");
	if (!open_slots(&worker))
		return refuse(&worker, "the shared memory is not ours");
	log_start();
	status = run(&worker);
	log_stop();
	return status;
}
