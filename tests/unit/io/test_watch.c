/* SPDX-License-Identifier: ISC */
#include "io/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop that would wait for ever is ended by SIGALRM, which fails the test
 * program. */
enum { PATIENCE_S = 20, PASSES = 4 };

struct end {
	struct watch *watch;
	struct watch **closes; /* when it is ready */
	int fd;
	unsigned events; /* all that was reported */
	int count;
	unsigned then; /* what to watch after the first report, or KEEP */
};

#define KEEP 0xFFu

struct scene {
	struct loop *loop;
	struct end a, b;
	int peer_a, peer_b;
	int passes;
};

static void on_pass(void *state)
{
	struct scene *scene = state;

	if (++scene->passes == PASSES)
		loop_stop(scene->loop);
	else
		loop_again(scene->loop);
}

static void on_ready(void *state, unsigned events)
{
	struct end *end = state;

	end->events |= events;
	end->count++;
	if (end->then != KEEP && end->count == 1)
		watch_set(end->watch, end->then);
	if (end->closes) {
		watch_close(*end->closes);
		*end->closes = NULL;
	}
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	int pair[2];

	alarm(PATIENCE_S);
	scene->loop = loop_new();
	loop_on_pass(scene->loop, on_pass, scene);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	scene->a.fd = pair[0];
	scene->peer_a = pair[1];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	scene->b.fd = pair[0];
	scene->peer_b = pair[1];
	scene->a.then = scene->b.then = KEEP;
	scene->a.watch =
	    watch_open(scene->loop, scene->a.fd, on_ready, &scene->a);
	scene->b.watch =
	    watch_open(scene->loop, scene->b.fd, on_ready, &scene->b);
	*state = scene;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	watch_close(scene->a.watch);
	watch_close(scene->b.watch);
	loop_free(scene->loop);
	close_fd(&scene->a.fd);
	close_fd(&scene->b.fd);
	close_fd(&scene->peer_a);
	close_fd(&scene->peer_b);
	free(scene);
	alarm(0);
	return 0;
}

/* Some passes of the loop. */
static void run(struct scene *scene)
{
	scene->passes = 0;
	scene->a.count = scene->b.count = 0;
	scene->a.events = scene->b.events = 0;
	loop_run(scene->loop);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void a_watched_descriptor_does_not_block(void **state)
{
	struct scene *scene = *state;
	char byte;

	assert_true(fcntl(scene->a.fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(read(scene->a.fd, &byte, 1), -1);
}

static void nothing_is_reported_before_it_is_asked_for(void **state)
{
	struct scene *scene = *state;

	say(scene->peer_a, "x");
	run(scene);
	assert_int_equal(scene->a.count, 0);
}

static void readiness_is_reported_until_it_is_gone(void **state)
{
	struct scene *scene = *state;
	char byte;

	watch_set(scene->a.watch, WATCH_READ);
	watch_set(scene->b.watch, WATCH_READ);
	run(scene);
	assert_int_equal(scene->a.count, 0);
	say(scene->peer_a, "x");
	run(scene);
	assert_int_equal(scene->a.events, WATCH_READ);
	assert_int_equal(scene->a.count, PASSES);
	assert_int_equal(scene->b.count, 0);
	assert_int_equal(read(scene->a.fd, &byte, 1), 1);
	run(scene);
	assert_int_equal(scene->a.count, 0);
}

static void writing_is_reported_while_there_is_room(void **state)
{
	struct scene *scene = *state;
	char block[4096] = {0};

	watch_set(scene->a.watch, WATCH_WRITE);
	say(scene->peer_a, "not asked for");
	run(scene);
	assert_int_equal(scene->a.events, WATCH_WRITE);
	while (write(scene->a.fd, block, sizeof block) > 0)
		continue;
	run(scene);
	assert_int_equal(scene->a.count, 0);
	watch_set(scene->a.watch, WATCH_READ | WATCH_WRITE);
	while (recv(scene->peer_a, block, sizeof block, MSG_DONTWAIT) > 0)
		continue;
	run(scene);
	assert_int_equal(scene->a.events, WATCH_READ | WATCH_WRITE);
}

static void what_is_asked_for_can_change_in_the_callback(void **state)
{
	struct scene *scene = *state;

	say(scene->peer_a, "x");
	scene->a.then = 0;
	watch_set(scene->a.watch, WATCH_READ);
	run(scene);
	assert_int_equal(scene->a.count, 1);
	run(scene);
	assert_int_equal(scene->a.count, 0);
	watch_set(scene->a.watch, WATCH_READ);
	scene->a.then = KEEP;
	run(scene);
	assert_int_equal(scene->a.count, PASSES);
}

static void a_peer_that_left_is_reported_to_who_waits_for_that_alone(
    void **state)
{
	struct scene *scene = *state;

	watch_set(scene->a.watch, WATCH_GONE);
	say(scene->peer_a, "last words");
	run(scene);
	assert_int_equal(scene->a.count, 0);
	close_fd(&scene->peer_a);
	run(scene);
	assert_int_equal(scene->a.events, WATCH_GONE);
}

static void last_words_are_readable_when_the_peer_left(void **state)
{
	struct scene *scene = *state;

	watch_set(scene->a.watch, WATCH_READ);
	say(scene->peer_a, "last words");
	close_fd(&scene->peer_a);
	run(scene);
	assert_int_equal(scene->a.events, WATCH_READ | WATCH_GONE);
}

/* The kernel reports an error then, and libuv stops watching. */
static void a_peer_that_left_without_reading_is_gone_once(void **state)
{
	struct scene *scene = *state;

	watch_set(scene->a.watch, WATCH_WRITE);
	say(scene->a.fd, "unread");
	close_fd(&scene->peer_a);
	run(scene);
	assert_int_equal(scene->a.events, WATCH_GONE);
	assert_int_equal(scene->a.count, 1);
	/* Who asks again is told again. */
	watch_set(scene->a.watch, WATCH_WRITE);
	run(scene);
	assert_true(scene->a.count > 0);
}

static void a_watch_may_be_closed_in_its_own_callback(void **state)
{
	struct scene *scene = *state;

	say(scene->peer_a, "x");
	watch_set(scene->a.watch, WATCH_READ);
	scene->a.closes = &scene->a.watch;
	run(scene);
	assert_int_equal(scene->a.count, 1);
	assert_null(scene->a.watch);
}

/* Both are ready in one pass; the first to run closes both. */
static void nothing_is_reported_after_close(void **state)
{
	struct scene *scene = *state;

	say(scene->peer_a, "x");
	say(scene->peer_b, "x");
	watch_set(scene->a.watch, WATCH_READ);
	watch_set(scene->b.watch, WATCH_READ);
	scene->a.closes = &scene->b.watch;
	scene->b.closes = &scene->a.watch;
	run(scene);
	assert_int_equal(scene->a.count == 0, scene->b.count == PASSES);
	assert_int_equal(scene->a.count + scene->b.count, PASSES);
}

static void a_descriptor_may_be_closed_and_watched_anew(void **state)
{
	struct scene *scene = *state;
	int pair[2];

	watch_set(scene->a.watch, WATCH_READ);
	run(scene);
	watch_close(scene->a.watch);
	close_fd(&scene->a.fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close_fd(&scene->peer_a);
	scene->a.fd = pair[0];
	scene->peer_a = pair[1];
	scene->a.watch =
	    watch_open(scene->loop, scene->a.fd, on_ready, &scene->a);
	watch_set(scene->a.watch, WATCH_READ);
	run(scene);
	assert_int_equal(scene->a.count, 0);
	say(scene->peer_a, "x");
	run(scene);
	assert_int_equal(scene->a.count, PASSES);
}

/* A web server that has sent its request says so; it still reads. */
static void a_hang_up_is_not_a_peer_that_only_stopped_writing(void **state)
{
	struct scene *scene = *state;

	watch_set(scene->a.watch, WATCH_HANGUP);
	say(scene->peer_a, "unread");
	assert_int_equal(shutdown(scene->peer_a, SHUT_WR), 0);
	run(scene);
	assert_int_equal(scene->a.count, 0);
	close_fd(&scene->peer_a);
	run(scene);
	assert_int_equal(scene->a.events, WATCH_GONE);
}

static void a_pipe_that_nobody_reads_any_more_is_a_hang_up(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	struct end end = {.then = KEEP};

	assert_int_equal(pipe(ends), 0);
	end.watch = watch_open(scene->loop, ends[1], on_ready, &end);
	watch_set(end.watch, WATCH_HANGUP);
	run(scene);
	assert_int_equal(end.count, 0);
	close(ends[0]);
	run(scene);
	assert_int_equal(end.events, WATCH_GONE);
	watch_set(end.watch, WATCH_HANGUP | WATCH_WRITE);
	run(scene);
	assert_true(end.events & WATCH_GONE);
	watch_close(end.watch);
	close(ends[1]);
}

static void a_file_cannot_be_watched(void **state)
{
	struct scene *scene = *state;
	FILE *file = tmpfile();

	assert_null(watch_open(scene->loop, fileno(file), on_ready, NULL));
	fclose(file);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	watch_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_watched_descriptor_does_not_block),
	    TEST(nothing_is_reported_before_it_is_asked_for),
	    TEST(readiness_is_reported_until_it_is_gone),
	    TEST(writing_is_reported_while_there_is_room),
	    TEST(what_is_asked_for_can_change_in_the_callback),
	    TEST(a_peer_that_left_is_reported_to_who_waits_for_that_alone),
	    TEST(last_words_are_readable_when_the_peer_left),
	    TEST(a_peer_that_left_without_reading_is_gone_once),
	    TEST(a_watch_may_be_closed_in_its_own_callback),
	    TEST(nothing_is_reported_after_close),
	    TEST(a_descriptor_may_be_closed_and_watched_anew),
	    TEST(a_hang_up_is_not_a_peer_that_only_stopped_writing),
	    TEST(a_pipe_that_nobody_reads_any_more_is_a_hang_up),
	    TEST(a_file_cannot_be_watched),
	    TEST(closing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
