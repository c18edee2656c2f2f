/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "provider/openai_chunk.h"

#define PLAIN                                                          \
	"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":1735689600,\"model\":\"gpt-4o\",\"usage\":null,"  \
	"\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},"    \
	"\"logprobs\":null,\"finish_reason\":null}],\"obfuscation\":\"x\"}"
#define DELTA(delta) "{\"choices\":[{\"delta\":{" delta "}}]}"

static struct buffer scratch;
static struct openai_chunk chunk;

static bool reads(const char *text)
{
	return openai_chunk_read(&chunk, slice_of(text), &scratch);
}

static void expect_content(const char *text, const char *content)
{
	if (!reads(text))
		fail_msg("refused: %s", text);
	assert_int_equal(chunk.content.len, strlen(content));
	assert_memory_equal(chunk.content.data, content, strlen(content));
}

static void a_plain_chunk_is_taken_where_it_lies(void **state)
{
	static const char text[] = PLAIN;

	(void)state;
	expect_content(text, "Hi");
	assert_true(chunk.content.data > text &&
		    chunk.content.data < text + sizeof(text));
	assert_true(slice_is(chunk.model, "gpt-4o"));
}

static void white_space_and_null_members_change_nothing(void **state)
{
	(void)state;
	expect_content(" { \"choices\" : [ { \"index\" : 0 , \"delta\" : { "
		       "\"role\" : \"assistant\" , \"refusal\" : null , "
		       "\"tool_calls\":null,\"content\" : \"Hi\" } } ] }\r\n",
		       "Hi");
	assert_int_equal(chunk.model.len, 0);
}

static void an_empty_delta_has_no_content(void **state)
{
	(void)state;
	assert_true(reads(DELTA("")));
	assert_int_equal(chunk.content.len, 0);
	assert_true(reads(DELTA("\"content\":null")));
	assert_int_equal(chunk.content.len, 0);
	assert_true(reads(DELTA("\"content\":\"\"")));
	assert_int_equal(chunk.content.len, 0);
}

static void escapes_are_characters(void **state)
{
	(void)state;
	expect_content(DELTA("\"content\":\"a\\n\\\"\\\\\\/\\t\\r\\b\\f\""),
		       "a\n\"\\/\t\r\b\f");
	expect_content(DELTA("\"content\":\"\\u00e9 \\u20AC.\""),
		       "\xc3\xa9 \xe2\x82\xac.");
}

static void what_must_be_judged_is_left_to_the_parser(void **state)
{
	static const char *const texts[] = {
	    DELTA("\"content\":\"\\ud83d\\ude00\""),
	    DELTA("\"content\":\"\\u0000\""),
	    DELTA("\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]"),
	    DELTA("\"content\":\"a\",\"content\":\"b\""),
	    DELTA("\"reasoning_content\":\"so\""),
	    DELTA("\"refusal\":\"no\""),
	    DELTA("\"tool_calls\":[]"),
	    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
	    "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}",
	    "{\"choices\":[{\"delta\":{}},{\"delta\":{}}]}",
	    "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}]}",
	    "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
	    "{\"choices\":[{\"delta\":{}}],\"usage\":{}}",
	    "{\"choices\":[{\"delta\":{}}],\"x_groq\":{}}",
	    "{\"choices\":[{\"delta\":{}}],\"error\":\"no\"}",
	    "{\"choices\":[{\"delta\":{}}],\"type\":\"error\"}",
	    "{\"object\":\"error\",\"choices\":[{\"delta\":{}}]}",
	    "{\"model\":7,\"choices\":[{\"delta\":{}}]}",
	    "{\"choices\":[{\"delta\":{}}],\"choices\":[{\"delta\":{}}]}",
	    "{\"choices\":[{\"delta\":{}}],\"prompt_filter_results\":[]}",
	    "{}",
	    "[]",
	    "null",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (reads(texts[i]))
			fail_msg("taken: %s", texts[i]);
}

/* The content that the parser finds, in *out; false: it finds none. */
static bool parse(struct slice text, struct buffer *out)
{
	struct json *root = json_parse(text, &json_limits_upstream, NULL);
	const struct json *choice = json_item(json_member(root, "choices"), 0);
	struct slice content = SLICE_NONE;
	bool is_chunk = json_member(choice, "delta") != NULL;

	json_string(json_member(json_member(choice, "delta"), "content"),
		    &content);
	buffer_clear(out);
	buffer_append_slice(out, content);
	json_free(root);
	return is_chunk;
}

/* Every prefix, and every byte replaced by each of those that matter. */
static void what_is_taken_means_the_same_to_the_parser(void **state)
{
	static const char bytes[] = "\"\\{}[]:, 0n\x01\xff";
	static const char *const texts[] = {
	    PLAIN, DELTA("\"content\":\"\\u00e9\\n\\\"x\"")};
	struct buffer parsed;
	unsigned taken = 0;

	(void)state;
	buffer_init(&parsed, BUFFER_UNLIMITED);
	for (size_t t = 0; t < 2; t++) {
		size_t len = strlen(texts[t]);

		for (size_t at = 0; at < len * sizeof(bytes); at++) {
			char text[512];
			struct slice slice = {text, len};

			memcpy(text, texts[t], len);
			if (at % sizeof(bytes) == sizeof(bytes) - 1)
				slice.len = at / sizeof(bytes);
			else
				text[at / sizeof(bytes)] =
				    bytes[at % sizeof(bytes)];
			if (!openai_chunk_read(&chunk, slice, &scratch))
				continue;
			taken++;
			assert_true(parse(slice, &parsed));
			assert_true(
			    slice_equal(buffer_slice(&parsed), chunk.content));
		}
	}
	assert_true(taken > 100);
	buffer_fini(&parsed);
}

static int teardown(void **state)
{
	(void)state;
	buffer_fini(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_plain_chunk_is_taken_where_it_lies),
	    cmocka_unit_test(white_space_and_null_members_change_nothing),
	    cmocka_unit_test(an_empty_delta_has_no_content),
	    cmocka_unit_test(escapes_are_characters),
	    cmocka_unit_test(what_must_be_judged_is_left_to_the_parser),
	    cmocka_unit_test(what_is_taken_means_the_same_to_the_parser),
	};

	buffer_init(&scratch, BUFFER_UNLIMITED);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
