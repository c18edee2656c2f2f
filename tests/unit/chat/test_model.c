/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chat/model.h"
#include "scripted_provider.h"

static struct scripted_provider first;
static struct scripted_provider other;
static struct provider *providers[] = {&first.base, &other.base};
static struct chat_parts parts;

static int set_up(void **state)
{
	(void)state;
	scripted_provider_init(&first, "one");
	scripted_provider_init(&other, "two");
	first.allowed_model = "vendor/small";
	other.allowed_model = "big";
	parts = (struct chat_parts){.provider = &first.base,
				    .providers = providers,
				    .provider_count = 2};
	return 0;
}

static void expect(const char *wanted, const struct scripted_provider *chosen,
		   const char *model)
{
	struct provider *provider = NULL;
	struct slice got;
	struct fault fault;

	assert_true(
	    model_choose(&parts, slice_of(wanted), &provider, &got, &fault));
	assert_ptr_equal(provider, &chosen->base);
	assert_true(slice_is(got, model));
}

static void refuse(const char *wanted)
{
	struct provider *provider;
	struct slice got;
	struct fault fault;

	assert_false(
	    model_choose(&parts, slice_of(wanted), &provider, &got, &fault));
	assert_int_equal(fault.code, ERROR_MODEL_NOT_FOUND);
	/* What the client sent is the log's business. */
	assert_string_equal(fault.hint, "");
}

static void nothing_wanted_is_the_default(void **state)
{
	(void)state;
	expect("", &first, "");
}

static void a_providers_name_is_its_own_model(void **state)
{
	(void)state;
	expect("one", &first, "");
	expect("two", &other, "");
}

static void a_slash_names_provider_and_model(void **state)
{
	(void)state;
	expect("two/big", &other, "big");
	expect("two/", &other, "");
	refuse("two/small");
	refuse("one/big");
}

static void what_is_no_provider_is_the_defaults_model(void **state)
{
	(void)state;
	expect("vendor/small", &first, "vendor/small");
	refuse("vendor/large");
	refuse("big");
	refuse("/");
	refuse("/big");
	refuse("three");
}

static void an_address_is_never_a_model(void **state)
{
	(void)state;
	refuse("https://evil.example/v1");
}

#define EACH(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(nothing_wanted_is_the_default),
	    EACH(a_providers_name_is_its_own_model),
	    EACH(a_slash_names_provider_and_model),
	    EACH(what_is_no_provider_is_the_defaults_model),
	    EACH(an_address_is_never_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
