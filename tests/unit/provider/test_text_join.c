/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "provider/text_join.h"

#define HIGH "\xED\xA0\xBD" /* U+D83D */
#define LOW  "\xED\xB8\x80" /* U+DE00 */
#define FACE "\xF0\x9F\x98\x80"
#define LOST "\xEF\xBF\xBD"

/* Feeds the pieces, "|" between what comes out of each, then the end. */
static void expect(const char *const *pieces, size_t count,
		   const char *expected)
{
	struct text_join join = {0};
	struct buffer scratch;
	struct buffer out;

	buffer_init(&scratch, BUFFER_UNLIMITED);
	buffer_init(&out, BUFFER_UNLIMITED);
	for (size_t i = 0; i < count; i++) {
		struct slice text =
		    text_join_feed(&join, slice_of(pieces[i]), &scratch);

		assert_true(text.len == 0 || text_is_utf8(text.data, text.len));
		buffer_append_slice(&out, text);
		buffer_append_char(&out, '|');
	}
	buffer_append_slice(&out, text_join_end(&join));
	assert_string_equal(buffer_string(&out), expected);
	buffer_fini(&scratch);
	buffer_fini(&out);
}

#define EXPECT(expected, ...)                                               \
	expect((const char *const[]){__VA_ARGS__},                          \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
	       expected)

static void valid_text_passes_without_a_copy(void **state)
{
	struct text_join join = {0};
	struct buffer scratch;
	struct slice text = slice_of("na\xC3\xAFve " FACE);

	(void)state;
	buffer_init(&scratch, BUFFER_UNLIMITED);
	assert_ptr_equal(text_join_feed(&join, text, &scratch).data, text.data);
	buffer_fini(&scratch);
}

static void halves_of_a_pair_become_one_character(void **state)
{
	(void)state;
	EXPECT("a|" FACE "b|", "a" HIGH, LOW "b");
	EXPECT("|" FACE "|", HIGH, LOW);
	EXPECT("||" FACE "|", HIGH, "", LOW);
	EXPECT("a" FACE "b|", "a" HIGH LOW "b");
	EXPECT(FACE "|" FACE "|", HIGH LOW HIGH, LOW);
}

static void a_lonely_half_is_one_replacement_character(void **state)
{
	(void)state;
	EXPECT("a|" LOST "b|", "a" HIGH, "b");
	EXPECT("a" LOST "b|", "a" LOW "b");
	EXPECT("a|" LOST, "a" HIGH);
	EXPECT("|" LOST FACE "|", HIGH, HIGH LOW);
	EXPECT(LOST "|" LOST LOST "x|" LOST, HIGH HIGH, HIGH "x" HIGH);
}

static void bytes_of_one_character_are_joined(void **state)
{
	(void)state;
	EXPECT("a|" FACE "|", "a\xF0\x9F", "\x98\x80");
	EXPECT("|||" FACE "|", "\xF0", "\x9F", "\x98", "\x80");
	EXPECT("|" FACE "|", HIGH "\xED", "\xB8\x80");
	EXPECT("caf|\xC3\xA9!|", "caf\xC3", "\xA9!");
}

static void bytes_that_mean_nothing_are_replaced(void **state)
{
	(void)state;
	EXPECT("a" LOST "b|", "a\xFF"
			      "b");
	EXPECT("a|" LOST "b|", "a\xC3", "b");
	EXPECT("a|" LOST, "a\xF0\x9F");
	EXPECT(LOST "a|", "\x80"
			  "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(valid_text_passes_without_a_copy),
	    cmocka_unit_test(halves_of_a_pair_become_one_character),
	    cmocka_unit_test(a_lonely_half_is_one_replacement_character),
	    cmocka_unit_test(bytes_of_one_character_are_joined),
	    cmocka_unit_test(bytes_that_mean_nothing_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
