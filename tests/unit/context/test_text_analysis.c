/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "context/text_analysis.h"

static struct text_analysis *analysis;
static struct token_list list;

static int set_up(void **state)
{
	(void)state;
	analysis = text_analysis_new();
	text_analysis_init_list(&list);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	text_analysis_fini_list(&list);
	text_analysis_free(analysis);
	return 0;
}

static const char *tokens_of(struct slice text, const char *language)
{
	text_analysis_clear_list(&list);
	text_analysis_index(analysis, text, language_of_tag(slice_of(language)),
			    &list);
	return buffer_string(&list.text);
}

static void assert_tokens(const char *text, const char *language,
			  const char *expected)
{
	assert_string_equal(tokens_of(slice_of(text), language), expected);
}

static void words_are_folded_and_lose_their_accents(void **state)
{
	(void)state;
	assert_tokens("NGINX, Café!", "xx", "nginx cafe ");
	/* A decomposed letter is the same word. */
	assert_tokens("Cafe\xCC\x81", "xx", "cafe ");
	assert_tokens("ΑΘΉΝΑ", "xx", tokens_of(slice_of("αθήνα"), "xx"));
	/* Full-width letters and digits. */
	assert_tokens("ＡＢＣ１２", "xx", "abc12 ");
}

static void every_form_of_a_word_has_one_stem(void **state)
{
	(void)state;
#ifdef HAVE_STEMMER
	assert_tokens("connect connected connections", "en",
		      "connect connect connect ");
	assert_tokens("Häuser Hauses", "de", "haus haus ");
#endif
	/* A language without a stemmer: five letters. */
	assert_tokens("przeglądarka przeglądarki", "pl", "przeg przeg ");
}

static void a_word_in_another_script_is_stemmed_as_that(void **state)
{
	char russian[64];

	(void)state;
	strcpy(russian, tokens_of(slice_of("серверы"), "ru"));
	assert_tokens("серверы", "en", russian);
}

static void compounds_give_their_parts_and_the_whole(void **state)
{
	(void)state;
	assert_tokens("mod_alias", "xx", "mod alias modal ");
	assert_tokens("TlsPort", "xx", "tls port tlspo ");
	assert_tokens("e-mail", "xx", "e mail email ");
	assert_tokens("HTTPServer", "xx", "https ");
	assert_tokens("-a- _b_", "xx", "a b ");
}

static void signs_that_make_a_name_stay(void **state)
{
	(void)state;
	assert_tokens("C++ and C#.", "xx", "c++ c and c# c ");
	assert_tokens("a+b #tag", "xx", "a b tag ");
}

static void numbers_are_one_word(void **state)
{
	(void)state;
	assert_tokens("3,214 items", "xx", "3214 items ");
	assert_tokens("version 2.4.57.", "xx", "versi 2.4.57 2.4 ");
	assert_tokens("v2.4.57 v8", "xx", "2.4.57 2.4 v8 ");
	assert_tokens("in 1998.", "xx", "in 1998 ");
	assert_tokens("١٩٩٨", "ar", "1998 ");
	assert_tokens("10MB x86", "xx", "10mb x86 ");
}

static void dense_scripts_become_bigrams_and_a_last_character(void **state)
{
	(void)state;
	assert_tokens("安装服务器", "zh", "安装 装服 服务 务器 器 ");
	assert_tokens("用nginx。", "zh", "用 nginx ");
	text_analysis_clear_list(&list);
	text_analysis_query(analysis, SLICE_LITERAL("水"),
			    language_of_tag(SLICE_LITERAL("zh")), &list);
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].is_prefix);
}

static void a_long_dense_run_loses_no_bigram(void **state)
{
	struct buffer text;
	size_t bigrams;

	(void)state;
	buffer_init(&text, 1 << 16);
	for (uint32_t i = 0; i < 500; i++)
		text_utf8_append(&text, 0x4E00 + i);
	tokens_of(buffer_slice(&text), "zh");
	bigrams = list.count;
	buffer_fini(&text);
	assert_int_equal(bigrams, 499 + 1);
}

static void arabic_words_become_grams_without_marks(void **state)
{
	(void)state;
	assert_tokens("كتاب", "ar", "كتاب ");
	assert_tokens("الكتاب", "ar", "الكت لكتا كتاب ");
	/* Vowel marks and tatweel are not there for searching; forms of
	 * alef are one letter. */
	assert_tokens("كِتَـاب", "ar", "كتاب ");
	assert_tokens("أمل؟", "ar", "امل ");
}

static void stop_words_are_marked_in_questions_only(void **state)
{
	struct language english = language_of_tag(SLICE_LITERAL("en"));

	(void)state;
	text_analysis_query(analysis, SLICE_LITERAL("What is the port?"),
			    english, &list);
	assert_int_equal(list.count, 4);
	assert_true(list.items[0].is_stop);
	assert_true(list.items[1].is_stop);
	assert_true(list.items[2].is_stop);
	assert_false(list.items[3].is_stop);
	text_analysis_clear_list(&list);
	text_analysis_index(analysis, SLICE_LITERAL("what is"), english, &list);
	assert_int_equal(list.count, 2);
	assert_false(list.items[0].is_stop);
}

static void an_endless_word_is_cut(void **state)
{
	char *long_word = memory_alloc(100001);

	(void)state;
	memset(long_word, 'x', 100000);
	long_word[100000] = '1';
	tokens_of(slice_make(long_word, 100001), "xx");
	memory_free(long_word);
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].len <= 64);
}

/* What FTS5 would take for syntax, and what its "ascii" tokenizer would take
 * for a boundary, is never in a token. */
static void any_bytes_become_safe_tokens(void **state)
{
	char junk[300];

	(void)state;
	srand(7);
	for (int round = 0; round < 500; round++) {
		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (char)(rand() % 256);
		tokens_of(slice_make(junk, sizeof(junk)), "en");
		assert_true(text_is_utf8(list.text.data, list.text.len));
		for (size_t i = 0; i < list.count; i++) {
			struct slice token = text_analysis_token(&list, i);

			assert_true(token.len > 0);
			for (size_t k = 0; k < token.len; k++) {
				unsigned char c = (unsigned char)token.data[k];

				assert_true(c >= 0x80 ||
					    strchr("+#.", c) != NULL ||
					    (c >= 'a' && c <= 'z') ||
					    (c >= '0' && c <= '9'));
				assert_true(c != 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(words_are_folded_and_lose_their_accents),
	    TEST(every_form_of_a_word_has_one_stem),
	    TEST(a_word_in_another_script_is_stemmed_as_that),
	    TEST(compounds_give_their_parts_and_the_whole),
	    TEST(signs_that_make_a_name_stay),
	    TEST(numbers_are_one_word),
	    TEST(dense_scripts_become_bigrams_and_a_last_character),
	    TEST(a_long_dense_run_loses_no_bigram),
	    TEST(arabic_words_become_grams_without_marks),
	    TEST(stop_words_are_marked_in_questions_only),
	    TEST(an_endless_word_is_cut),
	    TEST(any_bytes_become_safe_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
