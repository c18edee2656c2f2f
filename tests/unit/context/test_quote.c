/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "context/quote.h"
#include "context/word_weights.h"

static struct quoter *quoter;
static struct arena arena;
static struct passage passages[4];
static struct message messages[3];
static struct quotation quotation;

static int set_up(void **state)
{
	(void)state;
	quoter = quote_new(NULL);
	arena_init(&arena);
	memset(passages, 0, sizeof(passages));
	memset(&quotation, 0, sizeof(quotation));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	quoter->free(quoter);
	arena_fini(&arena);
	return 0;
}

static void give(size_t n, const char *heading, const char *text)
{
	passages[n].text = slice_of(text);
	passages[n].title = SLICE_LITERAL("Manual");
	passages[n].heading = slice_of(heading);
	passages[n].language = SLICE_LITERAL("en");
	passages[n].score = 10 - (double)n;
	passages[n].confidence = 1.5 - (double)n / 10;
}

static void ask_messages(size_t message_count, size_t passage_count)
{
	struct ask ask;

	memset(&ask, 0, sizeof(ask));
	ask.messages = messages;
	ask.message_count = message_count;
	ask.query = messages[message_count - 1].content;
	ask.passages = passages;
	ask.passage_count = passage_count;
	quoter->quote(quoter, &ask, &arena, &quotation);
}

static void ask(const char *question, size_t passage_count)
{
	messages[0] = (struct message){ROLE_USER, slice_of(question)};
	ask_messages(1, passage_count);
}

static void assert_quote(size_t n, size_t passage, const char *text)
{
	struct slice found;

	assert_true(n < quotation.count);
	found = quotation.quotes[n].text;
	assert_int_equal(quotation.quotes[n].passage, passage);
	assert_string_equal(arena_strndup(&arena, found.data, found.len), text);
}

static void the_sentence_that_answers_is_quoted(void **state)
{
	(void)state;
	give(0, "Timeouts",
	     "The server keeps connections open. The idle timeout is sixty "
	     "seconds. Clients may reconnect at any time.");
	ask("What is the idle timeout?", 1);
	assert_int_equal(quotation.confidence, QUOTE_DIRECT);
	assert_int_equal(quotation.count, 1);
	assert_quote(0, 0, "The idle timeout is sixty seconds.");
	assert_false(quotation.quotes[0].is_block);
	assert_string_equal(quotation.search_words.data, "idle, timeout");
}

static void quotes_point_into_the_passage(void **state)
{
	struct slice text;

	(void)state;
	give(0, "", "One thing. The  odd   spacing stays. Another.");
	ask("odd spacing", 1);
	text = quotation.quotes[0].text;
	assert_true(text.data >= passages[0].text.data &&
		    text.data + text.len <=
			passages[0].text.data + passages[0].text.len);
	assert_quote(0, 0, "The  odd   spacing stays.");
}

static void a_sentence_that_leans_back_brings_the_one_before(void **state)
{
	(void)state;
	give(0, "",
	     "Unrelated words stand here. The cache stores pages. It evicts "
	     "the oldest entries when full.");
	ask("Which entries are evicted when full?", 1);
	assert_quote(0, 0,
		     "The cache stores pages. It evicts the oldest entries "
		     "when full.");
}

static void how_to_questions_get_the_code_and_what_introduces_it(void **state)
{
	(void)state;
	give(0, "Enabling compression",
	     "Compression saves bandwidth.\n\nTo enable compression, add:\n\n"
	     "    gzip on;\n\n    gzip_types text/css;\n\nReload afterwards.");
	ask("How do I enable compression?", 1);
	assert_quote(0, 0,
		     "To enable compression, add:\n\n    gzip on;\n\n"
		     "    gzip_types text/css;");
	assert_true(quotation.quotes[0].is_block);
}

static void code_below_a_fitting_heading_beats_a_sentence(void **state)
{
	(void)state;
	give(0, "Set a quota",
	     "Each quota is kept for ever.\n\n    set quota alice 10G");
	ask("How do I set a quota?", 1);
	assert_quote(0, 0, "    set quota alice 10G");
	ask("What about a set quota?", 1);
	assert_quote(0, 0, "Each quota is kept for ever.");
}

static void a_list_is_quoted_whole_when_steps_are_asked_for(void **state)
{
	(void)state;
	give(0, "Installing the package",
	     "Follow these steps to install the package:\n\n"
	     "1. Download the package.\n2. Verify it.\n3. Run the setup.");
	ask("How to install the package?", 1);
	assert_quote(0, 0,
		     "Follow these steps to install the package:\n\n"
		     "1. Download the package.\n2. Verify it.\n"
		     "3. Run the setup.");
	assert_true(quotation.quotes[0].is_block);
}

static void one_item_is_quoted_when_a_fact_is_asked_for(void **state)
{
	(void)state;
	give(0, "Ports",
	     "- The web listener uses port 8080.\n"
	     "- The database listener uses port 5432.");
	ask("Which port does the database listener have?", 1);
	assert_quote(0, 0, "- The database listener uses port 5432.");
}

static void other_passages_add_what_is_new(void **state)
{
	(void)state;
	give(0, "", "The default port is 8080.");
	give(1, "", "The default port is 8080, as we said.");
	give(2, "", "Change the default port with the listen directive.");
	ask("default port", 3);
	assert_int_equal(quotation.count, 2);
	assert_quote(0, 0, "The default port is 8080.");
	assert_quote(1, 2,
		     "Change the default port with the listen directive.");
}

static void all_quotes_together_have_a_limit(void **state)
{
	char *text = memory_alloc(3000);
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < 2999; i++)
		text[i] = "port wins "[i % 10];
	text[2999] = '\0';
	for (size_t n = 0; n < 3; n++)
		give(n, "", text);
	ask("port", 3);
	assert_true(quotation.count > 0);
	for (size_t i = 0; i < quotation.count; i++)
		total += text_utf8_count(quotation.quotes[i].text.data,
					 quotation.quotes[i].text.len);
	assert_in_range(total, 200, 600);
	memory_free(text);
}

static void what_does_not_fit_is_not_called_an_answer(void **state)
{
	(void)state;
	give(0, "", "The default port is 8080.");
	passages[0].confidence = 0.6;
	ask("Which port should pigeons use?", 1);
	assert_int_equal(quotation.confidence, QUOTE_CLOSEST);
	assert_int_equal(quotation.count, 1);
	passages[0].confidence = 0.2;
	ask("Who won the cup?", 1);
	assert_int_equal(quotation.confidence, QUOTE_NOTHING);
	assert_int_equal(quotation.count, 0);
	assert_string_equal(quotation.search_words.data, "won, cup");
}

static void without_passages_there_is_nothing(void **state)
{
	(void)state;
	ask("anything", 0);
	assert_int_equal(quotation.confidence, QUOTE_NOTHING);
	assert_int_equal(quotation.count, 0);
}

static void a_follow_up_is_read_with_the_question_before(void **state)
{
	(void)state;
	give(0, "",
	     "Cookies expire after a day. Sessions expire after an hour. "
	     "Tokens never expire.");
	messages[0] =
	    (struct message){ROLE_USER, SLICE_LITERAL("How do sessions work?")};
	messages[1] =
	    (struct message){ROLE_ASSISTANT, SLICE_LITERAL("They are stored.")};
	messages[2] =
	    (struct message){ROLE_USER, SLICE_LITERAL("When do they expire?")};
	ask_messages(3, 1);
	assert_quote(0, 0, "Sessions expire after an hour.");
}

static void rare_words_decide(void **state)
{
	struct word_weights *weights = word_weights_new();

	(void)state;
	quoter->free(quoter);
	quoter = quote_new(weights);
	word_weights_put(weights, SLICE_LITERAL("port"), 0.1);
	word_weights_put(weights, SLICE_LITERAL("gzip"), 8);
	give(0, "", "The port is a port. Turn gzip off here.");
	ask("port gzip", 1);
	assert_quote(0, 0, "Turn gzip off here.");
	word_weights_free(weights);
}

static void chinese_and_arabic_are_quoted_by_sentence(void **state)
{
	(void)state;
	give(0, "", "服务器启动很快。默认端口是八千零八十。请重启。");
	passages[0].language = SLICE_LITERAL("zh");
	ask("默认端口是什么？", 1);
	assert_quote(0, 0, "默认端口是八千零八十。");
	give(0, "",
	     "يبدأ الخادم بسرعة. المنفذ الافتراضي هو 8080. أعد التشغيل.");
	passages[0].language = SLICE_LITERAL("ar");
	ask("ما هو المنفذ الافتراضي؟", 1);
	assert_quote(0, 0, "المنفذ الافتراضي هو 8080.");
}

/* Any question and any passage: quotes are valid UTF-8 and within it. */
static void nothing_surprises_it(void **state)
{
	static const char *const parts[] = {
	    "Word ", "wörter ", ". ",	    "\n",  "\n\n", "    ",
	    "- ",    "1. ",	" | ",	    "It ", ":",	   "。",
	    "端口",  "8080 ",	"العربية ", "A",   "\"",   "` "};
	char text[2000];

	(void)state;
	srand(9);
	for (int round = 0; round < 500; round++) {
		size_t len = 0;

		while (len < 1100) {
			const char *part =
			    parts[(size_t)rand() %
				  (sizeof(parts) / sizeof(parts[0]))];

			memcpy(text + len, part, strlen(part) + 1);
			len += strlen(part);
		}
		give(0, "Word", text);
		ask(round % 2 ? "How do I word 8080 端口?" : text + 500, 1);
		for (size_t i = 0; i < quotation.count; i++) {
			struct slice quote = quotation.quotes[i].text;

			assert_true(quote.len > 0);
			assert_true(quote.data >= text &&
				    quote.data + quote.len <= text + len);
			assert_true(text_is_utf8(quote.data, quote.len));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(the_sentence_that_answers_is_quoted),
	    TEST(quotes_point_into_the_passage),
	    TEST(a_sentence_that_leans_back_brings_the_one_before),
	    TEST(how_to_questions_get_the_code_and_what_introduces_it),
	    TEST(code_below_a_fitting_heading_beats_a_sentence),
	    TEST(a_list_is_quoted_whole_when_steps_are_asked_for),
	    TEST(one_item_is_quoted_when_a_fact_is_asked_for),
	    TEST(other_passages_add_what_is_new),
	    TEST(all_quotes_together_have_a_limit),
	    TEST(what_does_not_fit_is_not_called_an_answer),
	    TEST(without_passages_there_is_nothing),
	    TEST(a_follow_up_is_read_with_the_question_before),
	    TEST(rare_words_decide),
	    TEST(chinese_and_arabic_are_quoted_by_sentence),
	    TEST(nothing_surprises_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
