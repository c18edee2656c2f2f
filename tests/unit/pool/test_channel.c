/* SPDX-License-Identifier: ISC */
#include "pool/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];
static struct channel_buffer buffer;

static int set_up(void **state)
{
	(void)state;
	return channel_pair(ends) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* A pipe stands for a peer: what is written here is read there. */
static int make_peer(int *reader)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	*reader = fds[0];
	return fds[1];
}

static unsigned open_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 512; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void assert_is_peer(int fd, int reader)
{
	char c = 0;

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(reader, &c, 1), 1);
	assert_int_equal(c, 'x');
}

static void send_request(size_t len, int *reader, char **copy)
{
	struct channel_message message = channel_message(CHANNEL_FORWARD);
	char *bytes = malloc(len + 1);
	int peer = make_peer(reader);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 31 + i / 251);
	message.owner = (struct turn_place){3, 0x89abcdef};
	message.id = 0x1122334455667788;
	assert_true(channel_pack(&message, peer, slice_make(bytes, len)));
	assert_int_equal(message.memory_fd >= 0, len > CHANNEL_INLINE_MAX);
	assert_int_equal(channel_send(ends[0], &message), CHANNEL_DONE);
	channel_close(&message);
	*copy = bytes;
}

static void expect_request(size_t len)
{
	struct channel_message message;
	struct slice bytes;
	void *mapping;
	char *sent;
	int reader;
	unsigned before = open_fds();

	send_request(len, &reader, &sent);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_FORWARD);
	assert_int_equal(message.owner.slot, 3);
	assert_int_equal(message.owner.incarnation, 0x89abcdef);
	assert_true(message.id == 0x1122334455667788);
	assert_false(message.lost_fds);
	assert_is_peer(message.peer_fd, reader);
	assert_true(channel_map(&message, &bytes, &mapping));
	assert_int_equal(bytes.len, len);
	assert_memory_equal(bytes.data, sent, len);
	channel_unmap(mapping, bytes);
	channel_close(&message);
	close(reader);
	free(sent);
	assert_int_equal(open_fds(), before);
}

static void a_short_request_travels_inline(void **state)
{
	(void)state;
	expect_request(1);
	expect_request(1800);
	expect_request(CHANNEL_INLINE_MAX);
}

static void a_long_request_travels_in_memory(void **state)
{
	(void)state;
	expect_request(CHANNEL_INLINE_MAX + 1);
	expect_request(9 << 20);
}

static void a_message_without_request_arrives(void **state)
{
	struct channel_message message = channel_message(CHANNEL_TAKEN);

	(void)state;
	message.id = 42;
	assert_int_equal(channel_send(ends[0], &message), CHANNEL_DONE);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_TAKEN);
	assert_int_equal(message.id, 42);
	assert_int_equal(message.peer_fd, -1);
	assert_int_equal(message.memory_fd, -1);
	assert_int_equal(message.bytes.len, 0);
}

static void an_empty_socket_and_a_closed_one_differ(void **state)
{
	struct channel_message message = channel_message(CHANNEL_READY);

	(void)state;
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_AGAIN);
	close(ends[0]);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_GONE);
	assert_int_equal(channel_send(ends[1], &message), CHANNEL_GONE);
	ends[0] = open("/dev/null", O_RDONLY);
}

static void what_was_sent_before_a_death_is_still_read(void **state)
{
	struct channel_message message = channel_message(CHANNEL_LEAVE);

	(void)state;
	assert_int_equal(channel_send(ends[0], &message), CHANNEL_DONE);
	close(ends[0]);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_DONE);
	assert_int_equal(message.type, CHANNEL_LEAVE);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_GONE);
	ends[0] = open("/dev/null", O_RDONLY);
}

static void a_full_socket_says_so_and_recovers(void **state)
{
	struct channel_message message = channel_message(CHANNEL_TAKEN);
	unsigned sent = 0, received = 0;

	(void)state;
	while (channel_send(ends[0], &message) == CHANNEL_DONE)
		sent++;
	assert_true(sent >= 64); /* as many as may be untaken */
	assert_int_equal(channel_send(ends[0], &message), CHANNEL_AGAIN);
	while (channel_receive(ends[1], &message, &buffer) == CHANNEL_DONE)
		received++;
	assert_int_equal(received, sent);
	assert_int_equal(channel_send(ends[0], &message), CHANNEL_DONE);
}

static void foreign_bytes_are_dropped_with_their_descriptors(void **state)
{
	struct channel_message message;
	char junk[200];

	(void)state;
	memset(junk, 0x5a, sizeof junk);
	assert_int_equal(send(ends[0], junk, sizeof junk, 0), sizeof junk);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_BROKEN);
	assert_int_equal(send(ends[0], junk, 3, 0), 3);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_BROKEN);
	assert_int_equal(message.peer_fd, -1);
}

static void memory_of_another_length_is_refused(void **state)
{
	struct channel_message message = channel_message(CHANNEL_FORWARD);
	int reader, peer = make_peer(&reader);
	char bytes[CHANNEL_INLINE_MAX + 1] = "x";
	unsigned before;

	(void)state;
	assert_true(
	    channel_pack(&message, peer, slice_make(bytes, sizeof bytes)));
	message.memory_len++;
	assert_int_equal(channel_send(ends[0], &message), CHANNEL_DONE);
	before = open_fds();
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_BROKEN);
	assert_int_equal(open_fds(), before);
	close(peer);
	close(reader);
}

static void lost_descriptors_are_reported_and_nothing_leaks(void **state)
{
	struct channel_message message;
	struct rlimit old, none;
	char *sent;
	int reader, first_free;
	unsigned before = open_fds();

	(void)state;
	send_request(20000, &reader, &sent);
	first_free = dup(0);
	close(first_free);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)first_free + 1; /* room for one of two */
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(channel_receive(ends[1], &message, &buffer),
			 CHANNEL_DONE);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_true(message.lost_fds);
	assert_true(message.id == 0x1122334455667788);
	channel_close(&message);
	close(reader);
	free(sent);
	assert_int_equal(open_fds(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_short_request_travels_inline),
	    TEST(a_long_request_travels_in_memory),
	    TEST(a_message_without_request_arrives),
	    TEST(an_empty_socket_and_a_closed_one_differ),
	    TEST(what_was_sent_before_a_death_is_still_read),
	    TEST(a_full_socket_says_so_and_recovers),
	    TEST(foreign_bytes_are_dropped_with_their_descriptors),
	    TEST(memory_of_another_length_is_refused),
	    TEST(lost_descriptors_are_reported_and_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
