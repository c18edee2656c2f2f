/* SPDX-License-Identifier: ISC */
#include "app/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/assemble.h"
#include "app/channel.h"
#include "app/cli.h"
#include "app/config.h"
#include "app/listen.h"
#include "app/slots.h"
#include "app/worker_link.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/chat.h"
#include "io/loop.h"
#include "web/server.h"

enum {
	ARGUMENTS_MIN = 5,
	TICK_MS = 1000,
	ORPHAN_LOOK_MS = 200,
	ORPHAN_DRAIN_MS = 60000,
	ENDING_LOOK_MS = 10,
	BYE_MS = 1000
};

struct worker {
	struct config *config;
	struct turn_place place;
	struct slots *slots;
	struct slot *slot;
	struct listen_socket sockets[LISTEN_MAX];
	unsigned socket_count;
	struct assembly assembly;
	struct server *server;
	struct worker_link link;
	struct timer tick;
	struct timer orphan; /* runs while there is no master */
	struct timer ending; /* the last turns, then the master's BYE */
	bool is_draining;
	bool has_left;
};

static void on_tick(void *state)
{
	struct worker *worker = state;
	struct metrics *metrics = &worker->slot->metrics;

	worker->slot->tick++;
	metrics_read_cpu(metrics);
	metrics_set(metrics, METRIC_SLOW_PASSES,
		    loop_slow_passes(worker->assembly.loop));
	timer_start(&worker->tick, TICK_MS);
}

static void stop(struct worker *worker)
{
	loop_stop(worker->assembly.loop);
}

/* The server is empty; turns without a reader (somebody polls them) are
 * interrupted, and the master is told that nothing may come here any more. */
static void on_ending(void *state)
{
	struct worker *worker = state;

	if (worker->has_left) {
		stop(worker);
	} else if (chat_open_turns(worker->assembly.chat) > 0) {
		timer_start(&worker->ending, ENDING_LOOK_MS);
	} else {
		worker->has_left = true;
		worker_link_leave(&worker->link);
		timer_start(&worker->ending,
			    worker_link_has_master(&worker->link) ? BYE_MS : 0);
	}
}

static void on_drained(void *state)
{
	struct worker *worker = state;

	chat_interrupt_all(worker->assembly.chat);
	timer_start(&worker->ending, 0);
}

static void drain(struct worker *worker, unsigned timeout_ms)
{
	if (worker->is_draining)
		return;
	worker->is_draining = true;
	worker->slot->state = SLOT_DRAINING;
	server_drain(worker->server, timeout_ms, on_drained, worker);
}

static void on_signal(void *state, int number)
{
	struct worker *worker = state;

	if (number == SIGTERM)
		drain(worker, worker->config->drain_timeout_ms);
	else if (number == SIGUSR1 && !log_reopen())
		log_error("worker", "the log cannot be reopened: %s",
			  strerror(errno));
}

/* An orphan goes on until another master has taken every socket's place. */
static void on_orphan(void *state)
{
	struct worker *worker = state;

	for (unsigned i = 0; i < worker->socket_count; i++) {
		if (!listen_is_replaced(&worker->sockets[i])) {
			timer_start(&worker->orphan, ORPHAN_LOOK_MS);
			return;
		}
	}
	log_info("worker", "another master has come: draining");
	drain(worker, ORPHAN_DRAIN_MS);
}

static void on_master_gone(void *state)
{
	struct worker *worker = state;

	if (worker->is_draining)
		return;
	log_warn("worker", "the master is gone: serving on until another "
			   "one comes");
	timer_start(&worker->orphan, ORPHAN_LOOK_MS);
}

static void on_bye(void *state)
{
	stop(state);
}

static void on_adopt(void *state, int peer_fd, struct slice bytes, uint64_t id,
		     enum channel_why why)
{
	static const enum server_adopt reasons[] = {
	    [CHANNEL_WHY_OWN] = ADOPT_OWN,
	    [CHANNEL_WHY_GONE] = ADOPT_OWNER_GONE,
	    [CHANNEL_WHY_BUSY] = ADOPT_OWNER_BUSY};
	struct worker *worker = state;

	server_adopt(worker->server, peer_fd, bytes, id, reasons[why]);
}

/* The hooks: what the pool offers the server. */

static bool may_accept(void *state)
{
	struct worker *worker = state;

	return slots_is_balanced(worker->slots, worker->place.slot);
}

static struct turn_place owner_of(void *state, uint64_t hash)
{
	struct worker *worker = state;

	return slots_owner_of(worker->slots, hash);
}

static enum hand_over_result hand_over(void *state, struct turn_place owner,
				       int fd, struct slice bytes)
{
	struct worker *worker = state;

	if (!slots_is_alive(worker->slots, owner))
		return HAND_OVER_GONE;
	return worker_link_forward(&worker->link, owner, fd, bytes)
		   ? HAND_OVER_SENT
		   : HAND_OVER_BUSY;
}

static void taken(void *state, uint64_t id)
{
	struct worker *worker = state;

	worker_link_taken(&worker->link, id);
}

static void sum_metrics(void *state, struct metrics *out)
{
	struct worker *worker = state;

	slots_sum(worker->slots, out);
}

static bool address_acquire(void *state, uint64_t key, unsigned limit)
{
	struct worker *worker = state;

	return slots_address_acquire(worker->slots, worker->place.slot, key,
				     limit);
}

static void address_release(void *state, uint64_t key)
{
	struct worker *worker = state;

	slots_address_release(worker->slots, worker->place.slot, key);
}

static void on_open_count(void *state, unsigned open)
{
	struct worker *worker = state;

	worker->slot->open_peers = open;
	worker->slot->open_streams = open;
}

static bool make_server(struct worker *worker)
{
	const struct server_hooks hooks = {.state = worker,
					   .may_accept = may_accept,
					   .owner_of = owner_of,
					   .hand_over = hand_over,
					   .taken = taken,
					   .sum_metrics = sum_metrics,
					   .address_acquire = address_acquire,
					   .address_release = address_release,
					   .on_open_count = on_open_count};
	const struct server_parts parts = {.loop = worker->assembly.loop,
					   .chat = worker->assembly.chat,
					   .metrics = &worker->slot->metrics,
					   .self = worker->place};
	struct server_options options;

	assemble_server_options(worker->config, &options);
	worker->server = server_new(&options, &hooks, &parts);
	for (unsigned i = 0; i < worker->socket_count; i++)
		if (!server_listen(worker->server, worker->sockets[i].fd))
			return false;
	return true;
}

static void serve(struct worker *worker)
{
	struct loop *loop = worker->assembly.loop;
	const struct worker_link_listener listener = {worker, on_adopt, on_bye,
						      on_master_gone};

	timer_init(&worker->tick, loop, on_tick, worker);
	timer_init(&worker->orphan, loop, on_orphan, worker);
	timer_init(&worker->ending, loop, on_ending, worker);
	/* After libfcgi, which takes some of them for itself. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	loop_on_signal(loop, SIGTERM, on_signal, worker);
	loop_on_signal(loop, SIGUSR1, on_signal, worker);
	worker_link_open(&worker->link, loop, &listener);
	worker->slot->state = SLOT_READY;
	timer_start(&worker->tick, 0);
	worker_link_ready(&worker->link);
	loop_run(loop);
	timer_stop(&worker->tick);
	timer_stop(&worker->orphan);
	timer_stop(&worker->ending);
	worker_link_close(&worker->link);
}

static int fail(struct worker *worker, const char *why)
{
	worker_link_failed(&worker->link, why);
	return CLI_FAILED;
}

static int run(struct worker *worker)
{
	struct assemble_options options = {.config = worker->config,
					   .metrics = &worker->slot->metrics,
					   .self = worker->place};
	struct fault fault;
	bool is_ok;

	if (!assemble_init(&worker->assembly, &options, &fault))
		return fail(worker, fault.hint[0] ? fault.hint : fault.detail);
	is_ok = make_server(worker);
	if (is_ok)
		serve(worker);
	server_free(worker->server);
	assemble_fini(&worker->assembly);
	return is_ok ? CLI_OK : fail(worker, "too many listening sockets");
}

static bool read_arguments(struct worker *worker, int argc, char **argv)
{
	if (argc < ARGUMENTS_MIN || argc - ARGUMENTS_MIN > LISTEN_MAX)
		return false;
	worker->place.slot = (uint16_t)strtoul(argv[0], NULL, 10);
	worker->place.incarnation = (uint32_t)strtoul(argv[1], NULL, 10);
	worker->link.fd = atoi(argv[2]);
	worker->slots = slots_attach(atoi(argv[3]));
	if (!worker->slots || worker->place.slot >= slots_count(worker->slots))
		return false;
	worker->slot = slots_at(worker->slots, worker->place.slot);
	worker->slot->pid = (int32_t)getpid();
	fcntl(worker->link.fd, F_SETFD, FD_CLOEXEC);
	fcntl(atoi(argv[3]), F_SETFD, FD_CLOEXEC);
	return true;
}

static bool read_config(struct worker *worker, const char *path, char **sockets)
{
	struct buffer problems;

	buffer_init(&problems, 4096);
	worker->config = config_load(path[0] ? path : NULL, &problems);
	if (!worker->config)
		worker_link_failed(&worker->link, buffer_string(&problems));
	buffer_fini(&problems);
	if (!worker->config)
		return false;
	for (; *sockets; sockets++) {
		struct listen_socket *socket =
		    &worker->sockets[worker->socket_count++];

		if (!listen_parse(socket, *sockets,
				  worker->config->runtime_dir))
			return false;
		fcntl(socket->fd, F_SETFD, FD_CLOEXEC);
	}
	return true;
}

static bool open_log(struct worker *worker)
{
	char ident[32];
	struct log_options log = {.level =
				      (enum log_level)worker->config->log_level,
				  .target = worker->config->log,
				  .ident = ident};

	snprintf(ident, sizeof ident, "worker %u", worker->place.slot);
	if (!log_open(&log)) {
		worker_link_failed(&worker->link, "the log cannot be opened");
		return false;
	}
	log_start();
	return true;
}

int worker_run(int argc, char **argv)
{
	struct worker *worker = memory_zalloc(sizeof *worker);
	int status = CLI_FAILED;

	prctl(PR_SET_NAME, "leat");
	if (!read_arguments(worker, argc, argv)) {
		memory_free(worker);
		return cli_failed("worker is started by leat serve alone");
	}
	if (read_config(worker, argv[4], argv + 5) && open_log(worker)) {
		status = run(worker);
		log_stop();
	}
	if (worker->config)
		config_free(worker->config);
	slots_free(worker->slots);
	memory_free(worker);
	return status;
}
