/* SPDX-License-Identifier: ISC */
#include "pool/worker_link.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/loop.h"

static struct loop *loop;
static struct worker_link *link_;
static int master; /* the other end; -1: closed */
static int worker;
static struct channel_buffer buffer;
static unsigned adopted, byes, deaths, drain_ms;
static char adopted_bytes[64];
static uint64_t adopted_id;
static struct timer stop_timer;

static void on_adopt(void *state, const struct channel_message *message,
		     struct slice bytes)
{
	(void)state;
	adopted++;
	adopted_id = message->id;
	assert_true(bytes.len < sizeof adopted_bytes);
	memcpy(adopted_bytes, bytes.data, bytes.len);
	close(message->peer_fd);
}

static void on_drain(void *state, unsigned timeout_ms)
{
	(void)state;
	drain_ms = timeout_ms;
}

static void on_bye(void *state)
{
	(void)state;
	byes++;
}

static void on_master_gone(void *state)
{
	(void)state;
	deaths++;
}

static void on_stop(void *state)
{
	loop_stop(state);
}

/* A few passes: what is ready is dealt with. */
static void run_loop(void)
{
	timer_start(&stop_timer, 2);
	loop_run(loop);
}

static int set_up(void **state)
{
	const struct worker_link_events events = {NULL, on_adopt, on_bye,
						  on_drain, on_master_gone};
	int ends[2];

	(void)state;
	if (!channel_pair(ends))
		return -1;
	master = ends[0];
	worker = ends[1];
	adopted = byes = deaths = 0;
	memset(adopted_bytes, 0, sizeof adopted_bytes);
	loop = loop_new();
	timer_init(&stop_timer, loop, on_stop, loop);
	link_ = worker_link_new(loop, worker, &events);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	worker_link_free(link_);
	timer_stop(&stop_timer);
	loop_free(loop);
	close(worker);
	if (master >= 0)
		close(master);
	return 0;
}

static struct channel_message expect(enum channel_type type)
{
	struct channel_message message;

	assert_int_equal(channel_receive(master, &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, type);
	return message;
}

static void words_reach_the_master_in_order(void **state)
{
	(void)state;
	worker_link_say(link_, CHANNEL_READY, 0);
	worker_link_say(link_, CHANNEL_TAKEN, 5);
	expect(CHANNEL_READY);
	assert_int_equal(expect(CHANNEL_TAKEN).id, 5);
}

static void words_wait_for_room_and_none_is_lost(void **state)
{
	const struct channel_message filler = channel_message(CHANNEL_READY);
	struct channel_message message;

	(void)state;
	while (channel_send(worker, &filler) == CHANNEL_DONE)
		continue;
	for (uint64_t id = 1; id <= 60; id++)
		worker_link_say(link_, CHANNEL_TAKEN, id);
	/* Now there is room, but a request must not overtake them. */
	for (int i = 0; i < 20; i++)
		expect(CHANNEL_READY);
	assert_false(worker_link_forward(link_, (struct turn_place){1, 1},
					 worker, SLICE_LITERAL("x")));
	for (uint64_t id = 1; id <= 60;) {
		run_loop();
		while (channel_receive(master, &message, &buffer) ==
		       CHANNEL_DONE)
			if (message.type == CHANNEL_TAKEN)
				assert_int_equal(message.id, id++);
	}
}

static void a_request_is_adopted_with_its_bytes(void **state)
{
	struct channel_message message = channel_message(CHANNEL_ADOPT);
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	message.id = 77;
	assert_true(channel_pack(&message, fds[1], SLICE_LITERAL("request")));
	assert_int_equal(channel_send(master, &message), CHANNEL_DONE);
	channel_close(&message);
	run_loop();
	assert_int_equal(adopted, 1);
	assert_int_equal(adopted_id, 77);
	assert_string_equal(adopted_bytes, "request");
	/* The callee closed it, and the link kept no copy. */
	assert_int_equal(read(fds[0], adopted_bytes, 1), 0);
	close(fds[0]);
}

static void a_request_without_its_descriptor_is_refused(void **state)
{
	struct channel_message message = channel_message(CHANNEL_ADOPT);

	(void)state;
	message.id = 9;
	assert_int_equal(channel_send(master, &message), CHANNEL_DONE);
	run_loop();
	assert_int_equal(adopted, 0);
	assert_int_equal(expect(CHANNEL_REFUSED).id, 9);
	/* A bounced one is nobody's to refuse. */
	message.why = CHANNEL_WHY_GONE;
	assert_int_equal(channel_send(master, &message), CHANNEL_DONE);
	run_loop();
	assert_int_equal(channel_receive(master, &message, &buffer),
			 CHANNEL_AGAIN);
}

static void a_forwarded_request_arrives(void **state)
{
	struct channel_message message;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_true(worker_link_forward(link_, (struct turn_place){3, 4},
					fds[1], SLICE_LITERAL("hello")));
	close(fds[1]);
	message = expect(CHANNEL_FORWARD);
	assert_int_equal(message.owner.slot, 3);
	assert_int_equal(message.owner.incarnation, 4);
	assert_int_equal(message.bytes.len, 5);
	assert_true(message.peer_fd >= 0);
	channel_close(&message);
	close(fds[0]);
}

static void bye_and_junk_are_told_apart(void **state)
{
	const struct channel_message bye = channel_message(CHANNEL_BYE);

	(void)state;
	assert_int_equal(send(master, "junk", 4, 0), 4);
	assert_int_equal(channel_send(master, &bye), CHANNEL_DONE);
	run_loop();
	assert_int_equal(byes, 1);
	assert_int_equal(deaths, 0);
}

static void a_drain_says_how_long(void **state)
{
	struct channel_message drain = channel_message(CHANNEL_DRAIN);

	(void)state;
	drain.id = 1500;
	drain_ms = 0;
	assert_int_equal(channel_send(master, &drain), CHANNEL_DONE);
	run_loop();
	assert_int_equal(drain_ms, 1500);
	assert_int_equal(byes, 0);
}

static void the_masters_death_is_told_once(void **state)
{
	(void)state;
	assert_true(worker_link_is_up(link_));
	close(master);
	master = -1;
	run_loop();
	run_loop();
	assert_int_equal(deaths, 1);
	assert_false(worker_link_is_up(link_));
	worker_link_say(link_, CHANNEL_LEAVE, 0); /* nobody hears it */
	assert_false(worker_link_forward(link_, (struct turn_place){1, 1},
					 worker, SLICE_LITERAL("x")));
}

static void what_the_master_sent_before_its_death_is_dealt_with(void **state)
{
	const struct channel_message bye = channel_message(CHANNEL_BYE);

	(void)state;
	worker_link_say(link_, CHANNEL_READY, 0); /* it dies with this unread */
	assert_int_equal(channel_send(master, &bye), CHANNEL_DONE);
	close(master);
	master = -1;
	run_loop();
	assert_int_equal(byes, 1);
	assert_int_equal(deaths, 1);
}

static void a_failed_start_is_told_without_a_loop(void **state)
{
	char *why = malloc(20000);
	struct channel_message message;

	(void)state;
	worker_link_say_failed(worker, "no key");
	message = expect(CHANNEL_FAILED);
	assert_int_equal(message.bytes.len, 6);
	assert_memory_equal(message.bytes.data, "no key", 6);
	memset(why, 'y', 19999);
	why[19999] = '\0';
	worker_link_say_failed(worker, why);
	assert_true(expect(CHANNEL_FAILED).bytes.len > 0);
	free(why);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(words_reach_the_master_in_order),
	    TEST(words_wait_for_room_and_none_is_lost),
	    TEST(a_request_is_adopted_with_its_bytes),
	    TEST(a_request_without_its_descriptor_is_refused),
	    TEST(a_forwarded_request_arrives),
	    TEST(bye_and_junk_are_told_apart),
	    TEST(a_drain_says_how_long),
	    TEST(the_masters_death_is_told_once),
	    TEST(what_the_master_sent_before_its_death_is_dealt_with),
	    TEST(a_failed_start_is_told_without_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
