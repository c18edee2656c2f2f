/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "chat/turn_report.h"
#include "chat_world.h"

static char log_path[] = "/tmp/leat-turn-report-XXXXXX";

static int set_up(void **state)
{
	struct log_options options = {LOG_LEVEL_INFO, log_path, "test"};
	int fd;

	chat_world_set_up(state);
	strcpy(log_path + sizeof log_path - 7, "XXXXXX");
	fd = mkstemp(log_path);
	assert_true(fd >= 0);
	close(fd);
	assert_true(log_open(&options));
	return 0;
}

static int tear_down(void **state)
{
	unlink(log_path);
	return chat_world_tear_down(state);
}

/* What was logged so far; lives until the next call. */
static const char *logged(void)
{
	static char text[8192];
	FILE *file = fopen(log_path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof text - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void numbers_are_grouped_by_thousands(void **state)
{
	static const struct {
		uint64_t number;
		const char *text;
	} cases[] = {
	    {0, "0"},
	    {7, "7"},
	    {999, "999"},
	    {1000, "1,000"},
	    {123456, "123,456"},
	    {1000000, "1,000,000"},
	    {UINT64_MAX, "18,446,744,073,709,551,615"},
	};
	char out[32];
	char small[6];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		turn_report_number(out, sizeof out, cases[i].number);
		assert_string_equal(out, cases[i].text);
	}
	memset(small, 'x', sizeof small);
	turn_report_number(small, sizeof small - 1, 123456789);
	assert_int_equal(small[5], 'x');
	assert_true(strlen(small) < sizeof small - 1);
}

static void a_turn_is_one_line_at_its_end(void **state)
{
	struct turn *turn = chat_world_ask_provider("my secret question");
	const char *text;
	char line[300];

	(void)state;
	assert_string_equal(logged(), "");
	fake_loop_advance(world.loop, 30);
	scripted_provider_content(&world.first, "private words");
	fake_loop_advance(world.loop, 12);
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	text = logged();
	snprintf(line, sizeof line,
		 "turn: turn=%.*s outcome=stop provider=one model=scripted "
		 "first_ms=30 last_ms=30 total_ms=42 events=5 bytes=13 "
		 "sources=1\n",
		 (int)turn_id(turn).len, turn_id(turn).data);
	assert_non_null(strstr(text, line));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, "private"));
}

static void an_error_is_logged_with_its_detail(void **state)
{
	(void)state;
	chat_world_ask_provider("q");
	scripted_provider_fail(&world.first, ERROR_UPSTREAM_INVALID);
	fake_loop_settle(world.loop);
	assert_non_null(strstr(logged(), "outcome=upstream_invalid "));
	assert_non_null(strstr(logged(), "detail=\"scripted\"\n"));
}

static void questions_are_logged_only_when_asked_for(void **state)
{
	(void)state;
	world.options.logs_questions = true;
	chat_world_reopen();
	chat_world_ask_provider("my question\nwith a second line");
	scripted_provider_end(&world.first);
	fake_loop_settle(world.loop);
	assert_non_null(strstr(logged(), "question=\"my question"));
	/* It cannot pretend to be a line of its own. */
	assert_null(strstr(logged(), "\nwith"));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_grouped_by_thousands),
	    EACH(a_turn_is_one_line_at_its_end),
	    EACH(an_error_is_logged_with_its_detail),
	    EACH(questions_are_logged_only_when_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
