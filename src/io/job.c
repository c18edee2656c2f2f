/* SPDX-License-Identifier: ISC */
#include "io/loop_private.h"

#include "base/memory.h"

/* How many of a kind may wait or run at once. */
static const unsigned job_limits[JOB_KINDS] = {
    [JOB_SEARCH] = 256,
    [JOB_FILE] = 64,
    [JOB_PARSE] = 256,
};

struct job {
	uv_work_t request;
	struct loop *loop;
	enum job_kind kind;
	void (*work)(void *state);
	void (*on_done)(void *state);
	void *state;
};

static void run(uv_work_t *request)
{
	struct job *job = request->data;

	job->work(job->state);
}

static void on_finished(uv_work_t *request, int status)
{
	struct job *job = request->data;

	(void)status;
	job->loop->job_counts[job->kind]--;
	job->on_done(job->state);
	memory_free(job);
}

static void do_nothing(void *unused)
{
	(void)unused;
}

bool job_can_run(struct loop *loop)
{
	uv_thread_t thread;

	if (!loop->has_threads &&
	    uv_thread_create(&thread, do_nothing, NULL) == 0)
		loop->has_threads = uv_thread_join(&thread) == 0;
	return loop->has_threads;
}

struct job *job_start(struct loop *loop, enum job_kind kind,
		      void (*work)(void *state), void (*on_done)(void *state),
		      void *state)
{
	struct job *job;

	if (loop->job_counts[kind] >= job_limits[kind] || !job_can_run(loop))
		return NULL;
	job = memory_zalloc(sizeof *job);
	job->request.data = job;
	job->loop = loop;
	job->kind = kind;
	job->work = work;
	job->on_done = on_done;
	job->state = state;
	if (uv_queue_work(&loop->uv, &job->request, run, on_finished) != 0) {
		memory_free(job);
		return NULL;
	}
	loop->job_counts[kind]++;
	return job;
}
