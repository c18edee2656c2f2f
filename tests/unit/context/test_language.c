/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "context/language.h"

static void assert_guess(const char *text, const char *expected)
{
	assert_string_equal(language_guess(slice_of(text)).code, expected);
}

static void assert_tag(const char *tag, const char *expected)
{
	assert_string_equal(language_of_tag(slice_of(tag)).code, expected);
}

static void tags_are_read_by_their_primary_part(void **state)
{
	(void)state;
	assert_tag("de", "de");
	assert_tag(" EN-us ", "en");
	assert_tag("pt_BR", "pt");
	assert_tag("zh-Hant-TW", "zh");
	assert_tag("", "");
	assert_tag("d", "");
	assert_tag("deu", "");
	assert_tag("1x", "");
}

static void texts_tell_their_language(void **state)
{
	(void)state;
	assert_guess("The server listens on the port that is given.", "en");
	assert_guess("Der Server wartet auf dem Port, der in der Datei steht.",
		     "de");
	assert_guess("Le serveur écoute sur le port qui est donné dans le "
		     "fichier.",
		     "fr");
	assert_guess("El servidor escucha en el puerto que se indica en el "
		     "archivo.",
		     "es");
	assert_guess("Сервер ждёт на порту, который указан в файле.", "ru");
	assert_guess("الخادم يستمع على المنفذ الذي في هذا الملف", "ar");
	assert_guess("服务器在指定的端口上监听。", "zh");
	assert_guess("サーバーは指定されたポートで待ち受けます。", "ja");
	assert_guess("서버는 지정된 포트에서 대기합니다.", "ko");
	assert_guess("เซิร์ฟเวอร์รอการเชื่อมต่อ", "th");
}

static void names_and_numbers_have_none(void **state)
{
	(void)state;
	assert_guess("", "");
	assert_guess("12345 67890 !!!", "");
	assert_guess("Nginx Apache Lighttpd Caddy Varnish Squid", "");
}

static void words_of_another_script_have_its_language(void **state)
{
	struct language german = language_of_tag(SLICE_LITERAL("de"));
	struct language serbian = language_of_tag(SLICE_LITERAL("bg"));

	(void)state;
	assert_string_equal(language_for_script(german, UNICODE_LATIN).code,
			    "de");
	assert_string_equal(language_for_script(german, UNICODE_CYRILLIC).code,
			    "ru");
	assert_string_equal(language_for_script(serbian, UNICODE_CYRILLIC).code,
			    "bg");
	assert_string_equal(language_for_script(serbian, UNICODE_LATIN).code,
			    "en");
}

static void stop_words_are_whole_words(void **state)
{
	struct language english = language_of_tag(SLICE_LITERAL("en"));

	(void)state;
	assert_true(language_is_stop_word(english, SLICE_LITERAL("the")));
	assert_false(language_is_stop_word(english, SLICE_LITERAL("th")));
	assert_false(language_is_stop_word(english, SLICE_NONE));
	assert_false(language_is_stop_word(language_of_tag(SLICE_LITERAL("xx")),
					   SLICE_LITERAL("the")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tags_are_read_by_their_primary_part),
	    cmocka_unit_test(texts_tell_their_language),
	    cmocka_unit_test(names_and_numbers_have_none),
	    cmocka_unit_test(words_of_another_script_have_its_language),
	    cmocka_unit_test(stop_words_are_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
