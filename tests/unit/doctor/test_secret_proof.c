/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/secret_proof.h"

static enum secret_kind kind_of(const char *text, enum secret_kind expected)
{
	return secret_proof_of(slice_of(text), expected);
}

static void a_configuration_is_known_by_its_options(void **state)
{
	(void)state;
	assert_int_equal(kind_of("# leat\nlisten  = {\"unix:/run/leat.sock\"}\n"
				 "provider \"openai\" { kind = openai\n}\n",
				 SECRET_NONE),
			 SECRET_CONFIG);
	assert_int_equal(
	    kind_of("chat { providers = {\"a\"} }\ncontext {\n index = "
		    "\"x.db\"\n}",
		    SECRET_KEY),
	    SECRET_CONFIG);
}

static void a_page_about_the_configuration_is_none(void **state)
{
	(void)state;
	assert_int_equal(kind_of("<!doctype html>\nlisten = x\nworkers = 2\n",
				 SECRET_CONFIG),
			 SECRET_NONE);
	assert_int_equal(kind_of("To chat, listen. Workers of the world\n"
				 "model railways\n",
				 SECRET_CONFIG),
			 SECRET_NONE);
	/* One such line may stand in anybody's file. */
	assert_int_equal(kind_of("listen = 80\n", SECRET_CONFIG), SECRET_NONE);
	assert_int_equal(kind_of("listener = 80\nmodeled = 3\n", SECRET_CONFIG),
			 SECRET_NONE);
}

static void a_database_and_a_program_are_known_by_their_first_bytes(
    void **state)
{
	(void)state;
	assert_int_equal(
	    secret_proof_of(slice_make("SQLite format 3\0\20", 17), SECRET_KEY),
	    SECRET_INDEX);
	assert_int_equal(
	    kind_of("SQLite format 3 is a file format", SECRET_INDEX),
	    SECRET_NONE);
	assert_int_equal(kind_of("\177ELF\2\1\1", SECRET_NONE), SECRET_PROGRAM);
	assert_int_equal(kind_of("leatslot\2", SECRET_NONE), SECRET_SLOTS);
}

static void a_key_is_one_long_word_under_a_name_of_keys(void **state)
{
	(void)state;
	assert_int_equal(kind_of("0123456789abcdef0123\n", SECRET_KEY),
			 SECRET_KEY);
	assert_int_equal(kind_of("0123456789abcdef0123\n", SECRET_CONFIG),
			 SECRET_NONE);
	assert_int_equal(kind_of("sk-proj-0123456789abcdef\n", SECRET_NONE),
			 SECRET_KEY);
	assert_int_equal(kind_of("Not found.\n", SECRET_KEY), SECRET_NONE);
	assert_int_equal(kind_of("<!doctypehtml><title>x</title>", SECRET_KEY),
			 SECRET_NONE);
	assert_int_equal(kind_of("{\"error\":\"no_such_address\"}", SECRET_KEY),
			 SECRET_NONE);
	assert_int_equal(
	    kind_of("-----BEGIN EC PRIVATE KEY-----\n", SECRET_NONE),
	    SECRET_KEY);
}

static void an_environment_counts_only_with_a_secret_in_it(void **state)
{
	(void)state;
	assert_int_equal(kind_of("DEBUG=1\nexport OPENAI_API_KEY=sk-1\n",
				 SECRET_ENVIRONMENT),
			 SECRET_ENVIRONMENT);
	assert_int_equal(kind_of("DEBUG=1\n", SECRET_ENVIRONMENT), SECRET_NONE);
	assert_int_equal(kind_of("API_KEY=\n", SECRET_ENVIRONMENT),
			 SECRET_NONE);
}

static void logs_pids_and_passwords_have_their_form(void **state)
{
	(void)state;
	assert_int_equal(
	    kind_of("2026-11-21T09:00:00.123Z info worker 2 web: x",
		    SECRET_NONE),
	    SECRET_LOG);
	assert_int_equal(kind_of("2026-11-21 a day", SECRET_LOG), SECRET_NONE);
	assert_int_equal(kind_of("12345\n", SECRET_PID), SECRET_PID);
	assert_int_equal(kind_of("404 not found\n", SECRET_PID), SECRET_NONE);
	assert_int_equal(kind_of("me:$apr1$x$y\n", SECRET_PASSWORDS),
			 SECRET_PASSWORDS);
	assert_int_equal(kind_of("me: $apr1$ is a hash\n", SECRET_PASSWORDS),
			 SECRET_NONE);
}

static void the_same_file_needs_enough_bytes_to_be_no_accident(void **state)
{
	struct slice file = SLICE_LITERAL("a system prompt");

	(void)state;
	assert_true(secret_proof_is_same(
	    SLICE_LITERAL("a system prompt, and more"), file));
	assert_false(secret_proof_is_same(SLICE_LITERAL("a system pro"), file));
	assert_false(
	    secret_proof_is_same(SLICE_LITERAL("a system failure"), file));
	assert_false(secret_proof_is_same(SLICE_LITERAL("ok, then"),
					  SLICE_LITERAL("ok")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_configuration_is_known_by_its_options),
	    cmocka_unit_test(a_page_about_the_configuration_is_none),
	    cmocka_unit_test(
		a_database_and_a_program_are_known_by_their_first_bytes),
	    cmocka_unit_test(a_key_is_one_long_word_under_a_name_of_keys),
	    cmocka_unit_test(an_environment_counts_only_with_a_secret_in_it),
	    cmocka_unit_test(logs_pids_and_passwords_have_their_form),
	    cmocka_unit_test(
		the_same_file_needs_enough_bytes_to_be_no_accident),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
