/* SPDX-License-Identifier: ISC */
/*
 * A provider: who answers. A model API, the built-in extractive one, or a
 * provider that wraps others (fallback; later cache, retry, parallel). The
 * turn knows only this header.
 *
 * A call emits events (status, content, reasoning, tool_call) through its
 * sink and ends with exactly one on_end; both come from the loop, never from
 * inside start() or cancel(). After cancel() nothing more is emitted, but
 * on_end still comes (ERROR_CANCELLED) when everything pending has reported;
 * only then may the ask's memory go. final and error events are the turn's:
 * a call reports an ending, the turn makes the event.
 */
#ifndef LEAT_CORE_PROVIDER_H
#define LEAT_CORE_PROVIDER_H

#include "base/error.h"
#include "core/ask.h"
#include "core/event.h"

struct provider;
struct provider_call;

struct provider_ending {
	bool is_ok;
	struct fault fault; /* when !is_ok */
	enum finish_reason reason;
	struct slice reason_raw; /* slices are borrowed for the callback */
	struct slice model;	 /* what the provider says it was */
	struct slice provider;	 /* the configured name */
	struct usage usage;
	bool is_extractive;
};

struct provider_sink {
	/* False: a cap is reached or the turn ends; the call emits no more
	 * (the turn will cancel it). */
	bool (*on_event)(void *state, const struct event *event);
	void (*on_end)(void *state, const struct provider_ending *ending);
	void *state;
};

struct provider_ops {
	/* Never NULL: what cannot start ends by on_end. `model` is empty for
	 * the provider's own. ask and *sink live until on_end. */
	struct provider_call *(*start)(struct provider *provider,
				       const struct ask *ask,
				       struct slice model,
				       const struct provider_sink *sink);
	void (*cancel)(struct provider_call *call);
	/* May a client ask for this model? */
	bool (*allows_model)(const struct provider *provider,
			     struct slice model);
	void (*free)(struct provider *provider); /* no call is running */
};

/* Embedded first in every concrete provider. */
struct provider {
	const struct provider_ops *ops;
	const char *name;  /* as configured; owned by the concrete one */
	const char *model; /* default model, "" when it has none */
};

#endif
