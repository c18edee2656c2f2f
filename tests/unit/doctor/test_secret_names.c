/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/secret_names.h"

static const struct secret_name *find(const struct secret_names *names,
				      const char *url)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->items[i].url, url))
			return &names->items[i];
	return NULL;
}

static void usual_names_are_tried_at_the_root_the_mount_and_between(
    void **state)
{
	struct secret_names *names =
	    secret_names_new("https://a.example", "/docs/ask");

	(void)state;
	secret_names_add_usual(names);
	assert_non_null(find(names, "https://a.example/leat.conf"));
	assert_non_null(find(names, "https://a.example/docs/leat.conf"));
	assert_non_null(find(names, "https://a.example/docs/ask/leat.conf"));
	assert_non_null(find(names, "https://a.example/cgi-bin/.env"));
	assert_non_null(find(names, "https://a.example/leat/leat.conf~"));
	assert_int_equal(find(names, "https://a.example/openai.key")->expected,
			 SECRET_KEY);
	secret_names_free(names);
}

static void a_mount_at_the_root_is_not_asked_twice(void **state)
{
	struct secret_names *names = secret_names_new("http://a", "");
	size_t count = 0;

	(void)state;
	secret_names_add_usual(names);
	for (size_t i = 0; i < names->count; i++)
		count += !strcmp(names->items[i].url, "http://a/leat.conf");
	assert_int_equal(count, 1);
	secret_names_free(names);
}

static void a_file_is_tried_by_every_tail_of_its_path(void **state)
{
	struct secret_file file = {"a key", "/srv/www/my site/open%ai.key"};
	struct secret_names *names = secret_names_new("http://a", "/ask");

	(void)state;
	secret_names_add_file(names, &file);
	assert_int_equal(names->count, 8);
	assert_non_null(find(names, "http://a/open%25ai.key"));
	assert_non_null(find(names, "http://a/my%20site/open%25ai.key"));
	assert_non_null(
	    find(names, "http://a/ask/www/my%20site/open%25ai.key"));
	assert_ptr_equal(
	    find(names, "http://a/srv/www/my%20site/open%25ai.key")->file,
	    &file);
	secret_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		usual_names_are_tried_at_the_root_the_mount_and_between),
	    cmocka_unit_test(a_mount_at_the_root_is_not_asked_twice),
	    cmocka_unit_test(a_file_is_tried_by_every_tail_of_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
