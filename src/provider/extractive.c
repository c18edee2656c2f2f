/* SPDX-License-Identifier: ISC */
#include "provider/extractive.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "core/quoter.h"
#include "io/loop.h"

static const char model_name[] = "extractive";
static const char intro_direct[] = "From this site's documents:\n\n";
static const char intro_closest[] =
    "The documents of this site do not answer this directly. The closest "
    "passages are:\n\n";
static const char outro[] = "\n\nQuoted from this site; no AI model was used.";
static const char nothing[] =
    "Nothing in the documents of this site fits this question.";
static const char nothing_outro[] =
    " Other words may find more. No AI model was used.";

static const char not_searched[] =
    "The documents of this site were not searched for this question, so there "
    "is nothing to quote. No AI model was used.";

struct extractive {
	struct provider base;
	struct loop *loop;
	struct quoter *quoter;
	char *name;
};

struct extractive_call {
	struct extractive *extractive;
	const struct ask *ask;
	const struct provider_sink *sink;
	struct timer timer;
	struct arena arena;
	struct buffer text;
	bool is_cancelled;
	bool is_stopped; /* the sink wants no more */
};

static void say(struct extractive_call *call, struct slice text)
{
	struct event event = {.type = EVENT_CONTENT, .text = text};

	if (text.len == 0 || call->is_cancelled || call->is_stopped)
		return;
	if (!call->sink->on_event(call->sink->state, &event))
		call->is_stopped = true;
}

/* A sentence with its mark, which stands after the last of those that
 * follow each other in one passage. */
static void say_quote(struct extractive_call *call,
		      const struct quotation *quotation, size_t i)
{
	const struct quote *quote = &quotation->quotes[i];
	const struct quote *before = i ? quote - 1 : NULL;
	const struct quote *after = i + 1 < quotation->count ? quote + 1 : NULL;

	buffer_clear(&call->text);
	if (before && before->passage != quote->passage)
		buffer_append_string(&call->text, "\n\n");
	else if (before && (quote->is_block || before->is_block))
		buffer_append_string(&call->text, "\n");
	else if (before)
		buffer_append_char(&call->text, ' ');
	buffer_append_slice(&call->text, quote->text);
	if (!after || after->passage != quote->passage)
		buffer_printf(&call->text, "%s[%zu]",
			      quote->is_block ? "\n" : " ", quote->passage + 1);
	say(call, buffer_slice(&call->text));
}

static void say_nothing(struct extractive_call *call,
			const struct quotation *quotation)
{
	buffer_append_string(&call->text, nothing);
	if (quotation->search_words.len) {
		buffer_append_string(&call->text, " Looked for: ");
		buffer_append_slice(&call->text, quotation->search_words);
		buffer_append_char(&call->text, '.');
	}
	buffer_append_string(&call->text, nothing_outro);
	say(call, buffer_slice(&call->text));
}

static void answer(struct extractive_call *call)
{
	struct quoter *quoter = call->extractive->quoter;
	struct quotation quotation;

	if (!call->ask->was_searched) {
		say(call, slice_of(not_searched));
		return;
	}
	memset(&quotation, 0, sizeof quotation);
	quoter->quote(quoter, call->ask, &call->arena, &quotation);
	if (quotation.confidence == QUOTE_NOTHING || quotation.count == 0) {
		say_nothing(call, &quotation);
		return;
	}
	say(call,
	    slice_of(quotation.confidence == QUOTE_DIRECT ? intro_direct
							  : intro_closest));
	for (size_t i = 0; i < quotation.count; i++)
		say_quote(call, &quotation, i);
	say(call, slice_of(outro));
}

static void on_timer(void *state)
{
	struct extractive_call *call = state;
	struct provider_ending ending = {
	    .reason = FINISH_STOP,
	    .model = slice_of(model_name),
	    .provider = slice_of(call->extractive->name),
	    .is_extractive = true,
	};

	if (!call->is_cancelled)
		answer(call);
	ending.is_ok = !call->is_cancelled && !call->is_stopped;
	if (!ending.is_ok)
		fault_set(&ending.fault, ERROR_CANCELLED, "cancelled");
	call->sink->on_end(call->sink->state, &ending);
	arena_fini(&call->arena);
	buffer_fini(&call->text);
	memory_free(call);
}

static struct provider_call *extractive_start(struct provider *provider,
					      const struct ask *ask,
					      struct slice model,
					      const struct provider_sink *sink)
{
	struct extractive *extractive = (struct extractive *)provider;
	struct extractive_call *call = memory_zalloc(sizeof *call);

	(void)model;
	call->extractive = extractive;
	call->ask = ask;
	call->sink = sink;
	arena_init(&call->arena);
	buffer_init(&call->text, BUFFER_UNLIMITED);
	timer_init(&call->timer, extractive->loop, on_timer, call);
	timer_start(&call->timer, 0);
	return (struct provider_call *)call;
}

static void extractive_cancel(struct provider_call *provider_call)
{
	((struct extractive_call *)provider_call)->is_cancelled = true;
}

static bool extractive_allows_model(const struct provider *provider,
				    struct slice model)
{
	(void)provider;
	return model.len == 0 || slice_is(model, model_name);
}

static void extractive_free(struct provider *provider)
{
	struct extractive *extractive = (struct extractive *)provider;

	memory_free(extractive->name);
	memory_free(extractive);
}

static const struct provider_ops extractive_ops = {
    .start = extractive_start,
    .cancel = extractive_cancel,
    .allows_model = extractive_allows_model,
    .free = extractive_free,
};

struct provider *extractive_new(struct loop *loop, struct quoter *quoter,
				const char *name)
{
	struct extractive *extractive = memory_zalloc(sizeof *extractive);

	extractive->loop = loop;
	extractive->quoter = quoter;
	extractive->name = memory_strdup(name);
	extractive->base.ops = &extractive_ops;
	extractive->base.name = extractive->name;
	extractive->base.model = model_name;
	return &extractive->base;
}
