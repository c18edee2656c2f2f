/* SPDX-License-Identifier: ISC */
/*
 * A loop of virtual time, in the place of src/io/loop.c and its friends: a
 * test that is linked with it turns the clock by hand. Timers and lookups
 * only; nothing of libuv.
 */
#ifndef LEAT_TESTS_FAKE_LOOP_H
#define LEAT_TESTS_FAKE_LOOP_H

#include "io/loop.h"

struct loop *fake_loop_new(void);
void fake_loop_free(struct loop *loop); /* fails when a timer still runs */
/* Runs timers as they come due, in order, until so much time has passed. */
void fake_loop_advance(struct loop *loop, uint64_t ms);

/* Lookups: how many were started, and the answer to the oldest open one. */
unsigned fake_loop_lookups(const struct loop *loop);
void fake_loop_answer(struct loop *loop, int status, const char *address);

#endif
