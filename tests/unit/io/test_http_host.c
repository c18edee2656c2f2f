/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_loop.h"
#include "io/http_host.h"

enum { WAITS = 4 };

struct waiter {
	struct http_host_wait wait;
	int answers;
	char line[200]; /* or why not */
};

static struct loop *loop;
static struct http_hosts hosts;
static struct waiter waiters[WAITS];

static void on_addresses(struct http_host_wait *wait,
			 struct http_addresses *addresses, const char *detail)
{
	struct waiter *waiter = LIST_ENTRY(wait, struct waiter, wait);

	waiter->answers++;
	snprintf(waiter->line, sizeof waiter->line, "%s",
		 addresses ? addresses->line : detail);
	http_addresses_unref(addresses);
}

static int set_up(void **state)
{
	(void)state;
	loop = fake_loop_new();
	http_hosts_init(&hosts, loop);
	memset(waiters, 0, sizeof waiters);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_hosts_fini(&hosts);
	fake_loop_free(loop);
	return 0;
}

/* The addresses known at once, or "". */
static const char *ask(int i, const char *host)
{
	struct http_addresses *addresses;

	waiters[i].wait.on_addresses = on_addresses;
	addresses = http_host_ask(&hosts, host, "443", &waiters[i].wait);
	if (!addresses)
		return "";
	snprintf(waiters[i].line, sizeof waiters[i].line, "%s",
		 addresses->line);
	http_addresses_unref(addresses);
	return waiters[i].line;
}

static void only_real_names_are_looked_up(void **state)
{
	static const char *const no[] = {"127.0.0.1",
					 "[::1]",
					 "localhost",
					 "LocalHost",
					 "a.localhost",
					 ("b\xC3\xBC"
					  "cher.example")};
	static const char *const yes[] = {"example.org", "localhost.org",
					  "10.example", "notlocalhost"};

	(void)state;
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(http_host_needs_lookup(no[i]));
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(http_host_needs_lookup(yes[i]));
}

static void many_askers_share_one_lookup(void **state)
{
	(void)state;
	for (int i = 0; i < WAITS; i++)
		assert_string_equal(ask(i, "a.example"), "");
	assert_int_equal(fake_loop_lookups(loop), 1);
	fake_loop_answer(loop, 0, "192.0.2.1");
	for (int i = 0; i < WAITS; i++) {
		assert_int_equal(waiters[i].answers, 1);
		assert_string_equal(waiters[i].line,
				    "a.example:443:192.0.2.1,[::1]");
	}
}

static void an_answer_is_kept_for_a_minute(void **state)
{
	(void)state;
	ask(0, "a.example");
	fake_loop_answer(loop, 0, "192.0.2.1");
	fake_loop_advance(loop, 59999);
	assert_string_equal(ask(1, "a.example"),
			    "a.example:443:192.0.2.1,[::1]");
	assert_int_equal(fake_loop_lookups(loop), 1);
	fake_loop_advance(loop, 1);
	assert_string_equal(ask(2, "a.example"), "");
	assert_int_equal(fake_loop_lookups(loop), 2);
	fake_loop_answer(loop, 0, "192.0.2.2");
	assert_string_equal(waiters[2].line, "a.example:443:192.0.2.2,[::1]");
}

static void a_failure_is_kept_for_a_second_and_told_from_the_loop(void **state)
{
	(void)state;
	ask(0, "a.example");
	fake_loop_answer(loop, -3008, NULL);
	assert_string_equal(waiters[0].line, "a lookup's error");
	ask(1, "a.example");
	assert_int_equal(waiters[1].answers, 0);
	fake_loop_advance(loop, 0);
	assert_int_equal(waiters[1].answers, 1);
	assert_int_equal(fake_loop_lookups(loop), 1);
	fake_loop_advance(loop, 1000);
	ask(2, "a.example");
	assert_int_equal(fake_loop_lookups(loop), 2);
	fake_loop_answer(loop, 0, "192.0.2.1");
	assert_int_equal(waiters[2].answers, 1);
}

static void who_leaves_is_not_called(void **state)
{
	(void)state;
	ask(0, "a.example");
	ask(1, "a.example");
	http_host_leave(&waiters[0].wait);
	fake_loop_answer(loop, 0, "192.0.2.1");
	assert_int_equal(waiters[0].answers, 0);
	assert_int_equal(waiters[1].answers, 1);
	http_host_leave(&waiters[1].wait);
}

static void the_oldest_name_is_forgotten_when_there_are_too_many(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < HTTP_HOST_MAX + 1; i++) {
		snprintf(name, sizeof name, "host%d.example", i);
		ask(0, name);
		fake_loop_answer(loop, 0, "192.0.2.1");
	}
	assert_int_equal(hosts.count, HTTP_HOST_MAX);
	assert_string_not_equal(ask(0, "host1.example"), "");
	assert_string_equal(ask(1, "host0.example"), "");
	fake_loop_answer(loop, 0, "192.0.2.1");
}

static void a_lookup_under_way_ends_with_the_client(void **state)
{
	(void)state;
	ask(0, "a.example");
	http_host_leave(&waiters[0].wait);
	/* tear_down fails when it, or the timer, is still there. */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(only_real_names_are_looked_up),
	    TEST(many_askers_share_one_lookup),
	    TEST(an_answer_is_kept_for_a_minute),
	    TEST(a_failure_is_kept_for_a_second_and_told_from_the_loop),
	    TEST(who_leaves_is_not_called),
	    TEST(the_oldest_name_is_forgotten_when_there_are_too_many),
	    TEST(a_lookup_under_way_ends_with_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
