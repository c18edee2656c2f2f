/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "context/site_retriever.h"
#include "context/text_analysis.h"
#include "context/word_weights.h"
#include "io/loop.h"
#include "scratch.h"

/* Without md4c, Markdown is plain text and headings have no anchors. */
#ifdef HAVE_MD4C
#define TEA_ANCHOR "#tea"
#else
#define TEA_ANCHOR ""
#endif

struct fixture {
	struct loop *loop;
	struct word_weights *weights;
	struct retriever *retriever;
	struct arena arena;
	unsigned done;	/* how often on_done came */
	bool is_inside; /* start() or cancel() */
	struct retrieval_result result;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct site_retriever_options options = {.look_every_ms = 1};

	memset(&fixture, 0, sizeof(fixture));
	scratch_open();
	fixture.loop = loop_new();
	fixture.weights = word_weights_new();
	options.path = scratch_path("index.db");
	options.weights = fixture.weights;
	fixture.retriever = site_retriever_new(fixture.loop, &options);
	arena_init(&fixture.arena);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fixture->retriever->ops->free(fixture->retriever);
	word_weights_free(fixture->weights);
	arena_fini(&fixture->arena);
	loop_free(fixture->loop);
	scratch_close();
	return 0;
}

static void on_done(void *state, const struct retrieval_result *result)
{
	struct fixture *fixture = state;

	assert_false(fixture->is_inside);
	fixture->done++;
	fixture->result = *result;
	loop_stop(fixture->loop);
}

static struct retrieval *start(struct fixture *fixture,
			       const struct retrieval_ask *ask)
{
	struct retrieval *retrieval;

	fixture->done = 0;
	fixture->is_inside = true;
	retrieval = fixture->retriever->ops->start(
	    fixture->retriever, ask, &fixture->arena, on_done, fixture);
	fixture->is_inside = false;
	return retrieval;
}

static void search(struct fixture *fixture, const char *query)
{
	struct retrieval_ask ask = {.query = slice_of(query)};

	start(fixture, &ask);
	loop_run(fixture->loop);
	assert_int_equal(fixture->done, 1);
}

static void on_timer(void *state)
{
	loop_stop(state);
}

/* Lets the loop's time go on. */
static void wait_ms(struct fixture *fixture, unsigned ms)
{
	struct timer timer;

	timer_init(&timer, fixture->loop, on_timer, fixture->loop);
	timer_start(&timer, ms);
	loop_run(fixture->loop);
}

static void write_site(void)
{
	scratch_write(
	    "site/brew.md",
	    "# Brewing\n\n## Tea\n\nSteep the leaves for four minutes.\n\n"
	    "## Coffee\n\nGrind the beans just before brewing.\n");
	scratch_write(
	    "site/clean.md",
	    "# Cleaning\n\nRinse the kettle with vinegar every month.\n");
	assert_true(scratch_build(NULL));
}

static void assert_slice(struct slice slice, const char *expected)
{
	assert_int_equal(slice.len, strlen(expected));
	assert_memory_equal(slice.data, expected, slice.len);
}

static void a_question_finds_the_passage_with_its_address(void **state)
{
	struct fixture *fixture = *state;

	write_site();
	search(fixture, "How long must tea leaves steep?");
	assert_true(fixture->result.is_ok);
	assert_true(fixture->result.passage_count >= 1);
	assert_slice(fixture->result.passages[0].text,
		     "Steep the leaves for four minutes.");
	assert_slice(fixture->result.passages[0].title, "Brewing");
	assert_slice(fixture->result.passages[0].heading, "Tea");
	assert_slice(fixture->result.passages[0].url,
		     "https://example.org/brew.md" TEA_ANCHOR);
	assert_slice(fixture->result.passages[0].language, "en");
	assert_true(fixture->result.passages[0].score > 0);
	assert_true(fixture->result.passages[0].confidence > 0);
}

static void without_an_index_the_fault_says_so(void **state)
{
	struct fixture *fixture = *state;
	const char *why = NULL;

	search(fixture, "anything");
	assert_false(fixture->result.is_ok);
	assert_int_equal(fixture->result.fault.code, ERROR_CONTEXT_FAILED);
	assert_non_null(strstr(fixture->result.fault.hint, "no index yet"));
	assert_int_equal(
	    fixture->retriever->ops->size(fixture->retriever, &why), -1);
	assert_non_null(strstr(why, "no index yet"));
	assert_int_equal(
	    fixture->retriever->ops->size(fixture->retriever, NULL), -1);
}

static void a_broken_index_is_a_fault_and_a_new_one_heals_it(void **state)
{
	struct fixture *fixture = *state;
	const char *why = NULL;

	scratch_write("index.db", "this is no database, whatever its name");
	search(fixture, "tea");
	assert_false(fixture->result.is_ok);
	assert_non_null(strstr(fixture->result.fault.hint, "damaged"));
	assert_int_equal(
	    fixture->retriever->ops->size(fixture->retriever, &why), -1);
	assert_non_null(strstr(why, "damaged"));
	write_site();
	wait_ms(fixture, 5);
	search(fixture, "tea");
	assert_true(fixture->result.is_ok);
	assert_int_equal(
	    fixture->retriever->ops->size(fixture->retriever, &why), 3);
	assert_null(why);
}

static void a_new_index_is_noticed_while_the_old_one_is_open(void **state)
{
	struct fixture *fixture = *state;

	write_site();
	search(fixture, "samovar");
	assert_int_equal(fixture->result.passage_count, 0);
	scratch_write("site/samovar.md", "# Samovar\n\nLight the charcoal.\n");
	assert_true(scratch_build(NULL));
	wait_ms(fixture, 5);
	search(fixture, "samovar");
	assert_int_equal(fixture->result.passage_count, 1);
	assert_int_equal(
	    fixture->retriever->ops->size(fixture->retriever, NULL), 4);
	unlink(scratch_path("index.db"));
	wait_ms(fixture, 5);
	search(fixture, "samovar");
	assert_false(fixture->result.is_ok);
}

static void a_cancelled_search_still_reports_once(void **state)
{
	struct fixture *fixture = *state;
	struct retrieval_ask ask = {.query = SLICE_LITERAL("tea leaves")};
	struct retrieval *retrieval;

	write_site();
	retrieval = start(fixture, &ask);
	fixture->is_inside = true;
	fixture->retriever->ops->cancel(retrieval);
	fixture->is_inside = false;
	loop_run(fixture->loop);
	assert_int_equal(fixture->done, 1);
	assert_false(fixture->result.is_ok);
	assert_int_equal(fixture->result.fault.code, ERROR_CANCELLED);
}

static void too_many_searches_are_refused_from_the_loop(void **state)
{
	struct fixture *fixture = *state;
	struct retrieval_ask ask = {.query = SLICE_LITERAL("tea")};
	unsigned refused = 0;

	write_site();
	for (int i = 0; i < 300; i++)
		start(fixture, &ask);
	fixture->done = 0;
	while (fixture->done < 300) {
		loop_run(fixture->loop);
		if (!fixture->result.is_ok)
			refused++;
	}
	assert_int_equal(fixture->done, 300);
	assert_true(refused > 0);
}

static void limits_of_the_ask_are_kept(void **state)
{
	struct fixture *fixture = *state;
	struct retrieval_ask ask = {
	    .query = SLICE_LITERAL("brewing tea coffee kettle"),
	    .max_passages = 1};

	write_site();
	start(fixture, &ask);
	loop_run(fixture->loop);
	assert_int_equal(fixture->result.passage_count, 1);
	ask.max_passages = 0;
	ask.max_characters = 40;
	start(fixture, &ask);
	loop_run(fixture->loop);
	assert_int_equal(fixture->result.passage_count, 1);
	assert_true(fixture->result.passages[0].text.len <= 40);
}

static void a_follow_up_takes_its_topic_from_the_conversation(void **state)
{
	struct fixture *fixture = *state;
	struct message history[] = {
	    {ROLE_USER, SLICE_LITERAL("How do I make coffee?")},
	    {ROLE_ASSISTANT, SLICE_LITERAL("Grind the beans first.")}};
	struct retrieval_ask ask = {.query =
					SLICE_LITERAL("When should it be?"),
				    .history = history,
				    .history_count = 2};

	write_site();
	start(fixture, &ask);
	loop_run(fixture->loop);
	assert_true(fixture->result.is_ok);
	assert_true(fixture->result.passage_count >= 1);
	assert_slice(fixture->result.passages[0].heading, "Coffee");
}

static void near_duplicates_are_dropped(void **state)
{
	struct fixture *fixture = *state;
	const char *text = "# Copy\n\nThe dripper holds forty grams of coffee "
			   "and takes paper filters.\n";

	write_site();
	scratch_write("site/a.md", text);
	scratch_write("site/b.md", text);
	assert_true(scratch_build(NULL));
	search(fixture, "dripper paper filters");
	assert_int_equal(fixture->result.passage_count, 1);
}

/* What was learned of a word; negative: nothing. */
static double weight_of(struct fixture *fixture, const char *word)
{
	struct text_analysis *analysis = text_analysis_new();
	struct token_list list;
	double weight;

	text_analysis_init_list(&list);
	text_analysis_index(analysis, slice_of(word),
			    language_of_tag(SLICE_LITERAL("en")), &list);
	assert_int_equal(list.count, 1);
	weight = word_weights_get(fixture->weights,
				  text_analysis_token(&list, 0), -1);
	text_analysis_fini_list(&list);
	text_analysis_free(analysis);
	return weight;
}

static void the_words_of_a_question_are_weighed(void **state)
{
	struct fixture *fixture = *state;

	write_site();
	search(fixture, "vinegar brewing");
	assert_true(weight_of(fixture, "brewing") > 0);
	assert_true(weight_of(fixture, "vinegar") >
		    weight_of(fixture, "brewing"));
	assert_true(weight_of(fixture, "coffee") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_question_finds_the_passage_with_its_address),
	    TEST(without_an_index_the_fault_says_so),
	    TEST(a_broken_index_is_a_fault_and_a_new_one_heals_it),
	    TEST(a_new_index_is_noticed_while_the_old_one_is_open),
	    TEST(a_cancelled_search_still_reports_once),
	    TEST(too_many_searches_are_refused_from_the_loop),
	    TEST(limits_of_the_ask_are_kept),
	    TEST(a_follow_up_takes_its_topic_from_the_conversation),
	    TEST(near_duplicates_are_dropped),
	    TEST(the_words_of_a_question_are_weighed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
