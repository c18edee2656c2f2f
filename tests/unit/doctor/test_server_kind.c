/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/server_kind.h"

static const struct server_signs plain = {.software = "nginx/1.22.1",
					  .process = "pool",
					  .protocol = "HTTP/1.1",
					  .server = "nginx",
					  .via = "",
					  .cf_ray = "",
					  .x_varnish = ""};

static void the_kind_follows_from_software_and_process(void **state)
{
	static const struct {
		const char *software;
		const char *process;
		enum server_kind kind;
	} rows[] = {
	    {"nginx/1.22.1", "pool", SERVER_NGINX},
	    {"nginx", "alone", SERVER_NGINX},
	    {"nginx/1.22.1", "cgi", SERVER_FCGIWRAP},
	    {"Apache/2.4.71 (Debian)", "pool", SERVER_APACHE_PROXY},
	    {"Apache", "alone", SERVER_APACHE_FCGID},
	    {"Apache/2.4.71", "cgi", SERVER_APACHE_CGI},
	    {"lighttpd/1.4.69", "pool", SERVER_LIGHTTPD},
	    {"lighttpd/1.4.69", "alone", SERVER_LIGHTTPD},
	    {"lighttpd/1.4.69", "cgi", SERVER_LIGHTTPD_CGI},
	    {"Caddy", "pool", SERVER_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct server_signs signs = plain;

		signs.software = rows[i].software;
		signs.process = rows[i].process;
		assert_int_equal(server_kind_of(&signs), rows[i].kind);
	}
}

static void without_software_the_header_decides(void **state)
{
	struct server_signs signs = plain;

	(void)state;
	signs.software = "";
	signs.server = "Apache";
	assert_int_equal(server_kind_of(&signs), SERVER_APACHE_PROXY);
}

static void nothing_stands_in_front_of_a_plain_server(void **state)
{
	struct server_signs signs = plain;

	(void)state;
	assert_int_equal(server_kind_front(&signs), FRONT_NONE);
	signs.is_https = signs.inner_https = true;
	signs.protocol = "HTTP/2.0";
	assert_int_equal(server_kind_front(&signs), FRONT_NONE);
}

static void a_front_is_seen_by_what_it_leaves_behind(void **state)
{
	struct server_signs signs = plain;

	(void)state;
	/* A default nginx speaks HTTP/1.0 to the next one. */
	signs.protocol = "HTTP/1.0";
	assert_int_equal(server_kind_front(&signs), FRONT_NGINX);
	signs = plain;
	signs.software = "Apache/2.4.71 (Debian)";
	assert_int_equal(server_kind_front(&signs), FRONT_NGINX);
	signs = plain;
	signs.is_https = true;
	assert_int_equal(server_kind_front(&signs), FRONT_NGINX);
	signs = plain;
	signs.server = "Apache";
	assert_int_equal(server_kind_front(&signs), FRONT_APACHE);
	signs = plain;
	signs.was_forwarded = true;
	signs.server = "";
	assert_int_equal(server_kind_front(&signs), FRONT_OTHER);
	signs = plain;
	signs.cf_ray = "8a";
	assert_int_equal(server_kind_front(&signs), FRONT_CLOUDFLARE);
	signs = plain;
	signs.via = "1.1 varnish (Varnish/7.1)";
	assert_int_equal(server_kind_front(&signs), FRONT_VARNISH);
	signs.via = "1.1 x.cloudfront.net (CloudFront)";
	assert_int_equal(server_kind_front(&signs), FRONT_CLOUDFRONT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_kind_follows_from_software_and_process),
	    cmocka_unit_test(without_software_the_header_decides),
	    cmocka_unit_test(nothing_stands_in_front_of_a_plain_server),
	    cmocka_unit_test(a_front_is_seen_by_what_it_leaves_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
