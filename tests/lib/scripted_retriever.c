/* SPDX-License-Identifier: ISC */
#include "scripted_retriever.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct retrieval *start(struct retriever *base,
			       const struct retrieval_ask *ask,
			       struct arena *arena, retrieval_done *on_done,
			       void *state)
{
	struct scripted_retriever *retriever =
	    (struct scripted_retriever *)base;

	assert_false(retriever->is_pending);
	retriever->starts++;
	retriever->is_pending = true;
	retriever->ask = ask;
	retriever->arena = arena;
	retriever->on_done = on_done;
	retriever->state = state;
	return (struct retrieval *)retriever;
}

static void cancel(struct retrieval *retrieval)
{
	struct scripted_retriever *retriever =
	    (struct scripted_retriever *)retrieval;

	assert_true(retriever->is_pending);
	retriever->cancels++;
}

static long size(struct retriever *base, const char **why)
{
	struct scripted_retriever *retriever =
	    (struct scripted_retriever *)base;

	if (why)
		*why = retriever->why;
	return retriever->passage_count;
}

static void release(struct retriever *base)
{
	(void)base;
}

static const struct retriever_ops ops = {start, cancel, size, release};

void scripted_retriever_init(struct scripted_retriever *retriever)
{
	memset(retriever, 0, sizeof *retriever);
	retriever->base.ops = &ops;
	retriever->passage_count = 3214;
}

static void finish(struct scripted_retriever *retriever,
		   const struct retrieval_result *result)
{
	assert_true(retriever->is_pending);
	retriever->is_pending = false;
	retriever->on_done(retriever->state, result);
}

void scripted_retriever_find(struct scripted_retriever *retriever, size_t count)
{
	struct retrieval_result result = {.is_ok = true,
					  .passage_count = count};

	result.passages =
	    arena_alloc(retriever->arena, (count + 1) * sizeof(struct passage));
	for (size_t i = 0; i < count; i++) {
		struct passage *passage = &result.passages[i];

		memset(passage, 0, sizeof *passage);
		passage->text =
		    slice_of(arena_printf(retriever->arena, "text %zu", i + 1));
		passage->title = slice_of(
		    arena_printf(retriever->arena, "title %zu", i + 1));
		passage->url =
		    slice_of(arena_printf(retriever->arena, "/%zu", i + 1));
		passage->score = 1.0 / (double)(i + 1);
	}
	finish(retriever, &result);
}

void scripted_retriever_fail(struct scripted_retriever *retriever,
			     enum error_code code, const char *hint)
{
	struct retrieval_result result = {.is_ok = false};

	fault_set_hint(&result.fault, code, "%s", hint);
	finish(retriever, &result);
}
