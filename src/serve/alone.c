/* SPDX-License-Identifier: ISC */
#include "serve/alone.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "pool/descriptors.h"
#include "serve/alone_slots.h"
#include "serve/service.h"

enum { DRAIN_MS = 8000, PARENT_LOOK_MS = 1000 };

struct alone {
	struct service service;
	struct timer parent;
	pid_t parent_pid; /* 0: its death means nothing */
	bool is_draining;
};

static void on_drained(void *state)
{
	struct alone *alone = state;

	service_finish(&alone->service);
}

static void leave(struct alone *alone)
{
	unsigned timeout_ms = alone->service.config->drain_timeout_ms;
	int nothing;

	if (alone->is_draining)
		return;
	alone->is_draining = true;
	timer_stop(&alone->parent);
	service_drain(&alone->service,
		      timeout_ms < DRAIN_MS ? timeout_ms : DRAIN_MS, on_drained,
		      alone);
	/* Others may go on with the socket; our number for it must not become
	 * somebody else's. */
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing >= 0) {
		dup2(nothing, STDIN_FILENO);
		close(nothing);
	}
}

static void on_signal(void *state, int signal_number)
{
	if (signal_number != SIGUSR1)
		leave(state);
	else if (!log_reopen())
		log_error("alone", "the log cannot be reopened: %s",
			  strerror(errno));
}

static void on_parent_look(void *state)
{
	struct alone *alone = state;

	if (getppid() == alone->parent_pid) {
		timer_start(&alone->parent, PARENT_LOOK_MS);
		return;
	}
	log_warn("alone", "who started this process is gone");
	leave(alone);
}

static void open_loop(struct alone *alone)
{
	struct loop *loop = alone->service.assembly.loop;

	loop_on_signal(loop, SIGTERM, on_signal, alone);
	loop_on_signal(loop, SIGINT, on_signal, alone);
	loop_on_signal(loop, SIGUSR1, on_signal, alone);
	timer_init(&alone->parent, loop, on_parent_look, alone);
	if (alone->parent_pid)
		timer_start(&alone->parent, PARENT_LOOK_MS);
}

static int run(struct alone *alone)
{
	const int on = 1;
	struct service *service = &alone->service;
	struct server_hooks hooks = service_hooks(service);
	struct fault fault = {0};

	if (!service_init(service, &hooks, &fault)) {
		log_error("alone", "%s",
			  fault.detail[0] ? fault.detail : fault.hint);
		slots_unlink(service->slots);
		return 1;
	}
	open_loop(alone);
	/* What it accepts inherits this; a unix socket has no such option. A
	 * frame must not wait for the acknowledgement of the one before. */
	setsockopt(STDIN_FILENO, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	server_listen(service->server, STDIN_FILENO);
	service_start(service);
	loop_run(service->assembly.loop);
	timer_stop(&alone->parent);
	/* Before it settles: that may be the end. */
	slots_unlink(service->slots);
	service_settle(service);
	service_fini(service);
	return 0;
}

/* A daemon's parent may leave as soon as it has started it. */
static pid_t parent_that_matters(void)
{
	return getsid(0) == getpid() ? 0 : getppid();
}

int alone_run(struct config *config)
{
	static struct alone alone;
	struct service *service = &alone.service;
	char ident[32];
	int status;

	service_unblock_signals();
	alone.parent_pid = parent_that_matters();
	service->config = config;
	service->process = "alone";
	snprintf(ident, sizeof ident, "process %d", (int)getpid());
	if (!service_open_log(config, ident)) {
		log_error("alone", "the log %s cannot be opened: %s",
			  config->log, strerror(errno));
		return 1;
	}
	descriptors_raise();
	service->slots = alone_slots_new(config);
	if (!service->slots) {
		log_error("alone", "there is no shared memory: %s",
			  strerror(errno));
		return 1;
	}
	service->self.incarnation = slots_claim(service->slots, 0, 1);
	atomic_store(&slots_at(service->slots, 0)->pid, getpid());
	log_start();
	log_info("alone",
		 "leat " PACKAGE_VERSION " on the socket that it was "
		 "given; configuration %s",
		 config->path ? config->path : "none");
	status = run(&alone);
	log_stop();
	slots_free(service->slots);
	config_free(config);
	return status;
}
