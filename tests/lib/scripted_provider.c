/* SPDX-License-Identifier: ISC */
#include "scripted_provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct provider_call *start(struct provider *provider,
				   const struct ask *ask, struct slice model,
				   const struct provider_sink *sink)
{
	struct scripted_provider *scripted =
	    (struct scripted_provider *)provider;

	assert_non_null(ask);
	assert_null(scripted->sink);
	scripted->starts++;
	scripted->sink = sink;
	snprintf(scripted->asked_model, sizeof scripted->asked_model, "%.*s",
		 (int)model.len, model.len ? model.data : "");
	return (struct provider_call *)scripted;
}

static void cancel(struct provider_call *call)
{
	((struct scripted_provider *)call)->cancels++;
}

static bool allows_model(const struct provider *provider, struct slice model)
{
	const struct scripted_provider *scripted =
	    (const struct scripted_provider *)provider;

	return model.len == 0 || (scripted->allowed_model &&
				  slice_is(model, scripted->allowed_model));
}

static void release(struct provider *provider)
{
	(void)provider;
}

static const struct provider_ops ops = {start, cancel, allows_model, release};

void scripted_provider_init(struct scripted_provider *provider,
			    const char *name)
{
	memset(provider, 0, sizeof *provider);
	provider->base.ops = &ops;
	provider->base.name = name;
	provider->base.model = "scripted";
}

bool scripted_provider_emit(struct scripted_provider *provider,
			    const struct event *event)
{
	return provider->sink->on_event(provider->sink->state, event);
}

bool scripted_provider_content(struct scripted_provider *provider,
			       const char *text)
{
	struct event event = {.type = EVENT_CONTENT, .text = slice_of(text)};

	return scripted_provider_emit(provider, &event);
}

static void finish(struct scripted_provider *provider, enum error_code code)
{
	const struct provider_sink *sink = provider->sink;
	struct provider_ending ending = {
	    .is_ok = code == ERROR_NONE,
	    .reason = FINISH_STOP,
	    .model = SLICE_LITERAL("scripted"),
	    .provider = slice_of(provider->base.name),
	    .usage = {1, 2, false},
	};

	if (code != ERROR_NONE)
		fault_set(&ending.fault, code, "scripted");
	provider->sink = NULL;
	sink->on_end(sink->state, &ending);
}

void scripted_provider_end(struct scripted_provider *provider)
{
	finish(provider, ERROR_NONE);
}

void scripted_provider_fail(struct scripted_provider *provider,
			    enum error_code code)
{
	finish(provider, code);
}
