/* SPDX-License-Identifier: ISC */
#include "master/listen_passed.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char path[96];
static struct listen_set set;

/* What the test runner left open must not stand at 3. */
static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/test-passed-%d.sock", (int)getpid());
	for (int fd = 3; fd < 8; fd++)
		close(fd);
	memset(&set, 0, sizeof set);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int fd = 3; fd < 8; fd++)
		close(fd);
	unlink(path);
	return 0;
}

static void pass(const char *count, const char *names)
{
	char pid[16];

	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
}

/* A blocking one without CLOEXEC, as systemd-socket-activate passes it. */
static int make_unix(int type, bool listens)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	if (listens)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int make_tcp(uint32_t host, uint16_t *port)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(host)};
	socklen_t len = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&name, &len);
	*port = ntohs(name.sin_port);
	return fd;
}

static void what_was_passed_is_taken_non_blocking_and_close_on_exec(
    void **state)
{
	char expected[128];
	uint16_t port;

	(void)state;
	assert_int_equal(make_unix(SOCK_STREAM, true), 3);
	assert_int_equal(make_tcp(INADDR_LOOPBACK, &port), 4);
	pass("2", "web:tcp");
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_TAKEN);
	assert_int_equal(set.count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(set.sockets[i].fd, 3 + (int)i);
		assert_true(set.sockets[i].is_passed);
		assert_int_equal(set.sockets[i].lock_fd, -1);
		assert_string_equal(set.sockets[i].path, "");
		assert_true(fcntl(set.sockets[i].fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(set.sockets[i].fd, F_GETFD) & FD_CLOEXEC);
	}
	snprintf(expected, sizeof expected, "unix:%s", path);
	assert_string_equal(set.sockets[0].address, expected);
	snprintf(expected, sizeof expected, "tcp:127.0.0.1:%u", port);
	assert_string_equal(set.sockets[1].address, expected);
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDNAMES"));
}

static void an_abstract_name_is_written_with_an_at_sign(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1,
			   "leat-%d", (int)getpid());
	char expected[128];

	(void)state;
	bind(fd, (struct sockaddr *)&name,
	     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			 (size_t)len));
	listen(fd, 5);
	pass("1", NULL);
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_TAKEN);
	snprintf(expected, sizeof expected, "unix:@leat-%d", (int)getpid());
	assert_string_equal(set.sockets[0].address, expected);
}

static void what_was_passed_to_another_process_is_not_ours(void **state)
{
	int fd = make_unix(SOCK_STREAM, true);

	(void)state;
	pass("1", NULL);
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_NONE);
	assert_int_equal(set.count, 0);
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_null(getenv("LISTEN_FDS"));
}

static void nothing_passed_is_nothing_taken(void **state)
{
	(void)state;
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_NONE);
	pass("0", NULL);
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_NONE);
}

static void assert_refused(const char *count, const char *names,
			   const char *why)
{
	pass(count, names);
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_BAD);
	assert_int_equal(set.count, 0);
	if (!strstr(set.error, why))
		fail_msg("\"%s\" does not say \"%s\"", set.error, why);
}

static void what_does_not_listen_is_refused_by_its_name(void **state)
{
	(void)state;
	make_unix(SOCK_STREAM, false);
	assert_refused("1", "leat.socket", "leat.socket");
	assert_refused("1", "leat.socket", "Accept=no");
}

static void a_datagram_socket_is_refused(void **state)
{
	(void)state;
	make_unix(SOCK_DGRAM, false);
	assert_refused("1", NULL, "ListenStream=");
	assert_refused("1", NULL, "descriptor 3");
}

static void the_name_of_the_second_is_the_second_name(void **state)
{
	(void)state;
	make_unix(SOCK_STREAM, true);
	assert_int_equal(open("/dev/null", O_RDONLY), 4);
	assert_refused("2", "first:second", "second");
	assert_refused("2", "first", "descriptor 4");
}

static void a_closed_descriptor_is_refused(void **state)
{
	(void)state;
	assert_refused("1", NULL, "Bad file descriptor");
}

static void too_many_or_no_number_is_refused(void **state)
{
	(void)state;
	assert_refused("9", NULL, "at most 8");
	assert_refused("-1", NULL, "not a number");
	assert_refused("99999999999999999999", NULL, "not a number");
}

static void a_remote_port_needs_the_configurations_leave(void **state)
{
	uint16_t port;

	(void)state;
	make_tcp(INADDR_ANY, &port);
	assert_refused("1", NULL, "not a loopback address");
	pass("1", NULL);
	assert_int_equal(listen_passed_take(&set, true), LISTEN_PASSED_TAKEN);
}

static void a_worker_is_told_that_it_was_passed(void **state)
{
	char text[LISTEN_TEXT_SIZE];
	struct listen_socket seen;

	(void)state;
	make_unix(SOCK_STREAM, true);
	pass("1", NULL);
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_TAKEN);
	listen_print(&set.sockets[0], text);
	assert_true(listen_parse(&seen, text, "/tmp"));
	assert_true(seen.is_passed);
	assert_int_equal(seen.fd, 3);
	assert_string_equal(seen.address, set.sockets[0].address);
	assert_string_equal(seen.path, "");
	assert_string_equal(seen.lock_path, "");
	assert_true(listen_is_replaced(&seen));
}

static void stopping_leaves_the_path_alone(void **state)
{
	struct stat status;

	(void)state;
	make_unix(SOCK_STREAM, true);
	pass("1", NULL);
	assert_int_equal(listen_passed_take(&set, false), LISTEN_PASSED_TAKEN);
	listen_stop(&set);
	assert_int_equal(fcntl(3, F_GETFD), -1);
	assert_int_equal(lstat(path, &status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(what_was_passed_is_taken_non_blocking_and_close_on_exec),
	    TEST(an_abstract_name_is_written_with_an_at_sign),
	    TEST(what_was_passed_to_another_process_is_not_ours),
	    TEST(nothing_passed_is_nothing_taken),
	    TEST(what_does_not_listen_is_refused_by_its_name),
	    TEST(a_datagram_socket_is_refused),
	    TEST(the_name_of_the_second_is_the_second_name),
	    TEST(a_closed_descriptor_is_refused),
	    TEST(too_many_or_no_number_is_refused),
	    TEST(a_remote_port_needs_the_configurations_leave),
	    TEST(a_worker_is_told_that_it_was_passed),
	    TEST(stopping_leaves_the_path_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
