/* SPDX-License-Identifier: ISC */
#include "pool/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[96];
static int manager = -1;
static struct notify notify;

static void bind_manager(const char *name, size_t len)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, name, len);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
	    bind(manager, (struct sockaddr *)&un,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/test-notify-%d", (int)getpid());
	unlink(path);
	bind_manager(path, strlen(path) + 1);
	setenv("NOTIFY_SOCKET", path, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(manager);
	unlink(path);
	notify_forget();
	return 0;
}

/* The next datagram; "": there is none. */
static const char *heard(void)
{
	static char text[1024];
	ssize_t len = recv(manager, text, sizeof text - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void readiness_is_told_with_a_status(void **state)
{
	(void)state;
	notify_init(&notify);
	notify_ready(&notify, 0, "Serving");
	assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
	notify_stopping(&notify, 0, "Draining");
	assert_string_equal(heard(), "STOPPING=1\nSTATUS=Draining");
	assert_string_equal(heard(), "");
}

static void a_reload_is_told_with_the_time(void **state)
{
	unsigned long long when;

	(void)state;
	notify_init(&notify);
	notify_reloading(&notify);
	assert_int_equal(
	    sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%llu\n", &when), 1);
	assert_true(when > 0);
}

static void an_abstract_socket_is_reached(void **state)
{
	char name[64] = "";
	int len = snprintf(name + 1, sizeof name - 1, "test-notify-%d",
			   (int)getpid());
	char variable[64];

	(void)state;
	close(manager);
	bind_manager(name, (size_t)len + 1);
	snprintf(variable, sizeof variable, "@%s", name + 1);
	setenv("NOTIFY_SOCKET", variable, 1);
	notify_init(&notify);
	notify_ready(&notify, 0, "Serving");
	assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
}

static void a_new_status_is_told_at_most_every_ten_seconds(void **state)
{
	(void)state;
	notify_init(&notify);
	notify_ready(&notify, 1000, "Serving: 1");
	heard();
	notify_tick(&notify, 2000, "Serving: 2");
	notify_tick(&notify, 10999, "Serving: 3");
	assert_string_equal(heard(), "");
	notify_tick(&notify, 11000, "Serving: 4");
	assert_string_equal(heard(), "STATUS=Serving: 4");
	notify_tick(&notify, 30000, "Serving: 4");
	assert_string_equal(heard(), "");
}

static void a_watchdog_is_fed_only_if_it_is_ours(void **state)
{
	char pid[16];

	(void)state;
	setenv("WATCHDOG_USEC", "20000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_init(&notify);
	notify_tick(&notify, 0, "");
	assert_string_equal(heard(), "");
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	notify_init(&notify);
	notify_tick(&notify, 0, "");
	assert_string_equal(heard(), "WATCHDOG=1");
}

static void readiness_that_found_no_room_is_told_again(void **state)
{
	(void)state;
	notify_init(&notify);
	for (int i = 0; i < 5000 && !notify.owes_ready; i++)
		notify_ready(&notify, 0, "Serving");
	assert_true(notify.owes_ready);
	while (heard()[0])
		continue;
	notify_tick(&notify, 1000, "Serving");
	assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
	assert_false(notify.owes_ready);
}

static void without_a_manager_nothing_is_sent(void **state)
{
	static const char *const names[] = {"", "@", "relative", "vsock:2:3"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_init(&notify);
		assert_int_equal(notify.len, 0);
		notify_ready(&notify, 0, "Serving");
		notify_reloading(&notify);
		notify_tick(&notify, 0, "Serving");
		notify_stopping(&notify, 0, "Draining");
	}
	notify_forget();
	notify_init(&notify);
	assert_int_equal(notify.len, 0);
	assert_string_equal(heard(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(readiness_is_told_with_a_status),
	    TEST(a_reload_is_told_with_the_time),
	    TEST(an_abstract_socket_is_reached),
	    TEST(a_new_status_is_told_at_most_every_ten_seconds),
	    TEST(a_watchdog_is_fed_only_if_it_is_ours),
	    TEST(readiness_that_found_no_room_is_told_again),
	    TEST(without_a_manager_nothing_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
