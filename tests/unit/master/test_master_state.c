/* SPDX-License-Identifier: ISC */
#include "master/master_state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct master_state state;
static struct buffer text;

static void fill(void)
{
	const struct master_state_worker running = {
	    .place = {3, 4000000001u},
	    .generation = 7,
	    .pid = 4711,
	    .phase = 3,
	    .was_ready = true,
	    .is_blind = true,
	    .started_ms = 5000000000ull,
	    .due_ms = 1,
	    .end_ms = 9000000000ull,
	    .deaths = 2,
	    .missed = 5,
	    .last_tick = 77,
	    .channel_fd = 12,
	    .is_leaving = true,
	    .owes_bye = true,
	    .owes_drain = true,
	    .drain_ms = 600000,
	};
	const struct master_state_worker waiting = {
	    .place = {4, 0}, .generation = 8, .phase = 1, .channel_fd = -1};
	const struct master_state_transfer transfer = {.slot = 3,
						       .sender = {4, 99},
						       .id = 1ull << 40,
						       .why = 2,
						       .is_sent = true,
						       .peer_fd = 20,
						       .memory_fd = 21,
						       .memory_len = 8193};

	state.pid = 1234;
	state.started_ms = 1700000000000ull;
	state.last_generation = 8;
	state.last_incarnation = 4000000009u;
	state.is_wanted = true;
	state.slots_fd = 5;
	snprintf(state.slots_path, sizeof state.slots_path,
		 "/run/with a space/x.slots");
	state.first_config_fd = 6;
	state.new_config_fd = 7;
	snprintf(state.config_path, sizeof state.config_path, "/etc/leat.conf");
	state.generation = 8;
	state.wanted = 2;
	state.config_fd = 8;
	state.exe_fd = 9;
	state.listeners[0].lock_fd = 10;
	snprintf(state.listeners[0].text, LISTEN_TEXT_SIZE,
		 "11,1,2,1234,unix:/run/x y.sock");
	state.listeners[1].lock_fd = -1;
	snprintf(state.listeners[1].text, LISTEN_TEXT_SIZE,
		 "12,0,0,1234,tcp:127.0.0.1:9000");
	state.listener_count = 2;
	master_state_add_worker(&state, &running);
	master_state_add_worker(&state, &waiting);
	master_state_add_transfer(&state, &transfer);
}

static int set_up(void **unused)
{
	(void)unused;
	master_state_init(&state);
	buffer_init(&text, MASTER_STATE_MAX);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	master_state_fini(&state);
	buffer_fini(&text);
	return 0;
}

static void expect_worker(const struct master_state_worker *a,
			  const struct master_state_worker *b)
{
	assert_int_equal(a->place.slot, b->place.slot);
	assert_int_equal(a->place.incarnation, b->place.incarnation);
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->phase, b->phase);
	assert_int_equal(a->was_ready, b->was_ready);
	assert_int_equal(a->is_blind, b->is_blind);
	assert_int_equal(a->started_ms, b->started_ms);
	assert_int_equal(a->due_ms, b->due_ms);
	assert_int_equal(a->end_ms, b->end_ms);
	assert_int_equal(a->deaths, b->deaths);
	assert_int_equal(a->missed, b->missed);
	assert_int_equal(a->last_tick, b->last_tick);
	assert_int_equal(a->channel_fd, b->channel_fd);
	assert_int_equal(a->is_leaving, b->is_leaving);
	assert_int_equal(a->owes_bye, b->owes_bye);
	assert_int_equal(a->owes_drain, b->owes_drain);
	assert_int_equal(a->drain_ms, b->drain_ms);
}

static void expect_transfer(const struct master_state_transfer *a,
			    const struct master_state_transfer *b)
{
	assert_int_equal(a->slot, b->slot);
	assert_int_equal(a->sender.slot, b->sender.slot);
	assert_int_equal(a->sender.incarnation, b->sender.incarnation);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->why, b->why);
	assert_int_equal(a->is_sent, b->is_sent);
	assert_int_equal(a->peer_fd, b->peer_fd);
	assert_int_equal(a->memory_fd, b->memory_fd);
	assert_int_equal(a->memory_len, b->memory_len);
}

static void expect_same(const struct master_state *a)
{
	const struct master_state *b = &state;

	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->started_ms, b->started_ms);
	assert_int_equal(a->last_generation, b->last_generation);
	assert_int_equal(a->last_incarnation, b->last_incarnation);
	assert_int_equal(a->is_wanted, b->is_wanted);
	assert_int_equal(a->slots_fd, b->slots_fd);
	assert_string_equal(a->slots_path, b->slots_path);
	assert_int_equal(a->first_config_fd, b->first_config_fd);
	assert_int_equal(a->new_config_fd, b->new_config_fd);
	assert_string_equal(a->config_path, b->config_path);
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->wanted, b->wanted);
	assert_int_equal(a->config_fd, b->config_fd);
	assert_int_equal(a->exe_fd, b->exe_fd);
	assert_int_equal(a->listener_count, b->listener_count);
	for (unsigned i = 0; i < a->listener_count; i++) {
		assert_int_equal(a->listeners[i].lock_fd,
				 b->listeners[i].lock_fd);
		assert_string_equal(a->listeners[i].text, b->listeners[i].text);
	}
	assert_int_equal(a->worker_count, b->worker_count);
	for (size_t i = 0; i < a->worker_count; i++)
		expect_worker(&a->workers[i], &b->workers[i]);
	assert_int_equal(a->transfer_count, b->transfer_count);
	for (size_t i = 0; i < a->transfer_count; i++)
		expect_transfer(&a->transfers[i], &b->transfers[i]);
}

static void what_is_written_is_read_again(void **unused)
{
	struct master_state read;

	(void)unused;
	fill();
	assert_true(master_state_write(&state, &text));
	master_state_init(&read);
	assert_null(master_state_read(&read, buffer_slice(&text)));
	expect_same(&read);
	master_state_fini(&read);
}

static void a_pool_without_files_is_read_again(void **unused)
{
	struct master_state read;

	(void)unused;
	fill();
	state.slots_path[0] = '\0';
	state.config_path[0] = '\0';
	state.first_config_fd = state.new_config_fd = state.config_fd = -1;
	assert_true(master_state_write(&state, &text));
	master_state_init(&read);
	assert_null(master_state_read(&read, buffer_slice(&text)));
	expect_same(&read);
	master_state_fini(&read);
}

/* At whatever byte it ends: nothing that is shorter passes for whole. */
static void a_state_that_was_cut_is_refused(void **unused)
{
	(void)unused;
	fill();
	assert_true(master_state_write(&state, &text));
	for (size_t len = 0; len < text.len; len++) {
		struct master_state read;
		/* A copy of exactly this size, for tools that look. */
		struct buffer cut;

		buffer_init(&cut, MASTER_STATE_MAX);
		buffer_append(&cut, text.data, len);
		master_state_init(&read);
		assert_non_null(master_state_read(&read, buffer_slice(&cut)));
		master_state_fini(&read);
		buffer_fini(&cut);
	}
}

static const char *read_text(const char *what)
{
	struct master_state read;
	const char *why;

	master_state_init(&read);
	why = master_state_read(&read, slice_of(what));
	master_state_fini(&read);
	return why;
}

static void another_version_is_refused(void **unused)
{
	(void)unused;
	assert_string_equal(read_text("leat-state 2\nend 0 0 0\n"),
			    "it is of another version");
	assert_string_equal(read_text("hello\n"),
			    "it is not the state of a master");
}

static void a_line_that_is_not_known_is_passed_over(void **unused)
{
	struct master_state read;

	(void)unused;
	fill();
	buffer_append_string(&text, "leat-state 1\nnews from the future 1 2\n");
	{
		struct buffer rest;

		buffer_init(&rest, MASTER_STATE_MAX);
		assert_true(master_state_write(&state, &rest));
		buffer_append_string(&text,
				     strchr(buffer_string(&rest), '\n') + 1);
		buffer_fini(&rest);
	}
	master_state_init(&read);
	assert_null(master_state_read(&read, buffer_slice(&text)));
	expect_same(&read);
	master_state_fini(&read);
}

static void a_line_that_is_missing_or_broken_is_noticed(void **unused)
{
	(void)unused;
	assert_string_equal(
	    read_text("leat-state 1\nmaster 1 2 3 4 0\nslots 5 /x\n"
		      "config 1 1 /y\ngeneration 1 1 1 1\n"
		      "listener -1 3,0,0,1,unix:/x\nend 1 1 0\n"),
	    "something is missing in it");
	assert_string_equal(read_text("leat-state 1\nworker 1 2 three\n"),
			    "a line cannot be read");
	assert_string_equal(read_text("leat-state 1\nmaster x\n"),
			    "a line cannot be read");
}

static void a_path_with_a_line_break_is_refused_before_anything_happens(
    void **unused)
{
	(void)unused;
	fill();
	snprintf(state.config_path, sizeof state.config_path, "/etc/a\nb");
	assert_false(master_state_write(&state, &text));
}

static void descriptors_survive_an_execve_only_when_they_are_to(void **unused)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)unused;
	state.slots_fd = fd;
	snprintf(state.listeners[0].text, LISTEN_TEXT_SIZE, "%d,1,2,3,unix:/x",
		 dup(fd));
	state.listeners[0].lock_fd = -1;
	state.listener_count = 1;
	master_state_keep(&state, true);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	master_state_keep(&state, false);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(atoi(state.listeners[0].text), F_GETFD),
			 FD_CLOEXEC);
	close(atoi(state.listeners[0].text));
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_written_is_read_again),
	    TEST(a_pool_without_files_is_read_again),
	    TEST(a_state_that_was_cut_is_refused),
	    TEST(another_version_is_refused),
	    TEST(a_line_that_is_not_known_is_passed_over),
	    TEST(a_line_that_is_missing_or_broken_is_noticed),
	    TEST(a_path_with_a_line_break_is_refused_before_anything_happens),
	    TEST(descriptors_survive_an_execve_only_when_they_are_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
