/* SPDX-License-Identifier: ISC */
#include "serve/cgi_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "serve/service.h"
#include "web/cgi.h"
#include "web/request.h"

enum { PROBLEMS_MAX = 16 * 1024 };

extern char **environ;

struct cgi_process {
	struct service service;
	char *const *params; /* the environment as it was */
	struct timer done;
	int output_flags;
	struct cgi_input input;
};

/* What only whoever set the program up can have set: no header becomes a
 * variable of such a name. */
static const char *const kept[] = {"PATH",	 "TMPDIR",   "TZ",
				   "http_proxy", "no_proxy", "https_proxy",
				   "all_proxy"};

enum { KEPT_COUNT = sizeof kept / sizeof kept[0] };

static void clear_environment(void)
{
	const char *values[KEPT_COUNT];

	for (int i = 0; i < KEPT_COUNT; i++)
		values[i] = getenv(kept[i]);
	clearenv();
	for (int i = 0; i < KEPT_COUNT; i++)
		if (values[i])
			setenv(kept[i], values[i], 1);
	/* One request needs no more threads than one, if any. */
	setenv("UV_THREADPOOL_SIZE", "1", 1);
}

/* Standard output's description may be others' too (a wrapper's). */
static void end(const struct cgi_process *process, int status)
{
	if (process->output_flags >= 0)
		fcntl(STDOUT_FILENO, F_SETFL, process->output_flags);
	if (process->input.is_cut)
		cgi_drain(STDIN_FILENO);
	_exit(status);
}

static void refuse(const struct cgi_process *process, const char *sentence)
{
	struct fault fault;

	fault_set_hint(&fault, ERROR_INTERNAL, "%s", sentence);
	fault.retry = FAULT_RETRY_NO;
	cgi_refuse(process->params, STDOUT_FILENO, &fault);
	end(process, 1);
}

static void open_config(struct cgi_process *process)
{
	struct buffer problems;
	char *path;

	/* So it is called behind an inner redirect of Apache's. */
	if (!getenv("LEAT_CONFIG") && getenv("REDIRECT_LEAT_CONFIG"))
		setenv("LEAT_CONFIG", getenv("REDIRECT_LEAT_CONFIG"), 1);
	path = config_find(NULL);
	buffer_init(&problems, PROBLEMS_MAX);
	process->service.config = config_load(path, &problems);
	memory_free(path);
	if (!process->service.config) {
		fputs(buffer_string(&problems), stderr);
		refuse(process, "leat's configuration is missing or wrong; the "
				"web server's error log says what to change.");
	}
	buffer_fini(&problems);
}

static void open_log(const struct cgi_process *process)
{
	const struct config *config = process->service.config;
	char ident[32];

	snprintf(ident, sizeof ident, "cgi %d", (int)getpid());
	if (service_open_log(config, ident))
		return;
	log_error("cgi", "the log %s cannot be opened: %s", config->log,
		  strerror(errno));
	refuse(process, "leat's log cannot be written; the web server's error "
			"log says why.");
}

static void on_done(void *state)
{
	struct cgi_process *process = state;

	service_finish(&process->service);
}

/* From inside the server: it goes on when the loop does. */
static void on_open_count(void *state, unsigned open)
{
	struct service *service = state;
	struct cgi_process *process = service->owner;

	if (open == 0)
		timer_start(&process->done, 0);
}

static void on_signal(void *state, int signal_number)
{
	struct cgi_process *process = state;

	(void)signal_number;
	/* Readers are told, if there still are any. */
	service_drain(&process->service, 0, on_done, process);
}

static void open_service(struct cgi_process *process)
{
	struct service *service = &process->service;
	struct server_hooks hooks;
	struct fault fault = {0};
	struct loop *loop;

	service->owner = process;
	service->process = "cgi";
	service->is_short_lived = true;
	hooks = service_hooks(service);
	hooks.on_open_count = on_open_count;
	if (!service_init(service, &hooks, &fault)) {
		log_error("cgi", "%s",
			  fault.detail[0] ? fault.detail : fault.hint);
		refuse(process, "leat cannot start; the web server's error log "
				"says why.");
	}
	loop = service->assembly.loop;
	timer_init(&process->done, loop, on_done, process);
	loop_on_signal(loop, SIGTERM, on_signal, process);
}

static void answer(struct cgi_process *process)
{
	const struct config_limits *config = &process->service.config->limits;
	struct request *request = request_new();
	struct fault fault;
	bool is_ok;

	process->input =
	    (struct cgi_input){.fd = STDIN_FILENO,
			       .max_params_bytes = config->params_bytes,
			       .max_body_bytes = config->body_bytes,
			       .timeout_ms = config->request_timeout_ms};
	is_ok = cgi_read(request, process->params, &process->input, &fault);
	open_service(process);
	cgi_answer(process->service.server, request,
		   fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		   is_ok ? NULL : &fault);
	loop_run(process->service.assembly.loop);
}

void cgi_process_run(void)
{
	static struct cgi_process process;

	service_unblock_signals();
	process.params = environ;
	/* Nothing has been read: a start that fails throws it away, or a web
	 * server that still sends sees a reset instead of the answer. */
	process.input = (struct cgi_input){.is_cut = true};
	process.output_flags = fcntl(STDOUT_FILENO, F_GETFL);
	if (process.output_flags < 0 ||
	    (process.output_flags & O_ACCMODE) == O_RDONLY) {
		fputs("leat: standard output cannot be written to\n", stderr);
		_exit(1);
	}
	open_config(&process);
	clear_environment();
	open_log(&process);
	answer(&process);
	log_stop();
	end(&process, 0);
	abort();
}
