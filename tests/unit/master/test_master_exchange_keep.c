/* SPDX-License-Identifier: ISC */
#include "master/master_exchange_keep.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "master/master_exchange.h"
#include "master/master_state.h"
#include "pool/channel.h"

enum { WORKERS = 2 };

static struct master_exchange *exchange;
static int workers[WORKERS]; /* the workers' ends */
static struct channel_buffer buffer;

static void on_slot(void *state, unsigned slot)
{
	(void)state;
	(void)slot;
}

static void on_failed(void *state, unsigned slot, struct slice why)
{
	(void)state;
	(void)slot;
	(void)why;
}

static struct turn_place place_of(unsigned slot)
{
	return (struct turn_place){(uint16_t)slot, 100 + slot};
}

static struct master_exchange *make_exchange(void)
{
	const struct master_exchange_listener listener = {NULL, on_slot,
							  on_failed, on_slot};

	return master_exchange_new(WORKERS, &listener);
}

static int set_up(void **state)
{
	(void)state;
	exchange = make_exchange();
	for (unsigned i = 0; i < WORKERS; i++) {
		int fds[2];

		if (!channel_pair(fds))
			return -1;
		workers[i] = fds[1];
		master_exchange_join(exchange, place_of(i), fds[0]);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	master_exchange_free(exchange);
	for (unsigned i = 0; i < WORKERS; i++)
		close(workers[i]);
	return 0;
}

static void turn_loop(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		struct pollfd poller = {master_exchange_fd(exchange, i),
					master_exchange_events(exchange, i), 0};

		if (poll(&poller, 1, 0) == 1)
			master_exchange_on_poll(exchange, i, poller.revents);
	}
}

/* A copy of every descriptor: an execve() keeps them, but what stands for the
 * process that is gone closes its own here. */
static void copy_descriptors(struct master_state *state)
{
	for (size_t i = 0; i < state->worker_count; i++)
		state->workers[i].channel_fd =
		    dup(state->workers[i].channel_fd);
	for (size_t i = 0; i < state->transfer_count; i++) {
		state->transfers[i].peer_fd = dup(state->transfers[i].peer_fd);
		state->transfers[i].memory_fd =
		    dup(state->transfers[i].memory_fd);
	}
}

static void execute(void)
{
	struct master_state state;

	master_state_init(&state);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct master_state_worker worker = {.place = {(uint16_t)i, 0}};

		master_exchange_keep_port(exchange, &worker);
		assert_int_equal(worker.place.incarnation,
				 place_of(i).incarnation);
		master_state_add_worker(&state, &worker);
	}
	assert_true(master_exchange_keep_transfers(exchange, &state));
	copy_descriptors(&state);
	master_exchange_free(exchange);
	exchange = make_exchange();
	for (unsigned i = 0; i < WORKERS; i++)
		master_exchange_keep_join(exchange, &state.workers[i]);
	master_exchange_keep_restore(exchange, &state);
	master_state_fini(&state);
}

static int forward(const char *bytes)
{
	struct channel_message message = channel_message(CHANNEL_FORWARD);
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	message.owner = place_of(1);
	assert_true(channel_pack(&message, fds[1], slice_of(bytes)));
	assert_int_equal(channel_send(workers[0], &message), CHANNEL_DONE);
	channel_close(&message);
	turn_loop();
	return fds[0];
}

static void expect_adopt(unsigned slot, enum channel_why why, const char *bytes,
			 uint64_t *id)
{
	struct channel_message message;
	struct slice got;
	void *mapping;

	assert_int_equal(channel_receive(workers[slot], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_ADOPT);
	assert_int_equal(message.why, why);
	assert_true(channel_map(&message, &got, &mapping));
	assert_true(slice_is(got, bytes));
	channel_unmap(mapping, got);
	*id = message.id;
	channel_close(&message);
}

static bool is_closed(int reader)
{
	struct pollfd poller = {reader, POLLIN, 0};

	return poll(&poller, 1, 0) == 1 && poller.revents & POLLHUP;
}

static void say(unsigned slot, enum channel_type type, uint64_t id)
{
	struct channel_message message = channel_message(type);

	message.id = id;
	assert_int_equal(channel_send(workers[slot], &message), CHANNEL_DONE);
	turn_loop();
}

static void what_was_not_taken_is_still_held_by_the_new_process(void **state)
{
	int reader = forward("request");
	uint64_t id;

	(void)state;
	expect_adopt(1, CHANNEL_WHY_OWN, "request", &id);
	execute();
	assert_false(is_closed(reader));
	assert_int_equal(master_exchange_held(exchange, 1), 1);
	say(1, CHANNEL_TAKEN, id);
	assert_true(is_closed(reader));
	assert_int_equal(master_exchange_held(exchange, 1), 0);
	close(reader);
}

static void it_comes_back_with_its_bytes_when_the_owner_dies_afterwards(
    void **state)
{
	int reader = forward("request");
	uint64_t id;

	(void)state;
	expect_adopt(1, CHANNEL_WHY_OWN, "request", &id);
	execute();
	master_exchange_part(exchange, 1);
	expect_adopt(0, CHANNEL_WHY_GONE, "request", &id);
	close(reader);
}

static void what_waited_for_room_goes_out_and_numbers_go_on(void **state)
{
	uint64_t id, last = 0;
	int readers[64];
	unsigned count = 0;

	(void)state;
	/* Until the owner's channel takes no more. */
	while (count < 64 && !(master_exchange_events(exchange, 1) & POLLOUT))
		readers[count++] = forward("request");
	assert_true(count > 1);
	execute();
	assert_int_equal(master_exchange_held(exchange, 1), count);
	for (unsigned i = 0; i < count; i++) {
		turn_loop();
		expect_adopt(1, CHANNEL_WHY_OWN, "request", &id);
		assert_true(id > last);
		last = id;
	}
	for (unsigned i = 0; i < count; i++)
		say(1, CHANNEL_TAKEN, i + 1);
	assert_int_equal(master_exchange_held(exchange, 1), 0);
	close(forward("another"));
	expect_adopt(1, CHANNEL_WHY_OWN, "another", &id);
	assert_true(id > last);
	for (unsigned i = 0; i < count; i++)
		close(readers[i]);
}

static void who_was_leaving_still_leaves(void **state)
{
	struct channel_message message;
	uint64_t id;

	(void)state;
	say(1, CHANNEL_LEAVE, 0);
	assert_int_equal(channel_receive(workers[1], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_BYE);
	execute();
	close(forward("late"));
	expect_adopt(0, CHANNEL_WHY_GONE, "late", &id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_not_taken_is_still_held_by_the_new_process),
	    TEST(it_comes_back_with_its_bytes_when_the_owner_dies_afterwards),
	    TEST(what_waited_for_room_goes_out_and_numbers_go_on),
	    TEST(who_was_leaving_still_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
