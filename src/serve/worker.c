/* SPDX-License-Identifier: ISC */
#include "serve/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "config/config.h"
#include "config/config_memory.h"
#include "pool/notify.h"
#include "pool/worker_link.h"
#include "serve/worker_private.h"
#include "web/server.h"

enum { PROBLEMS_MAX = 4096 };

static void on_signal(void *state, int signal_number)
{
	struct worker *worker = state;

	if (signal_number == SIGTERM)
		worker_leave_start(worker,
				   worker->service.config->drain_timeout_ms);
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
	server_adopt(worker->service.server, message->peer_fd, bytes,
		     message->id, why[message->why]);
}

static int refuse(const struct worker *worker, const char *why)
{
	worker_link_say_failed(worker->args.channel_fd, why);
	return CHANNEL_FAILED_STATUS;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int open_config(struct worker *worker)
{
	const struct worker_args *args = &worker->args;
	const struct config_memory memory = {.fd = args->config_fd,
					     .first_fd = args->first_config_fd,
					     .path = args->config_path,
					     .with_keys = true};
	struct buffer problems;
	int status = 0;

	buffer_init(&problems, PROBLEMS_MAX);
	worker->service.config = config_memory_load(&memory, NULL, &problems);
	close_fd(args->config_fd);
	close_fd(args->first_config_fd);
	if (!worker->service.config)
		status = refuse(worker, problems.len
					    ? buffer_string(&problems)
					    : "the configuration is missing");
	buffer_fini(&problems);
	return status;
}

static bool open_log(const struct worker *worker)
{
	char ident[32];

	snprintf(ident, sizeof ident, "worker %u", worker->args.place.slot);
	return service_open_log(worker->service.config, ident);
}

static bool open_slots(struct worker *worker)
{
	unsigned index = worker->args.place.slot;
	struct slots *slots = slots_attach(worker->args.slots_fd);

	if (!slots || index >= slots_count(slots))
		return false;
	close(worker->args.slots_fd);
	worker->service.slots = slots;
	worker->service.self = worker->args.place;
	worker->service.process = "pool";
	worker->service.is_quiet = !slots_is_first(slots, index);
	return true;
}

static void open_link(struct worker *worker)
{
	const struct worker_link_events events = {
	    worker, on_adopt, worker_leave_on_bye, worker_leave_on_drain,
	    worker_leave_on_master_gone};
	struct loop *loop = worker->service.assembly.loop;

	worker->link = worker_link_new(loop, worker->args.channel_fd, &events);
	worker_leave_init(worker);
	signal(SIGINT, SIG_IGN);
	loop_on_signal(loop, SIGTERM, on_signal, worker);
	loop_on_signal(loop, SIGUSR1, on_signal, worker);
}

static bool open_listeners(struct worker *worker)
{
	for (unsigned i = 0; i < worker->args.listener_count; i++)
		if (!listen_parse(&worker->listeners[i],
				  worker->args.listeners[i],
				  worker->service.config->runtime_dir) ||
		    !server_listen(worker->service.server,
				   worker->listeners[i].fd))
			return false;
	return true;
}

static int run(struct worker *worker)
{
	struct server_hooks hooks = worker_hooks(worker);
	struct service *service = &worker->service;
	struct fault fault = {0};

	if (!service_init(service, &hooks, &fault))
		return refuse(worker,
			      fault.detail[0] ? fault.detail : fault.hint);
	open_link(worker);
	if (!open_listeners(worker))
		return refuse(worker, "a listening socket is missing");
	service_start(service);
	worker_link_say(worker->link, CHANNEL_READY, 0);
	loop_run(service->assembly.loop);
	worker_leave_fini(worker);
	service_settle(service);
	worker_link_free(worker->link);
	service_fini(service);
	config_free(service->config);
	slots_free(service->slots);
	return 0;
}

int worker_main(int argc, char **argv)
{
	static struct worker worker;
	int status;

	worker.service.owner = &worker;
	/* After /proc/self/exe it would be "exe". */
	prctl(PR_SET_NAME, "leat");
	/* Only the master speaks for the service. */
	notify_forget();
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
