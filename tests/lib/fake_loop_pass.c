/* SPDX-License-Identifier: ISC */
/*
 * Passes of the fake loop: what descriptors and jobs bring.
 */
#include "fake_loop_private.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

/* Far more than any test has work for. */
enum { SETTLE_MAX = 100000 };

struct watch {
	struct loop *loop;
	int fd;
	void (*on_ready)(void *state, unsigned events);
	void *state;
	unsigned events;
};

struct watch *watch_open(struct loop *loop, int fd,
			 void (*on_ready)(void *state, unsigned events),
			 void *state)
{
	struct watch *watch = memory_zalloc(sizeof *watch);
	unsigned place = 0;

	while (place < loop->watch_count && loop->watches[place])
		place++;
	assert_true(place < WATCHES_MAX);
	if (place == loop->watch_count)
		loop->watch_count++;
	loop->watches[place] = watch;
	watch->loop = loop;
	watch->fd = fd;
	watch->on_ready = on_ready;
	watch->state = state;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return watch;
}

void watch_set(struct watch *watch, unsigned events)
{
	watch->events = events;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	for (unsigned i = 0; i < watch->loop->watch_count; i++)
		if (watch->loop->watches[i] == watch)
			watch->loop->watches[i] = NULL;
	memory_free(watch);
}

struct job *job_start(struct loop *loop, enum job_kind kind,
		      void (*work)(void *state), void (*on_done)(void *state),
		      void *state)
{
	struct fake_job *job = &loop->jobs[loop->job_count];

	(void)kind;
	if (loop->job_count >= loop->jobs_max)
		return NULL;
	loop->job_count++;
	*job = (struct fake_job){work, on_done, state};
	return (struct job *)job;
}

void fake_loop_hold_jobs(struct loop *loop, bool holds)
{
	loop->holds_jobs = holds;
}

void fake_loop_limit_jobs(struct loop *loop, unsigned max)
{
	loop->jobs_max = max;
}

void loop_on_pass(struct loop *loop, void (*callback)(void *state), void *state)
{
	assert_true(loop->pass_count < PASSES_MAX);
	loop->passes[loop->pass_count].callback = callback;
	loop->passes[loop->pass_count].state = state;
	loop->pass_count++;
}

void loop_hurry(struct loop *loop)
{
	(void)loop;
}

void loop_again(struct loop *loop)
{
	loop->again = true;
}

/* As src/io/watch.c reports them; 0: nothing that is asked for. */
static unsigned events_of(const struct watch *watch)
{
	struct pollfd entry = {.fd = watch->fd};
	unsigned events = 0;

	if (watch->events == 0)
		return 0;
	if (!(watch->events & WATCH_HANGUP))
		entry.events |= POLLRDHUP;
	if (watch->events & WATCH_READ)
		entry.events |= POLLIN;
	if (watch->events & WATCH_WRITE)
		entry.events |= POLLOUT;
	if (poll(&entry, 1, 0) <= 0)
		return 0;
	if (entry.revents & POLLERR)
		return WATCH_GONE;
	if (entry.revents & POLLIN)
		events |= WATCH_READ;
	if (entry.revents & POLLOUT)
		events |= WATCH_WRITE;
	if (entry.revents & (POLLRDHUP | POLLHUP))
		events |= WATCH_GONE;
	return events;
}

static bool run_watches(struct loop *loop)
{
	bool is_busy = false;

	for (unsigned i = 0; i < loop->watch_count; i++) {
		struct watch *watch = loop->watches[i];
		unsigned events = watch ? events_of(watch) : 0;

		if (events == 0)
			continue;
		watch->on_ready(watch->state, events);
		is_busy = true;
	}
	return is_busy;
}

static bool run_jobs(struct loop *loop)
{
	struct fake_job job;

	if (loop->holds_jobs || loop->job_count == 0)
		return false;
	job = loop->jobs[0];
	loop->job_count--;
	memmove(&loop->jobs[0], &loop->jobs[1],
		loop->job_count * sizeof loop->jobs[0]);
	job.work(job.state);
	job.on_done(job.state);
	return true;
}

void fake_loop_settle(struct loop *loop)
{
	bool is_busy = true;

	for (int i = 0; is_busy; i++) {
		if (i == SETTLE_MAX)
			fail_msg("the loop spins");
		is_busy = run_watches(loop);
		is_busy |= run_jobs(loop);
		is_busy |= fake_loop_run_due(loop);
		is_busy |= loop->again;
		loop->again = false;
		for (unsigned j = 0; j < loop->pass_count; j++)
			loop->passes[j].callback(loop->passes[j].state);
		is_busy |= loop->again;
	}
}
