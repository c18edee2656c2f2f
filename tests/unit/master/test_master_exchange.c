/* SPDX-License-Identifier: ISC */
#include "master/master_exchange.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pool/channel.h"

enum { WORKERS = 3 };

static struct master_exchange *exchange;
static int workers[WORKERS]; /* the workers' ends */
static struct channel_buffer buffer;
static unsigned fds_before;
static unsigned ready_count, failed_count, lost_count;
static char failed_why[64];

static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void on_ready(void *state, unsigned slot)
{
	(void)state;
	(void)slot;
	ready_count++;
}

static void on_failed(void *state, unsigned slot, struct slice why)
{
	(void)state;
	(void)slot;
	failed_count++;
	memcpy(failed_why, why.data, why.len);
}

static void on_lost(void *state, unsigned slot)
{
	(void)state;
	(void)slot;
	lost_count++;
}

static uint32_t incarnation_of(unsigned slot)
{
	return 100 + slot;
}

static struct turn_place place_of(unsigned slot)
{
	return (struct turn_place){(uint16_t)slot, incarnation_of(slot)};
}

static void join(unsigned slot)
{
	int fds[2];

	assert_true(channel_pair(fds));
	workers[slot] = fds[1];
	master_exchange_join(exchange, place_of(slot), fds[0]);
}

static int set_up(void **state)
{
	const struct master_exchange_listener listener = {NULL, on_ready,
							  on_failed, on_lost};

	(void)state;
	fds_before = open_fds();
	ready_count = failed_count = lost_count = 0;
	exchange = master_exchange_new(WORKERS, &listener);
	for (unsigned i = 0; i < WORKERS; i++)
		join(i);
	return 0;
}

static int tear_down(void **state)
{
	unsigned now;

	(void)state;
	master_exchange_free(exchange);
	for (unsigned i = 0; i < WORKERS; i++)
		if (workers[i] >= 0)
			close(workers[i]);
	now = open_fds();
	return now == fds_before ? 0 : -1;
}

/* What the master's loop does when poll() returns. */
static void turn_loop(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		struct pollfd poller = {master_exchange_fd(exchange, i),
					master_exchange_events(exchange, i), 0};

		if (poller.fd >= 0 && poll(&poller, 1, 0) == 1)
			master_exchange_on_poll(exchange, i, poller.revents);
	}
}

static void kill_worker(unsigned slot)
{
	close(workers[slot]);
	workers[slot] = -1;
	master_exchange_part(exchange, slot);
}

/* Worker `from` hands on a request; the other end of its peer is returned. */
static int forward_bytes(unsigned from, struct turn_place to,
			 struct slice bytes)
{
	struct channel_message message = channel_message(CHANNEL_FORWARD);
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	message.owner = to;
	assert_true(channel_pack(&message, fds[1], bytes));
	assert_int_equal(channel_send(workers[from], &message), CHANNEL_DONE);
	channel_close(&message);
	turn_loop();
	return fds[0];
}

static int forward(unsigned from, unsigned to)
{
	return forward_bytes(from, place_of(to), SLICE_LITERAL("request"));
}

static bool is_closed(int reader)
{
	struct pollfd poller = {reader, POLLIN, 0};
	bool closed = poll(&poller, 1, 0) == 1 && poller.revents & POLLHUP;

	return closed;
}

static uint64_t expect_adopt(unsigned slot, enum channel_why why)
{
	struct channel_message message;
	uint64_t id;

	assert_int_equal(channel_receive(workers[slot], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_ADOPT);
	assert_int_equal(message.why, why);
	assert_true(message.peer_fd >= 0);
	id = message.id;
	channel_close(&message);
	return id;
}

static void expect_nothing(unsigned slot)
{
	struct channel_message message;

	assert_int_equal(channel_receive(workers[slot], &message, &buffer),
			 CHANNEL_AGAIN);
}

static void say(unsigned slot, enum channel_type type, uint64_t id)
{
	struct channel_message message = channel_message(type);

	message.id = id;
	assert_int_equal(channel_send(workers[slot], &message), CHANNEL_DONE);
	turn_loop();
}

static void a_request_reaches_its_owner_and_is_let_go_when_taken(void **state)
{
	int reader = forward(0, 1);
	uint64_t id = expect_adopt(1, CHANNEL_WHY_OWN);

	(void)state;
	/* The master still has the peer: the owner closed its own copy. */
	assert_false(is_closed(reader));
	assert_int_equal(master_exchange_held(exchange, 1), 1);
	say(1, CHANNEL_TAKEN, id);
	assert_true(is_closed(reader));
	assert_int_equal(master_exchange_held(exchange, 1), 0);
	expect_nothing(0);
	close(reader);
}

static void a_long_request_keeps_its_bytes(void **state)
{
	struct channel_message message;
	static char bytes[50000];
	struct slice got;
	void *mapping;
	int reader;

	(void)state;
	memset(bytes, 'q', sizeof bytes);
	reader = forward_bytes(0, place_of(2), slice_make(bytes, sizeof bytes));
	assert_int_equal(channel_receive(workers[2], &message, &buffer),
			 CHANNEL_DONE);
	assert_true(channel_map(&message, &got, &mapping));
	assert_int_equal(got.len, sizeof bytes);
	assert_memory_equal(got.data, bytes, sizeof bytes);
	channel_unmap(mapping, got);
	channel_close(&message);
	close(reader);
}

static void a_dead_owners_request_comes_back_as_gone(void **state)
{
	int reader =
	    forward_bytes(0, (struct turn_place){1, 7}, SLICE_LITERAL("x"));

	(void)state;
	expect_adopt(0, CHANNEL_WHY_GONE);
	expect_nothing(1);
	assert_true(is_closed(reader)); /* bounced: nothing is kept */
	close(reader);
	close(
	    forward_bytes(0, (struct turn_place){999, 7}, SLICE_LITERAL("x")));
	expect_adopt(0, CHANNEL_WHY_GONE);
}

static void what_an_owner_had_not_taken_comes_back_when_it_dies(void **state)
{
	int first = forward(0, 1), second = forward(2, 1);
	uint64_t id = expect_adopt(1, CHANNEL_WHY_OWN);
	struct channel_message taken = channel_message(CHANNEL_TAKEN);

	(void)state;
	/* Its last word stands in the channel when it dies, unread: it may
	 * have begun to reply, so nobody else may. */
	taken.id = id;
	assert_int_equal(channel_send(workers[1], &taken), CHANNEL_DONE);
	kill_worker(1);
	expect_nothing(0);
	assert_true(is_closed(first));
	expect_adopt(2, CHANNEL_WHY_GONE);
	close(first);
	close(second);
}

static void a_bounce_goes_to_another_when_the_sender_died(void **state)
{
	int reader = forward(0, 1);

	(void)state;
	kill_worker(0);
	kill_worker(1);
	expect_adopt(2, CHANNEL_WHY_GONE);
	close(reader);
}

static void the_last_worker_gone_closes_what_nobody_can_answer(void **state)
{
	int reader = forward(0, 1);

	(void)state;
	kill_worker(0);
	kill_worker(2);
	assert_false(is_closed(reader));
	kill_worker(1);
	assert_true(is_closed(reader));
	close(reader);
}

static void an_owner_that_takes_nothing_is_full_at_a_bound(void **state)
{
	int readers[CHANNEL_UNTAKEN_MAX + 1];
	uint64_t id;

	(void)state;
	for (int i = 0; i < CHANNEL_UNTAKEN_MAX; i++)
		readers[i] = forward(0, 1);
	expect_nothing(0);
	readers[CHANNEL_UNTAKEN_MAX] = forward(0, 1);
	expect_adopt(0, CHANNEL_WHY_BUSY);
	assert_int_equal(master_exchange_held(exchange, 1),
			 CHANNEL_UNTAKEN_MAX);
	id = expect_adopt(1, CHANNEL_WHY_OWN);
	say(1, CHANNEL_TAKEN, id);
	close(readers[0]);
	readers[0] = forward(0, 1); /* there is room for one again */
	expect_nothing(0);
	for (int i = 0; i <= CHANNEL_UNTAKEN_MAX; i++)
		close(readers[i]);
}

static void a_stuck_owner_gets_nothing_new(void **state)
{
	(void)state;
	master_exchange_set_stuck(exchange, 1, true);
	close(forward(0, 1));
	expect_adopt(0, CHANNEL_WHY_BUSY);
	expect_nothing(1);
	master_exchange_set_stuck(exchange, 1, false);
	close(forward(0, 1));
	expect_adopt(1, CHANNEL_WHY_OWN);
}

static void a_refused_request_comes_back_as_busy(void **state)
{
	int reader = forward(0, 1);
	uint64_t id = expect_adopt(1, CHANNEL_WHY_OWN);

	(void)state;
	say(1, CHANNEL_REFUSED, id);
	expect_adopt(0, CHANNEL_WHY_BUSY);
	close(reader);
	say(1, CHANNEL_TAKEN, id); /* too late, and harmless */
}

static void a_full_channel_waits_and_loses_nothing(void **state)
{
	static char bytes[CHANNEL_INLINE_MAX];
	int readers[CHANNEL_UNTAKEN_MAX];
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < CHANNEL_UNTAKEN_MAX; i++)
		readers[i] = forward_bytes(0, place_of(1),
					   slice_make(bytes, sizeof bytes));
	/* So much does not fit into the socket at once. */
	assert_true(master_exchange_events(exchange, 1) & POLLOUT);
	for (int i = 0; i < CHANNEL_UNTAKEN_MAX; i++) {
		uint64_t id = expect_adopt(1, CHANNEL_WHY_OWN);

		assert_true(id > last);
		last = id;
		turn_loop();
		close(readers[i]);
	}
	assert_false(master_exchange_events(exchange, 1) & POLLOUT);
}

static void bye_comes_after_everything_else(void **state)
{
	struct channel_message message;
	int reader = forward(0, 1);

	(void)state;
	say(1, CHANNEL_LEAVE, 0);
	close(forward(0, 1));
	expect_adopt(0, CHANNEL_WHY_GONE); /* routed there no more */
	expect_adopt(1, CHANNEL_WHY_OWN);
	assert_int_equal(channel_receive(workers[1], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_BYE);
	close(reader);
}

static void who_is_told_to_drain_is_told_how_long(void **state)
{
	struct channel_message message;

	(void)state;
	master_exchange_drain(exchange, 1, 600000);
	assert_int_equal(channel_receive(workers[1], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_DRAIN);
	assert_int_equal(message.id, 600000);
	expect_nothing(0);
	/* Its turns are still reached. */
	close(forward(0, 1));
	expect_adopt(1, CHANNEL_WHY_OWN);
}

static void what_workers_say_reaches_the_listener(void **state)
{
	struct channel_message message = channel_message(CHANNEL_FAILED);

	(void)state;
	say(0, CHANNEL_READY, 0);
	assert_int_equal(ready_count, 1);
	message.bytes = slice_of("no key");
	assert_int_equal(channel_send(workers[1], &message), CHANNEL_DONE);
	turn_loop();
	assert_int_equal(failed_count, 1);
	assert_string_equal(failed_why, "no key");
	close(workers[2]);
	workers[2] = -1;
	turn_loop();
	assert_int_equal(lost_count, 1);
	turn_loop();
	assert_int_equal(lost_count, 1); /* said once */
}

static void a_new_worker_in_a_slot_is_another_owner(void **state)
{
	(void)state;
	kill_worker(1);
	join(1);
	close(forward_bytes(0, (struct turn_place){1, 99}, SLICE_LITERAL("x")));
	expect_adopt(0, CHANNEL_WHY_GONE);
	close(forward(0, 1));
	expect_adopt(1, CHANNEL_WHY_OWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_request_reaches_its_owner_and_is_let_go_when_taken),
	    TEST(a_long_request_keeps_its_bytes),
	    TEST(a_dead_owners_request_comes_back_as_gone),
	    TEST(what_an_owner_had_not_taken_comes_back_when_it_dies),
	    TEST(a_bounce_goes_to_another_when_the_sender_died),
	    TEST(the_last_worker_gone_closes_what_nobody_can_answer),
	    TEST(an_owner_that_takes_nothing_is_full_at_a_bound),
	    TEST(a_stuck_owner_gets_nothing_new),
	    TEST(a_refused_request_comes_back_as_busy),
	    TEST(a_full_channel_waits_and_loses_nothing),
	    TEST(bye_comes_after_everything_else),
	    TEST(who_is_told_to_drain_is_told_how_long),
	    TEST(what_workers_say_reaches_the_listener),
	    TEST(a_new_worker_in_a_slot_is_another_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
