/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "context/charset.h"

static void assert_text(const char *bytes, size_t len, bool is_html,
			const char *expected)
{
	struct buffer out;

	buffer_init(&out, 1 << 16);
	assert_true(charset_to_utf8(&out, slice_make(bytes, len), is_html));
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&out);
}

#define ASSERT_TEXT(bytes, is_html, expected) \
	assert_text("" bytes, sizeof(bytes) - 1, is_html, expected)

static void utf8_stays_with_or_without_a_mark(void **state)
{
	(void)state;
	ASSERT_TEXT("Gr\xC3\xBC\xC3\x9F", false, "Grüß");
	ASSERT_TEXT("\xEF\xBB\xBFGr\xC3\xBC\xC3\x9F", false, "Grüß");
	ASSERT_TEXT("", false, "");
}

static void undeclared_bytes_are_windows_1252(void **state)
{
	(void)state;
	ASSERT_TEXT("Gr\xFC\xDF \x80 \x93x\x94", false, "Grüß € “x”");
}

static void what_a_page_declares_is_believed(void **state)
{
	(void)state;
	ASSERT_TEXT("<meta charset=\"iso-8859-1\">\xFC \x80", true,
		    "<meta charset=\"iso-8859-1\">ü €");
	ASSERT_TEXT("<meta http-equiv=Content-Type content='text/html; "
		    "charset=shift_jis'>\x93\xFA\x96\x7B",
		    true,
		    "<meta http-equiv=Content-Type content='text/html; "
		    "charset=shift_jis'>日本");
	ASSERT_TEXT("<meta charset=gb2312>\xD6\xD0\xCE\xC4", true,
		    "<meta charset=gb2312>中文");
	ASSERT_TEXT("<meta charset = 'koi8-r'>\xCD\xC9\xD2", true,
		    "<meta charset = 'koi8-r'>мир");
	ASSERT_TEXT("<?xml version='1.0' encoding='windows-1251'?>\xEC\xE8\xF0",
		    true, "<?xml version='1.0' encoding='windows-1251'?>мир");
}

static void valid_utf8_wins_over_a_wrong_declaration(void **state)
{
	(void)state;
	ASSERT_TEXT("<meta charset=iso-8859-1>\xC3\xBC", true,
		    "<meta charset=iso-8859-1>ü");
}

static void a_charset_nobody_knows_is_windows_1252(void **state)
{
	(void)state;
	ASSERT_TEXT("<meta charset=klingon>\xFC", true,
		    "<meta charset=klingon>ü");
}

static void utf16_is_known_by_its_mark(void **state)
{
	(void)state;
	ASSERT_TEXT("\xFF\xFEh\0\xFC\0", false, "hü");
	ASSERT_TEXT("\xFE\xFF\0h\0\xFC", true, "hü");
	/* Half a character at the end. */
	ASSERT_TEXT("\xFF\xFEh\0\xFC", false, "h\xEF\xBF\xBD");
}

static void broken_bytes_become_replacement_characters(void **state)
{
	(void)state;
	ASSERT_TEXT("<meta charset=utf-8>a\xFF"
		    "b",
		    true,
		    "<meta charset=utf-8>a\xEF\xBF\xBD"
		    "b");
	ASSERT_TEXT("<meta charset=euc-jp>\xC6\xFC\x8E", true,
		    "<meta charset=euc-jp>日\xEF\xBF\xBD");
}

static void a_declaration_past_the_first_kilobyte_is_ignored(void **state)
{
	char page[2100];

	(void)state;
	memset(page, ' ', sizeof(page));
	memcpy(page + 1500, "<meta charset=koi8-r>", 21);
	assert_int_equal(charset_declared(slice_make(page, sizeof(page))).len,
			 0);
	memcpy(page + 500, "<meta charset=koi8-r>", 21);
	assert_int_equal(charset_declared(slice_make(page, sizeof(page))).len,
			 6);
}

static void binary_files_are_told_from_text(void **state)
{
	(void)state;
	assert_true(charset_is_binary(SLICE_LITERAL("\x7F"
						    "ELF\0\0")));
	assert_false(charset_is_binary(SLICE_LITERAL("text")));
	assert_false(charset_is_binary(SLICE_LITERAL("\xFF\xFEh\0")));
	assert_false(charset_is_binary(SLICE_NONE));
}

static void any_bytes_become_utf8_without_nuls(void **state)
{
	char junk[400];

	(void)state;
	srand(11);
	for (int round = 0; round < 400; round++) {
		struct buffer out;

		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (char)(rand() % 256);
		if (round % 4 == 0)
			memcpy(junk, "<meta charset=big5>", 19);
		if (round % 4 == 1)
			memcpy(junk, "\xFF\xFE", 2);
		buffer_init(&out, 1 << 16);
		assert_true(charset_to_utf8(
		    &out, slice_make(junk, sizeof(junk)), true));
		assert_true(text_is_utf8(out.data, out.len));
		assert_null(memchr(out.data, '\0', out.len));
		buffer_fini(&out);
	}
}

static void what_does_not_fit_is_said(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, 3);
	assert_false(
	    charset_to_utf8(&out, SLICE_LITERAL("\xFC\xFC\xFC"), false));
	buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(utf8_stays_with_or_without_a_mark),
	    cmocka_unit_test(undeclared_bytes_are_windows_1252),
	    cmocka_unit_test(what_a_page_declares_is_believed),
	    cmocka_unit_test(valid_utf8_wins_over_a_wrong_declaration),
	    cmocka_unit_test(a_charset_nobody_knows_is_windows_1252),
	    cmocka_unit_test(utf16_is_known_by_its_mark),
	    cmocka_unit_test(broken_bytes_become_replacement_characters),
	    cmocka_unit_test(a_declaration_past_the_first_kilobyte_is_ignored),
	    cmocka_unit_test(binary_files_are_told_from_text),
	    cmocka_unit_test(any_bytes_become_utf8_without_nuls),
	    cmocka_unit_test(what_does_not_fit_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
