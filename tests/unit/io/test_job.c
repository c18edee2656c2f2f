/* SPDX-License-Identifier: ISC */
#include "io/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop that would wait for ever is ended by SIGALRM, which fails the test
 * program. */
enum { PATIENCE_S = 20, FILE_JOBS = 64, JOBS_MAX = 1000, NOBODY = 65534 };

struct scene {
	struct loop *loop;
	pthread_t thread; /* the loop's */
	pthread_mutex_t gate;
	atomic_int worked;
	int done;
	int expected; /* the loop stops when so many are done */
	bool starts_another;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);

	alarm(PATIENCE_S);
	scene->loop = loop_new();
	scene->thread = pthread_self();
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

/* Waits until the gate is open. */
static void work(void *state)
{
	struct scene *scene = state;

	assert_false(pthread_equal(pthread_self(), scene->thread));
	pthread_mutex_lock(&scene->gate);
	pthread_mutex_unlock(&scene->gate);
	scene->worked++;
}

static void on_done(void *state)
{
	struct scene *scene = state;

	assert_true(pthread_equal(pthread_self(), scene->thread));
	assert_true(scene->worked > scene->done);
	if (++scene->done == scene->expected)
		loop_stop(scene->loop);
	if (scene->starts_another) {
		scene->starts_another = false;
		assert_non_null(
		    job_start(scene->loop, JOB_FILE, work, on_done, scene));
	}
}

static bool start(struct scene *scene, enum job_kind kind)
{
	return job_start(scene->loop, kind, work, on_done, scene) != NULL;
}

static void work_is_done_on_another_thread_and_reported_on_the_loops(
    void **state)
{
	struct scene *scene = *state;

	scene->expected = 3;
	for (enum job_kind kind = 0; kind < JOB_KINDS; kind++)
		assert_true(start(scene, kind));
	assert_int_equal(scene->done, 0);
	assert_int_equal(loop_jobs(scene->loop), 3);
	loop_run(scene->loop);
	assert_int_equal(scene->done, 3);
	assert_int_equal(scene->worked, 3);
	assert_int_equal(loop_jobs(scene->loop), 0);
}

static void a_kind_has_a_bound_of_its_own(void **state)
{
	struct scene *scene = *state;
	int searches = 0;

	pthread_mutex_lock(&scene->gate);
	for (int i = 0; i < FILE_JOBS; i++)
		assert_true(start(scene, JOB_FILE));
	assert_false(start(scene, JOB_FILE));
	assert_false(start(scene, JOB_FILE));
	while (searches < JOBS_MAX && start(scene, JOB_SEARCH))
		searches++;
	assert_int_equal(searches, 256);
	assert_true(start(scene, JOB_PARSE));
	pthread_mutex_unlock(&scene->gate);
	scene->expected = FILE_JOBS + searches + 1;
	loop_run(scene->loop);
	assert_int_equal(scene->done, scene->expected);
	/* There is room again. */
	scene->expected++;
	assert_true(start(scene, JOB_FILE));
	loop_run(scene->loop);
	assert_int_equal(scene->done, scene->expected);
}

static void who_was_last_refused_may_start_when_one_is_done(void **state)
{
	struct scene *scene = *state;

	pthread_mutex_lock(&scene->gate);
	for (int i = 0; i < FILE_JOBS; i++)
		assert_true(start(scene, JOB_FILE));
	assert_false(start(scene, JOB_FILE));
	scene->starts_another = true;
	scene->expected = FILE_JOBS + 1;
	pthread_mutex_unlock(&scene->gate);
	loop_run(scene->loop);
	assert_int_equal(scene->done, FILE_JOBS + 1);
}

/* In a process of its own, which may start no other and no thread. */
static int start_without_threads(struct scene *scene)
{
	const struct rlimit none = {0, 0};
	struct loop *loop = loop_new();

	/* Root may start as many as it likes. */
	if (geteuid() == 0 && setuid(NOBODY))
		return 1;
	if (setrlimit(RLIMIT_NPROC, &none))
		return 2;
	if (job_start(loop, JOB_SEARCH, work, on_done, scene))
		return 3;
	return lookup_start(loop, "localhost", NULL, NULL) ? 4 : 0;
}

static void without_threads_a_job_is_refused(void **state)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(start_without_threads(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(work_is_done_on_another_thread_and_reported_on_the_loops),
	    TEST(a_kind_has_a_bound_of_its_own),
	    TEST(who_was_last_refused_may_start_when_one_is_done),
	    TEST(without_threads_a_job_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
