/* SPDX-License-Identifier: ISC */
/*
 * The loop: one thread, one per process. What others see of libuv.
 *
 * Callbacks of watches, timers, jobs and lookups come from loop_run() only,
 * never from inside the call that started them. They record what happened
 * and mark work; the callbacks of loop_on_pass() run once per pass after all
 * of them, which is where run queues are drained, so that what one pass
 * brings leaves in one write.
 */
#ifndef LEAT_IO_LOOP_H
#define LEAT_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;

struct loop *loop_new(void);
/* Every watch, timer, job and lookup must be closed or done before. NULL is
 * fine. */
void loop_free(struct loop *loop);
/* Until loop_stop(). The first pass comes at once. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Milliseconds of this pass; monotonic, cheap. */
uint64_t loop_now_ms(const struct loop *loop);
/* A clock that answers with the pass's time. */
const struct clock *loop_clock(const struct loop *loop);
/* Called once per pass after all callbacks, in the order added; at most 4. */
void loop_on_pass(struct loop *loop, void (*callback)(void *state),
		  void *state);
/* The next pass comes at once, without waiting for an event: for a pass
 * callback that left work for later. */
void loop_again(struct loop *loop);
/* A busy loop rests between two passes, to serve several frames in one; after
 * this it does not rest before the next pass. For what somebody waits for at
 * the beginning of an answer. */
void loop_hurry(struct loop *loop);
/* Passes that took more than 50 ms since the start. */
uint64_t loop_slow_passes(const struct loop *loop);

/* Timers are embedded in their owner and must be stopped before its memory
 * goes. Starting a running timer moves it; one that is due when it starts
 * rings in the next pass. They live in the loop's own heap:
 * one costs no handle. */
struct timer {
	struct loop *loop;
	void (*on_timer)(void *state);
	void *state;
	uint64_t due_ms;
	uint32_t started; /* number of its start, among all */
	uint32_t place;	  /* 0: not running */
};

void timer_init(struct timer *timer, struct loop *loop,
		void (*on_timer)(void *state), void *state);
void timer_start(struct timer *timer, uint64_t delay_ms);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

/* Watching a descriptor. It becomes non-blocking, stays its owner's, and
 * must stay open until watch_close(). WATCH_GONE (the peer went away, or an
 * error) is reported while anything is asked for. A peer that only stopped
 * writing counts as gone, but for WATCH_HANGUP, which is not asked for with
 * READ or GONE: then it must have closed altogether, or be unable to read. */
enum watch_events {
	WATCH_READ = 1,
	WATCH_WRITE = 2,
	WATCH_GONE = 4,
	WATCH_HANGUP = 8
};

struct watch;

/* NULL: nothing is ever to be waited for with this descriptor (a regular
 * file, /dev/null). */
struct watch *watch_open(struct loop *loop, int fd,
			 void (*on_ready)(void *state, unsigned events),
			 void *state);
void watch_set(struct watch *watch, unsigned events); /* 0: nothing */
/* No callback comes after this; the descriptor may be closed at once. NULL
 * is fine. */
void watch_close(struct watch *watch);

/* Signals as loop callbacks. At most 8; they live as long as the loop. */
void loop_on_signal(struct loop *loop, int signal_number,
		    void (*callback)(void *state, int signal_number),
		    void *state);

/* Jobs run on a thread of the pool. Each kind has a bounded queue; beyond it,
 * and where no thread can be started, job_start() returns NULL. work() may
 * touch only `state`; on_done comes from the loop, exactly once. A job cannot
 * be interrupted: who no longer wants it says so in `state` by a means of its
 * own. */
enum job_kind { JOB_SEARCH, JOB_FILE, JOB_PARSE, JOB_KINDS };

struct job;
struct job *job_start(struct loop *loop, enum job_kind kind,
		      void (*work)(void *state), void (*on_done)(void *state),
		      void *state);

/* How many wait, run or have not been reported. */
unsigned loop_jobs(const struct loop *loop);

/* Looks a name up off the loop (getaddrinfo). on_done comes once, unless
 * lookup_cancel() was called first: then never. status is 0 or an error for
 * loop_strerror(); addresses are numeric, IPv6 without brackets. */
enum { LOOKUP_MAX = 8, LOOKUP_ADDRESS_SIZE = 64 };
struct lookup;
typedef void lookup_done(void *state, int status,
			 char (*addresses)[LOOKUP_ADDRESS_SIZE], int count);
/* NULL: the name cannot be looked up at all (too long, not a name, or there is
 * no thread for it). */
struct lookup *lookup_start(struct loop *loop, const char *host,
			    lookup_done *on_done, void *state);
void lookup_cancel(struct lookup *lookup);
/* How many the system is still busy with, cancelled ones too. Until each has
 * ended (many seconds, when no name server answers) neither loop_free() nor
 * exit(3) returns; who cannot wait takes _exit(2). */
unsigned loop_lookups(const struct loop *loop);
const char *loop_strerror(int status);

#endif
