/* SPDX-License-Identifier: ISC */
#include "context/site_retriever.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "context/reader_pool.h"
#include "context/site_search.h"
#include "context/word_weights.h"
#include "io/loop.h"

enum {
	LOOK_EVERY_MS = 1000,
	DEFAULT_PASSAGES = 6,
	DEFAULT_CHARACTERS = 6000,
	/* The most that the options and the interface allow. */
	PASSAGES_MAX = 50,
	CHARACTERS_MAX = 200000
};

struct site_retriever {
	struct retriever base;
	struct loop *loop;
	struct word_weights *weights;
	struct reader_pool *pool;
	int max_passages;
	int max_characters;
	uint64_t look_every_ms;
	uint64_t looked_ms;
	bool has_looked;
	bool knows_size;
	long passages; /* -1: there is no index, and why: */
	struct fault why;
};

/* One search. The pool's thread reads `ask`, `pool` and `cancelled`, and
 * writes what stands below them; the loop touches that only afterwards. */
struct retrieval {
	struct site_retriever *retriever;
	struct retrieval_ask ask;
	struct reader_pool *pool;
	atomic_bool cancelled;
	struct arena found; /* owns the result until it is copied */
	struct site_search_result result;
	bool is_ok;
	struct fault fault;
	/* The loop's alone. */
	struct arena *arena;
	retrieval_done *on_done;
	void *state;
	struct timer refused; /* no room for the job: tells it later */
};

static int limit(int asked, int configured, int most)
{
	int value = asked > 0 ? asked : configured;

	return value < most ? value : most;
}

static void look(struct site_retriever *retriever)
{
	uint64_t now = loop_now_ms(retriever->loop);

	if (retriever->has_looked &&
	    now - retriever->looked_ms < retriever->look_every_ms)
		return;
	retriever->has_looked = true;
	retriever->looked_ms = now;
	if (reader_pool_look(retriever->pool))
		retriever->knows_size = false;
}

/* On a thread of the pool. */
static void search(void *state)
{
	struct retrieval *retrieval = state;
	struct pooled_reader *pooled;

	if (atomic_load(&retrieval->cancelled))
		return;
	pooled = reader_pool_take(retrieval->pool, &retrieval->fault);
	if (!pooled)
		return;
	index_reader_watch(pooled->reader, &retrieval->cancelled);
	retrieval->is_ok =
	    site_search_run(&(struct site_search){.reader = pooled->reader,
						  .analysis = pooled->analysis,
						  .ask = &retrieval->ask,
						  .arena = &retrieval->found},
			    &retrieval->result, &retrieval->fault);
	index_reader_watch(pooled->reader, NULL);
	reader_pool_give(retrieval->pool, pooled);
}

static struct passage *copy_passages(struct retrieval *retrieval)
{
	const struct site_search_result *result = &retrieval->result;
	struct arena *arena = retrieval->arena;
	struct passage *passages =
	    arena_alloc(arena, (result->count + 1) * sizeof(*passages));

	for (size_t i = 0; i < result->count; i++) {
		const struct passage *from = &result->passages[i];

		passages[i] = *from;
		passages[i].text = arena_copy(arena, from->text);
		passages[i].title = arena_copy(arena, from->title);
		passages[i].heading = arena_copy(arena, from->heading);
		passages[i].url = arena_copy(arena, from->url);
		passages[i].language = arena_copy(arena, from->language);
	}
	return passages;
}

static void finish(struct retrieval *retrieval)
{
	struct word_weights *weights = retrieval->retriever->weights;
	struct retrieval_result result = {.is_ok = retrieval->is_ok,
					  .fault = retrieval->fault};

	if (atomic_load(&retrieval->cancelled)) {
		result.is_ok = false;
		fault_set(&result.fault, ERROR_CANCELLED,
			  "the search was cancelled");
	}
	if (result.is_ok) {
		result.passages = copy_passages(retrieval);
		result.passage_count = retrieval->result.count;
		for (size_t i = 0; weights && i < retrieval->result.word_count;
		     i++)
			word_weights_put(weights,
					 retrieval->result.words[i].token,
					 retrieval->result.words[i].idf);
	}
	retrieval->on_done(retrieval->state, &result);
	arena_fini(&retrieval->found);
	memory_free(retrieval);
}

static void on_searched(void *state)
{
	finish(state);
}

static void on_refused(void *state)
{
	struct retrieval *retrieval = state;

	fault_set_hint(&retrieval->fault, ERROR_CONTEXT_FAILED,
		       "Too many searches are running.");
	finish(retrieval);
}

static struct retrieval *start(struct retriever *base,
			       const struct retrieval_ask *ask,
			       struct arena *arena, retrieval_done *on_done,
			       void *state)
{
	struct site_retriever *retriever = (struct site_retriever *)base;
	struct retrieval *retrieval = memory_zalloc(sizeof(*retrieval));

	look(retriever);
	retrieval->retriever = retriever;
	retrieval->pool = retriever->pool;
	retrieval->ask = *ask;
	retrieval->ask.max_passages =
	    limit(ask->max_passages, retriever->max_passages, PASSAGES_MAX);
	retrieval->ask.max_characters = limit(
	    ask->max_characters, retriever->max_characters, CHARACTERS_MAX);
	atomic_init(&retrieval->cancelled, false);
	arena_init(&retrieval->found);
	retrieval->arena = arena;
	retrieval->on_done = on_done;
	retrieval->state = state;
	timer_init(&retrieval->refused, retriever->loop, on_refused, retrieval);
	if (!job_start(retriever->loop, JOB_SEARCH, search, on_searched,
		       retrieval))
		timer_start(&retrieval->refused, 0);
	return retrieval;
}

static void cancel(struct retrieval *retrieval)
{
	atomic_store(&retrieval->cancelled, true);
}

static long size(struct retriever *base, const char **why)
{
	struct site_retriever *retriever = (struct site_retriever *)base;
	struct pooled_reader *pooled;

	look(retriever);
	if (!retriever->knows_size) {
		memset(&retriever->why, 0, sizeof(retriever->why));
		pooled = reader_pool_take(retriever->pool, &retriever->why);
		retriever->passages =
		    pooled ? index_reader_passages(pooled->reader) : -1;
		if (pooled)
			reader_pool_give(retriever->pool, pooled);
		retriever->knows_size = true;
	}
	if (why)
		*why = retriever->passages < 0 ? retriever->why.hint : NULL;
	return retriever->passages;
}

static void free_retriever(struct retriever *base)
{
	struct site_retriever *retriever = (struct site_retriever *)base;

	if (!retriever)
		return;
	reader_pool_free(retriever->pool);
	memory_free(retriever);
}

static const struct retriever_ops site_retriever_ops = {
    .start = start,
    .cancel = cancel,
    .size = size,
    .free = free_retriever,
};

struct retriever *site_retriever_new(
    struct loop *loop, const struct site_retriever_options *options)
{
	struct site_retriever *retriever = memory_zalloc(sizeof(*retriever));

	retriever->base.ops = &site_retriever_ops;
	retriever->loop = loop;
	retriever->weights = options->weights;
	retriever->max_passages =
	    limit(options->max_passages, DEFAULT_PASSAGES, PASSAGES_MAX);
	retriever->max_characters =
	    limit(options->max_characters, DEFAULT_CHARACTERS, CHARACTERS_MAX);
	retriever->look_every_ms = options->look_every_ms > 0
				       ? (uint64_t)options->look_every_ms
				       : LOOK_EVERY_MS;
	retriever->pool = reader_pool_new(options->path);
	return &retriever->base;
}
