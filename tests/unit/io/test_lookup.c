/* SPDX-License-Identifier: ISC */
/*
 * Names that need no network to be looked up.
 */
#include "io/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop that would wait for ever is ended by SIGALRM, which fails the test
 * program. */
enum { PATIENCE_S = 20, POOL_THREADS = 4 };

struct scene {
	struct loop *loop;
	pthread_mutex_t gate;
	int jobs_done;
	int done;
	int status;
	int count;
	char addresses[LOOKUP_MAX][LOOKUP_ADDRESS_SIZE];
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);

	alarm(PATIENCE_S);
	scene->loop = loop_new();
	pthread_mutex_init(&scene->gate, NULL);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	loop_free(scene->loop);
	pthread_mutex_destroy(&scene->gate);
	free(scene);
	alarm(0);
	return 0;
}

static void on_found(void *state, int status,
		     char (*addresses)[LOOKUP_ADDRESS_SIZE], int count)
{
	struct scene *scene = state;

	scene->done++;
	scene->status = status;
	scene->count = count;
	memcpy(scene->addresses, addresses,
	       (size_t)count * LOOKUP_ADDRESS_SIZE);
	loop_stop(scene->loop);
}

static void look_up(struct scene *scene, const char *name)
{
	assert_non_null(lookup_start(scene->loop, name, on_found, scene));
	assert_int_equal(scene->done, 0);
	loop_run(scene->loop);
	assert_int_equal(scene->done, 1);
	scene->done = 0;
}

static void addresses_are_found_as_they_are(void **state)
{
	struct scene *scene = *state;

	look_up(scene, "127.0.0.1");
	assert_int_equal(scene->status, 0);
	assert_int_equal(scene->count, 1);
	assert_string_equal(scene->addresses[0], "127.0.0.1");
}

static void the_local_host_is_found(void **state)
{
	struct scene *scene = *state;
	struct addrinfo *known;

	/* A bare container may have no /etc/hosts. */
	if (getaddrinfo("localhost", NULL, NULL, &known) != 0)
		skip();
	freeaddrinfo(known);
	look_up(scene, "localhost");
	assert_int_equal(scene->status, 0);
	assert_in_range(scene->count, 1, LOOKUP_MAX);
	for (int i = 0; i < scene->count; i++)
		assert_true(!strncmp(scene->addresses[i], "127.", 4) ||
			    !strcmp(scene->addresses[i], "::1"));
}

static void what_is_no_name_is_refused_or_not_found(void **state)
{
	struct scene *scene = *state;
	char longest[400];

	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_null(lookup_start(scene->loop, longest, on_found, scene));
	assert_null(lookup_start(scene->loop, NULL, on_found, scene));
	look_up(scene, "no..name");
	assert_true(scene->status < 0);
	assert_int_equal(scene->count, 0);
	assert_true(strlen(loop_strerror(scene->status)) > 0);
}

static void a_cancelled_lookup_is_never_heard_of(void **state)
{
	struct scene *scene = *state;

	lookup_cancel(NULL);
	for (int i = 0; i < 3; i++)
		lookup_cancel(
		    lookup_start(scene->loop, "localhost", on_found, scene));
	look_up(scene, "127.0.0.1");
}

static void wait_at_the_gate(void *state)
{
	struct scene *scene = state;

	pthread_mutex_lock(&scene->gate);
	pthread_mutex_unlock(&scene->gate);
}

static void on_job_done(void *state)
{
	struct scene *scene = state;

	if (++scene->jobs_done == POOL_THREADS)
		loop_stop(scene->loop);
}

static void one_that_waits_for_a_thread_can_be_cancelled(void **state)
{
	struct scene *scene = *state;

	pthread_mutex_lock(&scene->gate);
	for (int i = 0; i < POOL_THREADS; i++)
		job_start(scene->loop, JOB_FILE, wait_at_the_gate, on_job_done,
			  scene);
	lookup_cancel(lookup_start(scene->loop, "localhost", on_found, scene));
	pthread_mutex_unlock(&scene->gate);
	loop_run(scene->loop);
	assert_int_equal(scene->jobs_done, POOL_THREADS);
	assert_int_equal(scene->done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(addresses_are_found_as_they_are),
	    TEST(the_local_host_is_found),
	    TEST(what_is_no_name_is_refused_or_not_found),
	    TEST(a_cancelled_lookup_is_never_heard_of),
	    TEST(one_that_waits_for_a_thread_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
