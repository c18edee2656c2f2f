/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/ask.h"
#include "core/retriever.h"
#include "journal_make.h"
#include "wire/native.h"

#define FRAME(n, json) "id: " JOURNAL_MAKE_ID "." n "\ndata: " json "\n\n"

static struct journal *journal;
static struct buffer out;

static int set_up(void **state)
{
	(void)state;
	journal = journal_make_new();
	buffer_init(&out, BUFFER_UNLIMITED);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	journal_unref(journal);
	buffer_fini(&out);
	return 0;
}

/* The frames of all events but the first `skip`. */
static void expect(uint32_t skip, const char *wanted)
{
	struct journal_place place;

	buffer_clear(&out);
	journal_seek(journal, skip, &place);
	dialect_encode(&out, DIALECT_NATIVE, journal, &place, 1 << 20);
	assert_string_equal(buffer_string(&out), wanted);
}

static void put_status(enum status_step step, enum status_state state,
		       int progress)
{
	struct event event = {.type = EVENT_STATUS,
			      .status = {.step = step,
					 .state = state,
					 .progress = progress,
					 .elapsed_ms = 7,
					 .description = SLICE_LITERAL("d")}};

	journal_make_event(journal, &event);
}

static void a_status_names_step_state_and_progress(void **state)
{
	(void)state;
	put_status(STEP_ADMIT, STATE_DONE, -1);
	put_status(STEP_CONTEXT, STATE_STARTED, 0);
	put_status(STEP_MODEL, STATE_PROGRESS, 50);
	put_status(STEP_TOOL, STATE_FAILED, 100);
	expect(0,
	       FRAME("1", "{\"type\":\"status\",\"status\":{"
			  "\"step\":\"admit\",\"state\":\"done\","
			  "\"description\":\"d\",\"elapsed_ms\":7}}")
		   FRAME("2", "{\"type\":\"status\",\"status\":{"
			      "\"step\":\"context\",\"state\":\"started\","
			      "\"description\":\"d\",\"progress\":0,"
			      "\"elapsed_ms\":7}}")
		       FRAME("3", "{\"type\":\"status\",\"status\":{"
				  "\"step\":\"model\",\"state\":\"progress\","
				  "\"description\":\"d\",\"progress\":50,"
				  "\"elapsed_ms\":7}}")
			   FRAME("4", "{\"type\":\"status\",\"status\":{"
				      "\"step\":\"tool\",\"state\":\"failed\","
				      "\"description\":\"d\",\"progress\":100,"
				      "\"elapsed_ms\":7}}"));
}

static void reasoning_is_told_apart_from_content(void **state)
{
	struct event event = {
	    .type = EVENT_REASONING, .branch = 1, .text = SLICE_LITERAL("Hm")};

	(void)state;
	journal_make_event(journal, &event);
	expect(0, FRAME("1", "{\"type\":\"reasoning\",\"branch\":1,"
			     "\"reasoning\":\"Hm\"}"));
}

static void a_tool_call_comes_in_fragments(void **state)
{
	struct event first = {
	    .type = EVENT_TOOL_CALL,
	    .tool_call = {.index = 1,
			  .id = SLICE_LITERAL("c1"),
			  .name = SLICE_LITERAL("find"),
			  .arguments = SLICE_LITERAL("{\"q")}};
	struct event second = {
	    .type = EVENT_TOOL_CALL,
	    .tool_call = {.index = 1, .arguments = SLICE_LITERAL("\":1}")}};

	(void)state;
	journal_make_event(journal, &first);
	journal_make_event(journal, &second);
	expect(0, FRAME("1", "{\"type\":\"tool_call\",\"tool_call\":{"
			     "\"index\":1,\"id\":\"c1\","
			     "\"type\":\"function\",\"function\":{"
			     "\"name\":\"find\",\"arguments\":\"{\\\"q\"}}}")
		      FRAME("2", "{\"type\":\"tool_call\",\"tool_call\":{"
				 "\"index\":1,\"type\":\"function\","
				 "\"function\":{\"arguments\":\"\\\":1}\"}}}"));
}

static void a_tool_result_names_its_call(void **state)
{
	struct event event = {.type = EVENT_TOOL_RESULT,
			      .tool_result = {SLICE_LITERAL("c1"),
					      SLICE_LITERAL("find"),
					      SLICE_LITERAL("ok")}};

	(void)state;
	journal_make_event(journal, &event);
	expect(0, FRAME("1", "{\"type\":\"tool_result\",\"tool_result\":{"
			     "\"id\":\"c1\",\"name\":\"find\","
			     "\"content\":\"ok\"}}"));
}

static void a_final_has_answer_sources_usage_and_timing(void **state)
{
	struct passage sources[2] = {{.text = SLICE_LITERAL("Snip"),
				      .title = SLICE_LITERAL("T"),
				      .heading = SLICE_LITERAL("H > I"),
				      .url = SLICE_LITERAL("/a#b")},
				     {.text = SLICE_LITERAL("Two")}};
	struct event event = {.type = EVENT_FINAL,
			      .final = {.reason = FINISH_STOP,
					.model = SLICE_LITERAL("gpt"),
					.provider = SLICE_LITERAL("openai"),
					.usage = {812, 96, false},
					.first_token_ms = 310,
					.total_ms = 2140,
					.sources = sources,
					.source_count = 2}};

	(void)state;
	journal_make_content(journal, "A ");
	journal_make_content(journal, "b.");
	journal_make_event(journal, &event);
	expect(2, FRAME("3", "{\"type\":\"final\",\"result\":{"
			     "\"answer\":\"A b.\",\"sources\":["
			     "{\"n\":1,\"title\":\"T\",\"heading\":\"H > I\","
			     "\"url\":\"/a#b\",\"snippet\":\"Snip\"},"
			     "{\"n\":2,\"title\":\"\",\"heading\":\"\","
			     "\"url\":\"\",\"snippet\":\"Two\"}],"
			     "\"finish_reason\":\"stop\",\"model\":\"gpt\","
			     "\"provider\":\"openai\",\"usage\":{"
			     "\"input_tokens\":812,\"output_tokens\":96,"
			     "\"estimated\":false},\"timing\":{"
			     "\"first_token_ms\":310,\"total_ms\":2140},"
			     "\"turn\":\"" JOURNAL_MAKE_ID "\"}}"));
}

static void an_answer_without_content_is_a_final_all_the_same(void **state)
{
	(void)state;
	journal_make_final(journal, FINISH_LENGTH);
	expect(0, FRAME("1", "{\"type\":\"final\",\"result\":{"
			     "\"answer\":\"\",\"sources\":[],"
			     "\"finish_reason\":\"length\",\"model\":\"m\","
			     "\"provider\":\"p\",\"timing\":{\"total_ms\":9},"
			     "\"turn\":\"" JOURNAL_MAKE_ID "\"}}"));
}

static void an_unknown_finish_keeps_the_providers_word(void **state)
{
	struct event event = {.type = EVENT_FINAL,
			      .final = {.reason = FINISH_OTHER,
					.reason_raw = SLICE_LITERAL("odd"),
					.is_extractive = true,
					.usage = {-1, 5, true},
					.first_token_ms = -1}};

	(void)state;
	journal_make_event(journal, &event);
	expect(0, FRAME("1", "{\"type\":\"final\",\"result\":{"
			     "\"answer\":\"\",\"sources\":[],"
			     "\"finish_reason\":\"other\","
			     "\"finish_reason_raw\":\"odd\",\"model\":\"\","
			     "\"provider\":\"\",\"mode\":\"extractive\","
			     "\"usage\":{\"output_tokens\":5,"
			     "\"estimated\":true},\"timing\":{\"total_ms\":0},"
			     "\"turn\":\"" JOURNAL_MAKE_ID "\"}}"));
}

static void an_error_keeps_the_partial_text(void **state)
{
	(void)state;
	journal_make_content(journal, "Half");
	journal_make_error(journal, ERROR_UPSTREAM_FIRST_TOKEN_TIMEOUT, "");
	expect(1, FRAME("2", "{\"type\":\"error\",\"error\":"
			     "\"The model took too long to answer.\","
			     "\"code\":\"upstream_first_token_timeout\","
			     "\"retryable\":true,\"partial\":\"Half\","
			     "\"turn\":\"" JOURNAL_MAKE_ID "\"}"));
}

static void an_error_says_what_is_known_and_when_to_come_back(void **state)
{
	struct event event = {.type = EVENT_ERROR,
			      .error = {.code = ERROR_UPSTREAM_REFUSED,
					.retry_after_ms = 1500,
					.hint = SLICE_LITERAL("No \"m\".")}};

	(void)state;
	journal_make_event(journal, &event);
	expect(0, FRAME("1", "{\"type\":\"error\",\"error\":"
			     "\"The model's service refused the request. "
			     "No \\\"m\\\".\",\"code\":\"upstream_refused\","
			     "\"retryable\":false,\"retry_after_ms\":1500,"
			     "\"partial\":\"\","
			     "\"turn\":\"" JOURNAL_MAKE_ID "\"}"));
}

static void a_fault_outside_a_turn_is_the_same_object(void **state)
{
	struct fault fault;

	(void)state;
	fault_set_hint(&fault, ERROR_BAD_REQUEST, "\"x\" is odd.");
	native_put_fault(&out, &fault);
	assert_string_equal(buffer_string(&out),
			    "{\"type\":\"error\",\"error\":\"The request could "
			    "not be understood. \\\"x\\\" is odd.\","
			    "\"code\":\"bad_request\",\"retryable\":false}");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void what_a_search_found_is_json_with_cut_snippets(void **state)
{
	struct passage passage = {
	    .text = SLICE_LITERAL("some words and a long rest of the text"),
	    .title = SLICE_LITERAL("T\"1\""),
	    .url = SLICE_LITERAL("/a"),
	    .score = 1.5};
	struct retrieval_result result = {
	    .is_ok = true, .passages = &passage, .passage_count = 1};
	struct buffer json;

	(void)state;
	buffer_init(&json, 4096);
	native_put_search(&json, SLICE_LITERAL("q"), &result, 16);
	assert_string_equal(buffer_string(&json),
			    "{\"query\":\"q\",\"passages\":[{\"n\":1,"
			    "\"title\":\"T\\\"1\\\"\",\"heading\":\"\","
			    "\"url\":\"/a\",\"snippet\":\"some words and a\","
			    "\"score\":1.5}]}\n");
	buffer_fini(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(a_status_names_step_state_and_progress),
	    EACH(reasoning_is_told_apart_from_content),
	    EACH(a_tool_call_comes_in_fragments),
	    EACH(a_tool_result_names_its_call),
	    EACH(a_final_has_answer_sources_usage_and_timing),
	    EACH(an_answer_without_content_is_a_final_all_the_same),
	    EACH(an_unknown_finish_keeps_the_providers_word),
	    EACH(an_error_keeps_the_partial_text),
	    EACH(an_error_says_what_is_known_and_when_to_come_back),
	    EACH(a_fault_outside_a_turn_is_the_same_object),
	    cmocka_unit_test(what_a_search_found_is_json_with_cut_snippets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
