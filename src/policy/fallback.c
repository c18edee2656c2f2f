/* SPDX-License-Identifier: ISC */
#include "policy/fallback.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

struct fallback {
	struct provider base;
	struct provider **providers;
	size_t count;
};

struct fallback_call {
	struct fallback *fallback;
	const struct ask *ask;
	const struct provider_sink *sink; /* who called us */
	struct provider_sink inner_sink;  /* what the tried one talks to */
	struct provider_call *inner;
	size_t at;   /* which one is tried */
	size_t last; /* the last one to try */
	bool has_begun;
	bool is_cancelled;
};

static void try_provider(struct fallback_call *call, struct slice model)
{
	struct provider *provider = call->fallback->providers[call->at];

	call->inner =
	    provider->ops->start(provider, call->ask, model, &call->inner_sink);
}

static bool tell(struct fallback_call *call, enum status_state state,
		 const char *name, const char *words)
{
	char text[256];
	struct event event = {
	    .type = EVENT_STATUS,
	    .status = {.step = STEP_MODEL, .state = state, .progress = -1},
	};

	snprintf(text, sizeof text, "%s%s", name, words);
	event.status.description = slice_of(text);
	return call->sink->on_event(call->sink->state, &event) &&
	       !call->is_cancelled;
}

static bool tell_next(struct fallback_call *call, const struct fault *fault)
{
	const struct provider *failed = call->fallback->providers[call->at];
	const struct provider *next = call->fallback->providers[call->at + 1];
	char words[200];

	log_warn("model", "turn=%.*s %s failed: %s: %s; trying %s",
		 (int)call->ask->turn_id.len,
		 call->ask->turn_id.len ? call->ask->turn_id.data : "",
		 failed->name, error_name(fault->code), fault->detail,
		 next->name);
	snprintf(words, sizeof words, ": %s", error_sentence(fault->code));
	return tell(call, STATE_FAILED, failed->name, words) &&
	       tell(call, STATE_STARTED, "Trying ", next->name);
}

static bool on_event(void *state, const struct event *event)
{
	struct fallback_call *call = state;

	if (event->type == EVENT_CONTENT || event->type == EVENT_REASONING ||
	    event->type == EVENT_TOOL_CALL)
		call->has_begun = true;
	return call->sink->on_event(call->sink->state, event);
}

static void on_end(void *state, const struct provider_ending *ending)
{
	struct fallback_call *call = state;
	bool is_final = ending->is_ok || call->has_begun ||
			call->is_cancelled || call->at == call->last ||
			ending->fault.code == ERROR_CANCELLED;

	struct provider_ending stopped = *ending;

	call->inner = NULL;
	if (!is_final) {
		if (tell_next(call, &ending->fault)) {
			call->at++;
			try_provider(call, SLICE_NONE);
			return;
		}
		fault_set(&stopped.fault, ERROR_CANCELLED, "cancelled");
	}
	call->sink->on_end(call->sink->state, &stopped);
	memory_free(call);
}

/* The first that offers the model. The caller has asked allows_model(); if
 * none does after all, the first one may say so itself. */
static size_t find_provider(const struct fallback *fallback, struct slice model)
{
	for (size_t i = 0; i < fallback->count; i++) {
		const struct provider *provider = fallback->providers[i];

		if (provider->ops->allows_model(provider, model))
			return i;
	}
	return 0;
}

static struct provider_call *fallback_start(struct provider *provider,
					    const struct ask *ask,
					    struct slice model,
					    const struct provider_sink *sink)
{
	struct fallback *fallback = (struct fallback *)provider;
	struct fallback_call *call = memory_zalloc(sizeof *call);

	call->fallback = fallback;
	call->ask = ask;
	call->sink = sink;
	call->inner_sink = (struct provider_sink){on_event, on_end, call};
	call->last = fallback->count - 1;
	if (model.len)
		call->at = call->last = find_provider(fallback, model);
	try_provider(call, model);
	return (struct provider_call *)call;
}

static void fallback_cancel(struct provider_call *provider_call)
{
	struct fallback_call *call = (struct fallback_call *)provider_call;
	const struct provider *provider = call->fallback->providers[call->at];

	call->is_cancelled = true;
	if (call->inner)
		provider->ops->cancel(call->inner);
}

static bool fallback_allows_model(const struct provider *provider,
				  struct slice model)
{
	const struct fallback *fallback = (const struct fallback *)provider;

	for (size_t i = 0; i < fallback->count; i++) {
		const struct provider *each = fallback->providers[i];

		if (each->ops->allows_model(each, model))
			return true;
	}
	return false;
}

static void fallback_free(struct provider *provider)
{
	struct fallback *fallback = (struct fallback *)provider;

	memory_free(fallback->providers);
	memory_free(fallback);
}

static const struct provider_ops fallback_ops = {
    .start = fallback_start,
    .cancel = fallback_cancel,
    .allows_model = fallback_allows_model,
    .free = fallback_free,
};

struct provider *fallback_new(struct provider *const *providers, size_t count)
{
	struct fallback *fallback = memory_zalloc(sizeof *fallback);

	fallback->base.ops = &fallback_ops;
	fallback->base.name = providers[0]->name;
	fallback->base.model = providers[0]->model;
	fallback->providers = memory_alloc(count * sizeof *fallback->providers);
	memcpy(fallback->providers, providers,
	       count * sizeof *fallback->providers);
	fallback->count = count;
	return &fallback->base;
}
