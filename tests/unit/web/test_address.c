/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/address.h"

static bool is_in(const char *address, const char *block)
{
	const char *const list[] = {block, NULL};

	return address_is_listed(slice_of(address), list);
}

static void an_address_is_itself(void **state)
{
	(void)state;
	assert_true(is_in("127.0.0.1", "127.0.0.1"));
	assert_false(is_in("127.0.0.2", "127.0.0.1"));
	assert_true(is_in("::1", "::1"));
	assert_true(is_in("0:0:0:0:0:0:0:1", "::1"));
	assert_false(is_in("::1", "127.0.0.1"));
	assert_false(is_in("127.0.0.1", "::1"));
}

static void a_block_ends_at_any_bit(void **state)
{
	(void)state;
	assert_true(is_in("10.255.0.1", "10.0.0.0/8"));
	assert_false(is_in("11.0.0.1", "10.0.0.0/8"));
	assert_true(is_in("192.168.1.127", "192.168.1.0/25"));
	assert_false(is_in("192.168.1.128", "192.168.1.0/25"));
	assert_true(is_in("192.168.1.129", "192.168.1.128/25"));
	assert_true(is_in("1.2.3.4", "1.2.3.4/32"));
	assert_false(is_in("1.2.3.5", "1.2.3.4/32"));
	assert_true(is_in("9.9.9.9", "0.0.0.0/0"));
	assert_false(is_in("::1", "0.0.0.0/0"));
	assert_true(is_in("2001:db8::1", "2001:db8::/32"));
	assert_false(is_in("2001:db9::1", "2001:db8::/32"));
	assert_true(is_in("2001:db8:0:ffff::1", "2001:db8:0:8000::/49"));
	assert_false(is_in("2001:db8:0:7fff::1", "2001:db8:0:8000::/49"));
}

static void mapped_ipv4_is_ipv4(void **state)
{
	(void)state;
	assert_true(is_in("::ffff:127.0.0.1", "127.0.0.0/8"));
	assert_true(is_in("127.0.0.1", "::ffff:127.0.0.1"));
	assert_true(is_in("10.1.2.3", "::ffff:10.0.0.0/8"));
}

static void nonsense_is_never_listed(void **state)
{
	static const char *const wrong[] = {"127.0.0.1/",
					    "127.0.0.1/33",
					    "127.0.0.1/x",
					    "127.0.0.1/-1",
					    "127.0.0.1/129",
					    "/8",
					    "",
					    "localhost",
					    "127.0.0.1/18446744073709551615"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (is_in("127.0.0.1", wrong[i]))
			fail_msg("%s lists 127.0.0.1", wrong[i]);
	assert_false(is_in("", "0.0.0.0/0"));
	assert_false(is_in("unix:", "0.0.0.0/0"));
	assert_false(is_in("127.0.0.1 ", "127.0.0.1"));
	assert_false(is_in("127.0.0.1", "::/129"));
}

static void a_list_is_searched_to_its_end(void **state)
{
	static const char *const list[] = {"nonsense", "::1", "10.0.0.0/8",
					   NULL};
	static const char *const empty[] = {NULL};

	(void)state;
	assert_true(address_is_listed(SLICE_LITERAL("10.0.0.1"), list));
	assert_false(address_is_listed(SLICE_LITERAL("12.0.0.1"), list));
	assert_false(address_is_listed(SLICE_LITERAL("::1"), empty));
}

static void expect_client(const char *remote, const char *forwarded,
			  const char *wanted)
{
	static const char *const proxies[] = {"127.0.0.1", "10.0.0.0/8", NULL};
	struct slice got =
	    address_of_client(slice_of(remote), slice_of(forwarded), proxies);

	if (!slice_is(got, wanted))
		fail_msg("\"%s\" through \"%s\" is \"%.*s\", not \"%s\"",
			 forwarded, remote, (int)got.len,
			 got.len ? got.data : "", wanted);
}

static void the_client_is_the_last_hop_that_no_proxy_wrote(void **state)
{
	(void)state;
	expect_client("5.5.5.5", "", "5.5.5.5");
	expect_client("127.0.0.1", "", "127.0.0.1");
	expect_client("127.0.0.1", "5.5.5.5", "5.5.5.5");
	expect_client("127.0.0.1", "5.5.5.5, 10.1.1.1", "5.5.5.5");
	expect_client("127.0.0.1", "6.6.6.6,5.5.5.5 ,\t10.1.1.1", "5.5.5.5");
	expect_client("127.0.0.1", "10.2.2.2, 10.1.1.1", "10.2.2.2");
}

static void what_a_stranger_claims_is_not_believed(void **state)
{
	(void)state;
	expect_client("5.5.5.5", "127.0.0.1", "5.5.5.5");
	expect_client("127.0.0.1", "127.0.0.1, 5.5.5.5", "5.5.5.5");
	expect_client("127.0.0.1", "1.1.1.1, nonsense", "nonsense");
}

static void ports_that_proxies_write_are_ignored(void **state)
{
	(void)state;
	assert_true(is_in("127.0.0.1:5000", "127.0.0.1"));
	assert_true(is_in("[::1]:5000", "::1"));
	assert_true(is_in("[::1]", "::1"));
	assert_int_equal(address_key(SLICE_LITERAL("5.5.5.5:1")),
			 address_key(SLICE_LITERAL("5.5.5.5:2")));
	expect_client("127.0.0.1", "5.5.5.5, 10.1.1.1:80", "5.5.5.5");
	assert_false(is_in("[::1", "::1"));
}

static void an_ipv6_client_counts_by_its_network(void **state)
{
	uint64_t key = address_key(SLICE_LITERAL("2001:db8:1:2::3"));

	(void)state;
	assert_true(key != 0);
	assert_true(key == address_key(SLICE_LITERAL("2001:db8:1:2:ffff::9")));
	assert_true(key != address_key(SLICE_LITERAL("2001:db8:1:3::3")));
}

static void an_ipv4_client_counts_alone(void **state)
{
	uint64_t key = address_key(SLICE_LITERAL("1.2.3.4"));

	(void)state;
	assert_true(key != 0);
	assert_true(key == address_key(SLICE_LITERAL("::ffff:1.2.3.4")));
	assert_true(key != address_key(SLICE_LITERAL("1.2.3.5")));
	assert_int_equal(address_key(SLICE_LITERAL("unix:")), 0);
	assert_int_equal(address_key(SLICE_NONE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_itself),
	    cmocka_unit_test(a_block_ends_at_any_bit),
	    cmocka_unit_test(mapped_ipv4_is_ipv4),
	    cmocka_unit_test(nonsense_is_never_listed),
	    cmocka_unit_test(a_list_is_searched_to_its_end),
	    cmocka_unit_test(the_client_is_the_last_hop_that_no_proxy_wrote),
	    cmocka_unit_test(what_a_stranger_claims_is_not_believed),
	    cmocka_unit_test(ports_that_proxies_write_are_ignored),
	    cmocka_unit_test(an_ipv6_client_counts_by_its_network),
	    cmocka_unit_test(an_ipv4_client_counts_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
