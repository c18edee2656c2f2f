/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/quoter.h"
#include "fake_loop.h"
#include "provider/extractive.h"
#include "transcript.h"

/* A quoter that says what the test put into it. */
struct fake_quoter {
	struct quoter quoter;
	struct quotation quotation;
	int asked;
};

struct fixture {
	struct loop *loop;
	struct fake_quoter quoter;
	struct provider *provider;
	struct ask *ask;
	struct transcript transcript;
};

static void quote(struct quoter *quoter, const struct ask *ask,
		  struct arena *arena, struct quotation *out)
{
	struct fake_quoter *fake = (struct fake_quoter *)quoter;

	assert_non_null(ask);
	assert_non_null(arena);
	fake->asked++;
	*out = fake->quotation;
}

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture.loop = fake_loop_new();
	fixture.quoter = (struct fake_quoter){.quoter = {.quote = quote}};
	fixture.provider =
	    extractive_new(fixture.loop, &fixture.quoter.quoter, "quotes");
	fixture.ask = ask_new();
	fixture.ask->was_searched = true;
	transcript_init(&fixture.transcript);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fixture->provider->ops->free(fixture->provider);
	ask_free(fixture->ask);
	transcript_fini(&fixture->transcript);
	fake_loop_free(fixture->loop);
	return 0;
}

static struct provider_call *start(struct fixture *fixture)
{
	return fixture->provider->ops->start(fixture->provider, fixture->ask,
					     SLICE_NONE,
					     &fixture->transcript.sink);
}

static void expect(struct fixture *fixture, const char *expected)
{
	start(fixture);
	fake_loop_advance(fixture->loop, 0);
	assert_string_equal(transcript_take(&fixture->transcript), expected);
	assert_int_equal(fixture->transcript.endings, 1);
}

static void sentences_are_quoted_with_marks(void **state)
{
	struct fixture *fixture = *state;
	struct quote quotes[] = {
	    {SLICE_LITERAL("First."), 0, false},
	    {SLICE_LITERAL("Second."), 0, false},
	    {SLICE_LITERAL("Third."), 2, false},
	};

	fixture->quoter.quotation =
	    (struct quotation){QUOTE_DIRECT, quotes, 3, SLICE_NONE};
	expect(fixture,
	       "content From this site's documents:\n\n\n"
	       "content First.\n"
	       "content  Second. [1]\n"
	       "content \n\nThird. [3]\n"
	       "content \n\nQuoted from this site; no AI model was used.\n"
	       "ok stop  quotes/extractive 0/0\n");
}

static void lists_and_code_stand_on_lines_of_their_own(void **state)
{
	struct fixture *fixture = *state;
	struct quote quotes[] = {
	    {SLICE_LITERAL("Do this:"), 1, false},
	    {SLICE_LITERAL("a2enmod ssl"), 1, true},
	};

	fixture->quoter.quotation =
	    (struct quotation){QUOTE_CLOSEST, quotes, 2, SLICE_NONE};
	expect(fixture,
	       "content The documents of this site do not answer this directly."
	       " The closest passages are:\n\n\n"
	       "content Do this:\n"
	       "content \na2enmod ssl\n[2]\n"
	       "content \n\nQuoted from this site; no AI model was used.\n"
	       "ok stop  quotes/extractive 0/0\n");
}

static void it_says_so_when_nothing_fits(void **state)
{
	struct fixture *fixture = *state;

	fixture->quoter.quotation.search_words = SLICE_LITERAL("unicorn, farm");
	expect(
	    fixture,
	    "content Nothing in the documents of this site fits this "
	    "question. Looked for: unicorn, farm. Other words may find more. "
	    "No AI model was used.\n"
	    "ok stop  quotes/extractive 0/0\n");
}

static void it_does_not_say_so_when_nobody_searched(void **state)
{
	struct fixture *fixture = *state;

	fixture->ask->was_searched = false;
	expect(fixture,
	       "content The documents of this site were not searched for this "
	       "question, so there is nothing to quote. No AI model was used.\n"
	       "ok stop  quotes/extractive 0/0\n");
	assert_int_equal(fixture->quoter.asked, 0);
}

static void nothing_happens_inside_start(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	assert_string_equal(buffer_string(&fixture->transcript.text), "");
	assert_int_equal(fixture->quoter.asked, 0);
	fake_loop_advance(fixture->loop, 0);
	assert_int_equal(fixture->quoter.asked, 1);
}

static void a_cancelled_call_quotes_nothing_but_ends(void **state)
{
	struct fixture *fixture = *state;
	struct provider_call *call = start(fixture);

	fixture->provider->ops->cancel(call);
	assert_int_equal(fixture->transcript.endings, 0);
	fake_loop_advance(fixture->loop, 0);
	assert_string_equal(transcript_take(&fixture->transcript),
			    "cancelled retryable\n");
	assert_int_equal(fixture->quoter.asked, 0);
}

static void a_sink_that_wants_no_more_gets_no_more(void **state)
{
	struct fixture *fixture = *state;

	fixture->transcript.events_left = 1;
	fixture->quoter.quotation = (struct quotation){
	    QUOTE_DIRECT, &(struct quote){SLICE_LITERAL("A."), 0, false}, 1,
	    SLICE_NONE};
	expect(fixture, "content From this site's documents:\n\n\n"
			"cancelled retryable\n");
}

static void only_its_own_model_may_be_asked_for(void **state)
{
	struct fixture *fixture = *state;
	const struct provider *provider = fixture->provider;

	assert_true(provider->ops->allows_model(provider, SLICE_NONE));
	assert_true(
	    provider->ops->allows_model(provider, SLICE_LITERAL("extractive")));
	assert_false(
	    provider->ops->allows_model(provider, SLICE_LITERAL("gpt")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sentences_are_quoted_with_marks),
	    TEST(lists_and_code_stand_on_lines_of_their_own),
	    TEST(it_says_so_when_nothing_fits),
	    TEST(it_does_not_say_so_when_nobody_searched),
	    TEST(nothing_happens_inside_start),
	    TEST(a_cancelled_call_quotes_nothing_but_ends),
	    TEST(a_sink_that_wants_no_more_gets_no_more),
	    TEST(only_its_own_model_may_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
