/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "provider/openai_decode.h"
#include "transcript.h"

#define SECRET "sk-test-secret"
#define DONE   "data: [DONE]\n\n"
#define STOP \
	"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

/* One chunk whose delta is given as it stands in JSON. */
#define DELTA(json) "data: {\"choices\":[{\"delta\":{" json "}}]}\n\n"
#define TEXT(text)  DELTA("\"content\":\"" text "\"")

static void write_ending(struct buffer *out, const struct openai_decode *decode,
			 bool is_ok)
{
	if (is_ok)
		buffer_printf(out, "ok %s '%s' %s %lld/%lld\n",
			      event_finish_name(decode->reason),
			      decode->reason_raw,
			      decode->model[0] ? decode->model : "-",
			      (long long)decode->usage.input_tokens,
			      (long long)decode->usage.output_tokens);
	else
		buffer_printf(out, "%s%s\n", error_name(decode->fault->code),
			      fault_retryable(decode->fault) ? " retryable"
							     : "");
}

static char *decode_cut(struct slice stream, size_t step)
{
	struct openai_decode decode;
	struct transcript transcript;
	bool is_ok;

	transcript_init(&transcript);
	openai_decode_init(&decode, &transcript.sink, SLICE_LITERAL(SECRET));
	for (size_t at = 0; at < stream.len; at += step) {
		size_t n = step < stream.len - at ? step : stream.len - at;

		if (!openai_decode_feed(&decode,
					slice_make(stream.data + at, n)))
			break;
	}
	is_ok = openai_decode_end(&decode);
	write_ending(&transcript.text, &decode, is_ok);
	assert_true(is_ok == (decode.fault == NULL));
	assert_true(is_ok || !strstr(decode.fault->detail, SECRET));
	openai_decode_fini(&decode);
	return buffer_detach(&transcript.text);
}

/* However the response is cut, it says the same. */
static void expect(const char *stream, const char *expected)
{
	size_t len = strlen(stream);

	for (size_t step = 1; step <= len; step += step < 20 ? 1 : 37) {
		char *got = decode_cut(slice_make(stream, len), step);

		assert_string_equal(got, expected);
		memory_free(got);
	}
	if (len) {
		char *got = decode_cut(slice_make(stream, len), len);

		assert_string_equal(got, expected);
		memory_free(got);
	}
}

static void a_plain_answer_is_content_and_a_reason(void **state)
{
	(void)state;
	expect("data: {\"model\":\"gpt-x\",\"choices\":[{\"index\":0,"
	       "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
	       "\"finish_reason\":null}],\"usage\":null}\n\n" TEXT("The ")
		   TEXT("end") STOP DONE,
	       "content The \ncontent end\nok stop 'stop' gpt-x -1/-1\n");
}

static void event_streams_may_look_as_they_like(void **state)
{
	(void)state;
	expect("\xEF\xBB\xBF: hi\r\ndata:{\"choices\":[{\"delta\":"
	       "{\"content\":\"a\"}}]}\r\n\r\n:\r\n\r\nid: 1\r\n"
	       "data:{\"choices\":[{\"delta\":{},\r\n"
	       "data:\"finish_reason\":\"stop\"}]}\r\n\r\ndata:  [DONE] \r\n"
	       "\r\n",
	       "content a\nok stop 'stop' - -1/-1\n");
}

static void the_end_may_be_told_in_several_ways(void **state)
{
	(void)state;
	expect(TEXT("a") STOP, "content a\nok stop 'stop' - -1/-1\n");
	expect(TEXT("a") DONE, "content a\nok stop '' - -1/-1\n");
	expect(TEXT("a") STOP DONE TEXT("late") "data: garbage\n\n",
	       "content a\nok stop 'stop' - -1/-1\n");
	/* The last event lacks its blank line. */
	expect(TEXT("a") "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},"
			 "\"finish_reason\":\"length\"}]}",
	       "content a\ncontent b\nok length 'length' - -1/-1\n");
	expect(TEXT("a") "data: [DONE]", "content a\nok stop '' - -1/-1\n");
}

static void an_answer_without_an_end_is_truncated(void **state)
{
	(void)state;
	expect(TEXT("a"), "content a\nupstream_truncated retryable\n");
	expect(TEXT("a") "data: {\"choices\":[{\"del",
	       "content a\nupstream_truncated retryable\n");
	/* Ollama's error in the middle: an empty chunk, then nothing. */
	expect(TEXT("a") "data: {\"choices\":[]}\n\n",
	       "content a\nupstream_truncated retryable\n");
	expect(DELTA("\"role\":\"assistant\""),
	       "upstream_truncated retryable\n");
	expect(" \r\n", "upstream_truncated retryable\n");
}

static void garbage_is_invalid(void **state)
{
	(void)state;
	expect("<html><body>Welcome to the login page</body></html>\n",
	       "upstream_invalid retryable\n");
	expect(": only comments\n\n", "upstream_invalid retryable\n");
	expect("data: hello\n\n", "upstream_invalid retryable\n");
	expect(TEXT("a") "data: {\"choices\":\n\n",
	       "content a\nupstream_invalid retryable\n");
	expect("data: 5\n\n", "upstream_invalid retryable\n");
	expect("data: {\"hello\":1}\n\n" DONE, "upstream_invalid retryable\n");
	expect("{\"hello\":1}", "upstream_invalid retryable\n");
	expect("{\"hello\":", "upstream_invalid retryable\n");
	expect(DONE, "upstream_invalid retryable\n");
}

static void usage_is_taken_wherever_it_stands_and_the_last_wins(void **state)
{
#define USAGE(in, out) \
	"\"usage\":{\"prompt_tokens\":" in ",\"completion_tokens\":" out "}"
	(void)state;
	expect(TEXT("a") STOP
	       "data: {\"choices\":[]," USAGE("3", "4") "}\n\n" DONE,
	       "content a\nok stop 'stop' - 3/4\n");
	expect(TEXT("a") STOP "data: {" USAGE("3", "4") "}\n\n" DONE,
	       "content a\nok stop 'stop' - 3/4\n");
	expect("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},"
	       "\"finish_reason\":\"stop\"}]," USAGE("1", "2") "}\n\n" DONE,
	       "content a\nok stop 'stop' - 1/2\n");
	expect(
	    "data: {\"choices\":[]," USAGE("1", "1") "}\n\n" TEXT(
		"a") "data: {\"choices\":[]," USAGE("1", "2") ",\"x\":"
							      "null}\n\n"
							      "data: {"
							      "\"usage\":"
							      "null}\n\n" STOP,
	    "content a\nok stop 'stop' - 1/2\n");
	expect("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},"
	       "\"finish_reason\":\"stop\"}],\"x_groq\":{" USAGE(
		   "7", "8") "}}\n\n" DONE,
	       "content a\nok stop 'stop' - 7/8\n");
}

static void choices_may_be_missing_empty_or_more_than_asked(void **state)
{
	(void)state;
	expect("data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"
	       "data: {\"id\":\"x\"}\n\ndata: {\"choices\":null}\n\n"
	       "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":"
	       "\"no\"}},{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}"
	       "\n\n" STOP,
	       "content yes\nok stop 'stop' - -1/-1\n");
	expect("data: null\n\ndata:\n\nevent: ping\ndata: {}\n\n" TEXT("a")
		   STOP,
	       "content a\nok stop 'stop' - -1/-1\n");
}

static void reasoning_has_several_names(void **state)
{
	(void)state;
	expect(DELTA("\"reasoning_content\":\"a\"") DELTA("\"reasoning\":\"b\"")
		   DELTA("\"reasoning\":\"c\",\"reasoning_content\":\"c\"")
		       DELTA("\"reasoning\":\"d\",\"reasoning_details\":"
			     "[{\"text\":\"d\"}]")
			   DELTA("\"reasoning_details\":[{\"text\":\"e\"},"
				 "{\"summary\":\"f\"}]") TEXT("g") STOP,
	       "reasoning a\nreasoning b\nreasoning c\nreasoning d\n"
	       "reasoning e\nreasoning f\ncontent g\n"
	       "ok stop 'stop' - -1/-1\n");
	expect(DELTA("\"reasoning_content\":null,\"content\":\"x\"") STOP,
	       "content x\nok stop 'stop' - -1/-1\n");
}

static void content_may_be_a_list_of_parts(void **state)
{
	(void)state;
	expect(DELTA("\"content\":[{\"type\":\"thinking\",\"thinking\":"
		     "[{\"type\":\"text\",\"text\":\"hm\"}]},"
		     "{\"type\":\"text\",\"text\":\"so\"},"
		     "{\"type\":\"reference\",\"reference_ids\":[1]}]") STOP,
	       "reasoning hm\ncontent so\nok stop 'stop' - -1/-1\n");
}

static void a_refusal_is_content(void **state)
{
	(void)state;
	expect(DELTA("\"content\":null,\"refusal\":\"I will not.\"") STOP,
	       "content I will not.\nok stop 'stop' - -1/-1\n");
}

static void finish_reasons_are_normalised_and_kept(void **state)
{
	static const char *const cases[][2] = {
	    {"length", "ok length 'length'"},
	    {"model_length", "ok length 'model_length'"},
	    {"content_filter", "ok content_filter 'content_filter'"},
	    {"eos", "ok stop 'eos'"},
	    {"function_call", "ok tool_calls 'function_call'"},
	    {"weird", "ok other 'weird'"},
	    {"a-very-long-word-that-does-not-end-soon",
	     "ok other 'a-very-long-word-that-does-not-'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char stream[300];
		char expected[300];

		snprintf(stream, sizeof stream,
			 TEXT("a") "data: {\"choices\":[{\"delta\":{},"
				   "\"finish_reason\":\"%s\"}]}\n\n",
			 cases[i][0]);
		snprintf(expected, sizeof expected, "content a\n%s - -1/-1\n",
			 cases[i][1]);
		expect(stream, expected);
	}
	expect(TEXT("a") "data: {\"choices\":[{\"delta\":{},"
			 "\"finish_reason\":\"\"}]}\n\n",
	       "content a\nupstream_truncated retryable\n");
}

static void errors_come_in_every_shape(void **state)
{
	static const char *const streams[] = {
	    "data: {\"error\":{\"message\":\"x\",\"code\":500}}\n\n",
	    "data: {\"error\":\"x\"}\n\n",
	    "data: {\"error\":\"x\"}\n\n" DONE,
	    "event: error\ndata: {\"error\":{\"message\":\"x\"}}\n\n",
	    "event: error\ndata: {\"message\":\"x\"}\n\n",
	    "data: {\"object\":\"error\",\"message\":\"x\"}\n\n",
	    "data: {\"type\":\"error\",\"message\":\"x\"}\n\n",
	    "data: {\"error\":{\"code\":502,\"message\":\"x\"},\"choices\":"
	    "[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}"
	    "\n\n",
	    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}"
	    "\n\n",
	    "{\"error\":\"x\"}\n",
	    "{\"error\":{\"message\":\"x\"}}",
	    "data: [{\"error\":{\"message\":\"x\",\"code\":500}}]\n\n",
	    "data: {\"error\":\"x\"}",
	    "data: {\"error\":{\"message\":\"key " SECRET "\"}}\n\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		char stream[500];

		snprintf(stream, sizeof stream, TEXT("a") "%s", streams[i]);
		expect(stream, "content a\nupstream_unavailable retryable\n");
	}
	/* Alone they are errors too. */
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
		expect(streams[i], "upstream_unavailable retryable\n");
}

static void an_error_says_what_kind_it_is(void **state)
{
	(void)state;
	expect("data: {\"error\":{\"type\":\"rate_limit_error\"}}\n\n",
	       "upstream_overloaded retryable\n");
	expect("data: {\"error\":{\"code\":429}}\n\n",
	       "upstream_overloaded retryable\n");
	expect("data: {\"error\":{\"code\":\"context_length_exceeded\","
	       "\"type\":\"invalid_request_error\"}}\n\n",
	       "upstream_refused\n");
	expect("data: {\"error\":{\"code\":400}}\n\n", "upstream_refused\n");
}

static void an_error_that_is_null_is_none(void **state)
{
	(void)state;
	expect("data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":"
	       "\"a\"}}]}\n\n" STOP,
	       "content a\nok stop 'stop' - -1/-1\n");
}

static void half_characters_are_joined(void **state)
{
	(void)state;
	expect(TEXT("a\\ud83d") TEXT("\\ude00b") STOP,
	       "content a\ncontent \xF0\x9F\x98\x80"
	       "b\nok stop 'stop' - -1/-1\n");
	expect(TEXT("a\\ud83d") STOP,
	       "content a\ncontent \xEF\xBF\xBD\nok stop 'stop' - -1/-1\n");
	expect(DELTA("\"reasoning\":\"\\ud83d\"") TEXT("x")
		   DELTA("\"reasoning\":\"\\ude00\"") STOP,
	       "content x\nreasoning \xF0\x9F\x98\x80\n"
	       "ok stop 'stop' - -1/-1\n");
}

static void a_whole_body_is_the_answer(void **state)
{
	(void)state;
	expect("{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":"
	       "[{\"index\":0,\"message\":{\"role\":\"assistant\","
	       "\"reasoning_content\":\"hm\",\"content\":\"whole\"},"
	       "\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":"
	       "1,\"completion_tokens\":2}}",
	       "reasoning hm\ncontent whole\nok length 'length' m 1/2\n");
	expect("\n {\"choices\":[{\"message\":{\"content\":\"whole\"}}]}\n",
	       "content whole\nok stop '' - -1/-1\n");
}

#define TOOL(json) DELTA("\"tool_calls\":[" json "]")
#define TOOLS_END                                                         \
	"data: "                                                          \
	"{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}" \
	"\n\n"

static void tool_calls_come_in_fragments(void **state)
{
	(void)state;
	expect(TOOL("{\"index\":0,\"id\":\"c1\",\"type\":\"function\","
		    "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}")
		   TOOL("{\"index\":0,\"function\":{\"arguments\":"
			"\"{\\\"a\"}}")
		       TOOL("{\"index\":0,\"function\":{\"arguments\":"
			    "\"\\\":1}\"}}")
			   TOOL("{\"index\":1,\"id\":\"c2\",\"function\":"
				"{\"name\":\"g\",\"arguments\":\"{}\"}}")
			       TOOLS_END DONE,
	       "tool_call 0 id=c1 name=f \ntool_call 0 id= name= {\"a\n"
	       "tool_call 0 id= name= \":1}\ntool_call 1 id=c2 name=g {}\n"
	       "ok tool_calls 'tool_calls' - -1/-1\n");
}

static void ids_and_names_that_repeat_are_told_once(void **state)
{
	(void)state;
	expect(TOOL("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\","
		    "\"arguments\":\"{\"}}")
		   TOOL("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":"
			"\"f\",\"arguments\":\"}\"}}")
		       TOOL("{\"index\":0,\"id\":\"\",\"function\":{\"name\":"
			    "null,\"arguments\":\" \"}}") TOOLS_END,
	       "tool_call 0 id=c1 name=f {\ntool_call 0 id= name= }\n"
	       "tool_call 0 id= name=  \n"
	       "ok tool_calls 'tool_calls' - -1/-1\n");
}

static void tool_calls_without_an_index_are_numbered(void **state)
{
	(void)state;
	expect(TOOL("{\"id\":\"c1\",\"function\":{\"name\":\"f\","
		    "\"arguments\":\"{\"}},{\"id\":\"c2\",\"function\":"
		    "{\"name\":\"g\",\"arguments\":\"[\"}}")
		   TOOL("{\"id\":\"c2\",\"function\":{\"arguments\":\"]\"}}")
		       TOOL("{\"function\":{\"arguments\":\"!\"}}")
			   TOOL("{\"function\":{\"name\":\"h\",\"arguments\":"
				"\"{}\"}}") STOP,
	       "tool_call 0 id=c1 name=f {\ntool_call 1 id=c2 name=g [\n"
	       "tool_call 1 id= name= ]\ntool_call 1 id= name= !\n"
	       "tool_call 2 id= name=h {}\nok tool_calls 'stop' - -1/-1\n");
}

static void a_tool_call_without_arguments_gets_an_empty_object(void **state)
{
	(void)state;
	expect(TOOL("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\"}}")
		   TOOL("{\"index\":1,\"id\":\"c2\",\"custom\":{\"name\":"
			"\"g\",\"input\":\"x\"}}")
		       TOOL("{\"index\":2,\"id\":\"c3\",\"function\":{\"name\""
			    ":\"h\",\"arguments\":{\"a\":1}}}") TOOLS_END,
	       "tool_call 0 id=c1 name=f \ntool_call 1 id=c2 name=g x\n"
	       "tool_call 2 id=c3 name=h {\"a\":1}\n"
	       "tool_call 0 id= name= {}\n"
	       "ok tool_calls 'tool_calls' - -1/-1\n");
}

static void tool_calls_that_make_no_sense_do_no_harm(void **state)
{
	(void)state;
	expect(TOOL("{\"id\":null,\"type\":null,\"function\":{\"name\":null}}")
		   STOP,
	       "ok stop 'stop' - -1/-1\n");
	expect(TOOL("{\"index\":64,\"id\":\"c\"}") STOP,
	       "upstream_invalid retryable\n");
	expect(TOOL("{\"index\":-1,\"id\":\"c\"}") STOP,
	       "upstream_invalid retryable\n");
	expect(TOOL("5,null,\"x\",[]") STOP, "ok stop 'stop' - -1/-1\n");
}

static void ids_and_names_that_are_no_text_are_none(void **state)
{
	(void)state;
	expect(TOOL("{\"index\":0,\"id\":\"c1\",\"function\":"
		    "{\"name\":\"f\xFF\",\"arguments\":{\"a\":\"\\ud83d\"}}}")
		   STOP,
	       "tool_call 0 id=c1 name= {\"a\":\"\xEF\xBF\xBD\"}\n"
	       "ok tool_calls 'stop' - -1/-1\n");
}

static void half_a_character_stays_with_its_call(void **state)
{
	(void)state;
	expect(TOOL("{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\","
		    "\"arguments\":\"a\\ud83d\"}}")
		   TOOL("{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":"
			"\"g\",\"arguments\":\"\\ude00\"}}") TOOLS_END,
	       "tool_call 0 id=c1 name=f a\n"
	       "tool_call 0 id= name= \xEF\xBF\xBD\n"
	       "tool_call 1 id=c2 name=g \xEF\xBF\xBD\n"
	       "ok tool_calls 'tool_calls' - -1/-1\n");
}

static void white_space_before_the_first_line_is_skipped(void **state)
{
	(void)state;
	expect(" \r\n\t " TEXT("a") STOP,
	       "content a\nok stop 'stop' - -1/-1\n");
}

static void an_event_over_the_cap_is_invalid(void **state)
{
	struct buffer stream;
	char *got;

	(void)state;
	buffer_init(&stream, BUFFER_UNLIMITED);
	buffer_append_string(&stream, TEXT("a") "data: \"");
	while (stream.len < OPENAI_EVENT_BYTES_MAX + 1000)
		buffer_append_string(&stream, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	got = decode_cut(buffer_slice(&stream), 10000);
	assert_string_equal(got, "content a\nupstream_invalid retryable\n");
	memory_free(got);
	stream.data[0] = '{';
	got = decode_cut(buffer_slice(&stream), 10000);
	assert_string_equal(got, "upstream_invalid retryable\n");
	memory_free(got);
	buffer_fini(&stream);
}

static void a_sink_that_wants_no_more_gets_no_more(void **state)
{
	struct openai_decode decode;
	struct transcript transcript;

	(void)state;
	transcript_init(&transcript);
	transcript.events_left = 2;
	openai_decode_init(&decode, &transcript.sink, SLICE_NONE);
	assert_false(openai_decode_feed(
	    &decode,
	    SLICE_LITERAL(TEXT("a") TEXT("b") TEXT("c") TEXT("\\ud83d"))));
	assert_int_equal(decode.state, OPENAI_DECODE_STOPPED);
	assert_false(openai_decode_end(&decode));
	assert_string_equal(buffer_string(&transcript.text),
			    "content a\ncontent b\n");
	openai_decode_fini(&decode);
	transcript_fini(&transcript);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_plain_answer_is_content_and_a_reason),
	    cmocka_unit_test(event_streams_may_look_as_they_like),
	    cmocka_unit_test(the_end_may_be_told_in_several_ways),
	    cmocka_unit_test(an_answer_without_an_end_is_truncated),
	    cmocka_unit_test(garbage_is_invalid),
	    cmocka_unit_test(
		usage_is_taken_wherever_it_stands_and_the_last_wins),
	    cmocka_unit_test(choices_may_be_missing_empty_or_more_than_asked),
	    cmocka_unit_test(reasoning_has_several_names),
	    cmocka_unit_test(content_may_be_a_list_of_parts),
	    cmocka_unit_test(a_refusal_is_content),
	    cmocka_unit_test(finish_reasons_are_normalised_and_kept),
	    cmocka_unit_test(errors_come_in_every_shape),
	    cmocka_unit_test(an_error_says_what_kind_it_is),
	    cmocka_unit_test(an_error_that_is_null_is_none),
	    cmocka_unit_test(half_characters_are_joined),
	    cmocka_unit_test(a_whole_body_is_the_answer),
	    cmocka_unit_test(tool_calls_come_in_fragments),
	    cmocka_unit_test(ids_and_names_that_repeat_are_told_once),
	    cmocka_unit_test(tool_calls_without_an_index_are_numbered),
	    cmocka_unit_test(
		a_tool_call_without_arguments_gets_an_empty_object),
	    cmocka_unit_test(tool_calls_that_make_no_sense_do_no_harm),
	    cmocka_unit_test(ids_and_names_that_are_no_text_are_none),
	    cmocka_unit_test(half_a_character_stays_with_its_call),
	    cmocka_unit_test(white_space_before_the_first_line_is_skipped),
	    cmocka_unit_test(an_event_over_the_cap_is_invalid),
	    cmocka_unit_test(a_sink_that_wants_no_more_gets_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
