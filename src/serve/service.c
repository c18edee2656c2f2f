/* SPDX-License-Identifier: ISC */
#include "serve/service.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "chat/chat.h"
#include "config/config.h"

enum {
	TICK_MS = 1000,
	FINISH_LOOK_MS = 20,
	FINISH_TRIES = 250,
	SHORT_TRIES = 3
};

void service_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool service_open_log(const struct config *config, const char *ident)
{
	const struct log_options options = {
	    .level = (enum log_level)config->log_level,
	    .target = config->log,
	    .ident = ident};

	return log_open(&options);
}

static void sum_metrics(void *state, struct metrics *out)
{
	struct service *service = state;

	slots_sum(service->slots, out);
}

static bool stream_acquire(void *state, unsigned limit)
{
	struct service *service = state;

	return slots_stream_acquire(service->slots, service->self.slot, limit);
}

static void stream_release(void *state)
{
	struct service *service = state;

	slots_stream_release(service->slots, service->self.slot);
}

static bool address_acquire(void *state, uint64_t key, unsigned limit)
{
	struct service *service = state;

	return slots_address_acquire(service->slots, service->self.slot, key,
				     limit);
}

static void address_release(void *state, uint64_t key)
{
	struct service *service = state;

	slots_address_release(service->slots, service->self.slot, key);
}

static void on_open_count(void *state, unsigned open)
{
	struct service *service = state;

	atomic_store_explicit(&service->slot->open_peers, open,
			      memory_order_relaxed);
}

struct server_hooks service_hooks(struct service *service)
{
	if (!service->slots)
		return (struct server_hooks){.state = service};
	return (struct server_hooks){
	    .state = service,
	    .sum_metrics = sum_metrics,
	    .stream_acquire = stream_acquire,
	    .stream_release = stream_release,
	    .address_acquire = address_acquire,
	    .address_release = address_release,
	    .on_open_count = on_open_count,
	};
}

static void on_tick(void *state)
{
	struct service *service = state;

	/* Our own word, written by nobody else. */
	if (service->slot)
		atomic_store(&service->slot->tick,
			     atomic_load(&service->slot->tick) + 1);
	metrics_read_cpu(service->metrics);
	metrics_set(service->metrics, METRIC_SLOW_PASSES,
		    loop_slow_passes(service->assembly.loop));
	service_index_look(service);
	timer_start(&service->tick, TICK_MS);
}

static bool is_over(const struct service *service)
{
	return server_open_peers(service->server) == 0 &&
	       chat_open_turns(service->assembly.chat) == 0 &&
	       loop_jobs(service->assembly.loop) == 0;
}

static void on_finish(void *state)
{
	struct service *service = state;
	unsigned tries = service->is_short_lived ? SHORT_TRIES : FINISH_TRIES;

	if (is_over(service) || service->finish_tries++ == tries)
		loop_stop(service->assembly.loop);
	else
		timer_start(&service->finish, FINISH_LOOK_MS);
}

static void open_slot(struct service *service)
{
	service->metrics = &service->own_metrics;
	if (!service->slots)
		return;
	service->slot = slots_at(service->slots, service->self.slot);
	service->metrics = &service->slot->metrics;
}

bool service_init(struct service *service, const struct server_hooks *hooks,
		  struct fault *fault)
{
	struct assemble_options options = {.config = service->config,
					   .self = service->self,
					   .is_short_lived =
					       service->is_short_lived};
	struct server_options server_options;
	struct server_parts parts;

	open_slot(service);
	options.metrics = service->metrics;
	if (!assemble_init(&service->assembly, &options, fault))
		return false;
	parts = (struct server_parts){.loop = service->assembly.loop,
				      .chat = service->assembly.chat,
				      .metrics = service->metrics,
				      .self = service->self};
	assemble_server_options(service->config, &server_options);
	server_options.process = service->process;
	server_options.ends_with_reply = service->is_short_lived;
	service->server = server_new(&server_options, hooks, &parts);
	timer_init(&service->tick, parts.loop, on_tick, service);
	timer_init(&service->finish, parts.loop, on_finish, service);
	/* After libfcgi has set its own. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return true;
}

void service_start(struct service *service)
{
	if (service->slot)
		atomic_store(&service->slot->state, SLOT_READY);
	on_tick(service);
}

void service_drain(struct service *service, unsigned timeout_ms,
		   void (*on_drained)(void *state), void *state)
{
	if (service->slot)
		atomic_store(&service->slot->state, SLOT_DRAINING);
	if (!service->is_short_lived)
		log_info("pool", "draining %u streams",
			 server_open_streams(service->server));
	server_drain(service->server, timeout_ms, on_drained, state);
}

void service_finish(struct service *service)
{
	service->finish_tries = 0;
	/* Turns that nobody reads but somebody meant to poll. */
	chat_interrupt_all(service->assembly.chat);
	timer_start(&service->finish, 0);
}

void service_settle(struct service *service)
{
	bool is_clean = is_over(service);

	timer_stop(&service->tick);
	timer_stop(&service->finish);
	if (is_clean && loop_lookups(service->assembly.loop) == 0)
		return;
	if (!is_clean)
		log_error("pool", "something did not end in time");
	log_stop();
	_exit(0);
}

void service_fini(struct service *service)
{
	server_free(service->server);
	assemble_fini(&service->assembly);
}
