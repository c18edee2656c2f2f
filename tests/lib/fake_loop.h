/* SPDX-License-Identifier: ISC */
/*
 * A loop of virtual time, in the place of src/io/loop.c and its friends: a
 * test that is linked with it turns the clock by hand. Nothing of libuv;
 * nothing ever waits.
 */
#ifndef LEAT_TESTS_FAKE_LOOP_H
#define LEAT_TESTS_FAKE_LOOP_H

#include "io/loop.h"

struct loop *fake_loop_new(void);
/* Fails when a timer, watch, job or lookup is still there. */
void fake_loop_free(struct loop *loop);
/* Runs timers as they come due, in order, until so much time has passed;
 * settles before the first and after each. */
void fake_loop_advance(struct loop *loop, uint64_t ms);
/* Passes until nothing is left to do now; fails when that never comes. */
void fake_loop_settle(struct loop *loop);

/* Jobs run while settling, unless they are held, and at most so many wait. */
void fake_loop_hold_jobs(struct loop *loop, bool holds);
void fake_loop_limit_jobs(struct loop *loop, unsigned max);

/* Lookups: how many were started, and the answer to the oldest open one. */
unsigned fake_loop_lookups(const struct loop *loop);
void fake_loop_answer(struct loop *loop, int status, const char *address);

#endif
