/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

/* Reads the text as the file /etc/t.conf. */
static struct config *parse(const char *text, struct buffer *problems)
{
	buffer_init(problems, 64 * 1024);
	return config_parse(slice_of(text), "/etc/t.conf", problems);
}

/* The text is refused with exactly these lines (less "/etc/t.conf:"). */
static void refused(const char *text, const char *wanted)
{
	struct buffer problems;
	struct buffer lines;
	struct config *config = parse(text, &problems);
	char line[2000];

	assert_null(config);
	buffer_init(&lines, 64 * 1024);
	while (*wanted) {
		size_t len = strcspn(wanted, "\n");

		snprintf(line, sizeof(line), "/etc/t.conf:%.*s\n", (int)len,
			 wanted);
		buffer_append_string(&lines, line);
		wanted += len + (wanted[len] == '\n');
	}
	assert_string_equal(buffer_string(&problems), buffer_string(&lines));
	buffer_fini(&lines);
	buffer_fini(&problems);
}

static struct config *accepted(const char *text)
{
	struct buffer problems;
	struct config *config = parse(text, &problems);

	if (!config)
		fail_msg("refused: %s", buffer_string(&problems));
	assert_int_equal(problems.len, 0);
	buffer_fini(&problems);
	return config;
}

static void an_empty_file_has_every_default(void **state)
{
	struct config *config = accepted("");

	(void)state;
	assert_int_equal(config->listen.count, 1);
	assert_string_equal(config->listen.items[0],
			    "unix:/run/leat/leat.sock");
	assert_null(config->listen.items[1]);
	assert_int_equal(config->listen_mode, 0660);
	assert_int_equal(config->workers, 0);
	assert_int_equal(config->drain_timeout_ms, 30000);
	assert_int_equal(config->metrics_allow.count, 2);
	assert_string_equal(config->metrics_allow.items[1], "::1");
	assert_int_equal(config->limits.body_bytes, 8 * 1024 * 1024);
	assert_int_equal(config->chat.total_timeout_ms, 300000);
	assert_int_equal(config->context.passages, 6);
	assert_int_equal(config->provider_count, 1);
	assert_int_equal(config->providers[0].kind, KIND_EXTRACTIVE);
	assert_string_equal(config->chat.providers.items[0], "quotes");
	config_free(config);
}

static void the_documented_example_is_read(void **state)
{
	struct config *config = accepted(
	    "listen  = {\"unix:/run/leat/leat.sock\"}\n"
	    "workers = 0\n"
	    "provider \"openai\" { kind = openai  base_url = "
	    "\"https://api.openai.com/v1/\"  key_file = "
	    "\"/etc/leat/openai.key\"  model = \"gpt-4o-mini\" }\n"
	    "provider \"quotes\" { kind = extractive }\n"
	    "chat    { providers = {\"openai\", \"quotes\"}  system_file = "
	    "\"/etc/leat/system.txt\" }\n"
	    "context { index = \"/var/lib/leat/site.db\"  passages = 6 }\n");

	(void)state;
	assert_int_equal(config->provider_count, 2);
	assert_string_equal(config->providers[0].name, "openai");
	assert_string_equal(config->providers[0].base_url,
			    "https://api.openai.com/v1");
	assert_int_equal(config->providers[0].connect_timeout_ms, 5000);
	assert_int_equal(config->providers[1].kind, KIND_EXTRACTIVE);
	assert_int_equal(config->chat.providers.count, 2);
	assert_ptr_equal(config_find_provider(config, "quotes"),
			 &config->providers[1]);
	assert_null(config_find_provider(config, "nobody"));
	config_free(config);
}

static void durations_and_sizes_have_units(void **state)
{
	struct config *config = accepted(
	    "drain_timeout = 7\n"
	    "chat { linger = \"500ms\" total_timeout = 5m long_poll = \"2s\"\n"
	    "answer_timeout = 1h max_answer = 64K max_event = 1024 }\n"
	    "limits { body = \"2M\" held = 1G }");

	(void)state;
	assert_int_equal(config->drain_timeout_ms, 7000);
	assert_int_equal(config->chat.linger_ms, 500);
	assert_int_equal(config->chat.total_timeout_ms, 300000);
	assert_int_equal(config->chat.long_poll_ms, 2000);
	assert_int_equal(config->chat.answer_timeout_ms, 3600000);
	assert_int_equal(config->chat.max_answer_bytes, 65536);
	assert_int_equal(config->chat.max_event_bytes, 1024);
	assert_int_equal(config->limits.body_bytes, 2097152);
	assert_int_equal(config->limits.held_bytes, 1073741824);
	config_free(config);
}

static void comments_may_stand_anywhere(void **state)
{
	struct config *config =
	    accepted("# workers = 1\n// workers = 2\n/* workers = 3\n */"
		     "workers /* here */ = # and\n 4 // there\n"
		     "//workers = 5\n"
		     "log = \"/var/log/a#b//c/*d*/.log\"\n"
		     "context { index = /srv//x.db }/* end */");

	(void)state;
	assert_int_equal(config->workers, 4);
	assert_string_equal(config->log, "/var/log/a#b//c/*d*/.log");
	assert_string_equal(config->context.index, "/srv//x.db");
	config_free(config);
}

static void strings_may_have_escapes_and_single_quotes(void **state)
{
	struct config *config =
	    accepted("context { index = \"a \\\"b\\\" \\\\.db\" }\n"
		     "provider x { headers = {'X-A: ${b} \"c\"', "
		     "\"X-B: d\",} }");

	(void)state;
	assert_string_equal(config->context.index, "/etc/a \"b\" \\.db");
	assert_int_equal(config->providers[0].headers.count, 2);
	assert_string_equal(config->providers[0].headers.items[0],
			    "X-A: ${b} \"c\"");
	config_free(config);
}

static void relative_paths_count_from_the_files_folder(void **state)
{
	struct config *config = accepted("context { index = site.db }\n"
					 "runtime_dir = run/leat");

	(void)state;
	assert_string_equal(config->context.index, "/etc/site.db");
	assert_string_equal(config->runtime_dir, "/etc/run/leat");
	config_free(config);
}

static void a_list_of_one_needs_no_braces(void **state)
{
	struct config *config =
	    accepted("listen = tcp:127.0.0.1:9000\nmetrics_allow = {}");

	(void)state;
	assert_string_equal(config->listen.items[0], "tcp:127.0.0.1:9000");
	assert_int_equal(config->metrics_allow.count, 0);
	config_free(config);
}

static void a_byte_order_mark_and_crlf_do_no_harm(void **state)
{
	struct config *config =
	    accepted("\xef\xbb\xbfworkers = 3\r\nchat {\r\n}\r\n");

	(void)state;
	assert_int_equal(config->workers, 3);
	config_free(config);
}

static void unknown_names_are_refused_with_the_nearest_one(void **state)
{
	(void)state;
	refused("\nwokers = 2\n",
		"2: unknown option \"wokers\" at the top level; did you mean "
		"\"workers\"?");
	refused("chat {\n\n  timeout = 3 }",
		"3: unknown option \"timeout\" in chat {}; did you mean "
		"\"recall_timeout\"?");
	refused("limit { body = 1M }",
		"1: unknown option \"limit\" at the top level; did you mean "
		"\"limits\"?");
	refused("zzzzzz = 3", "1: unknown option \"zzzzzz\" at the top level");
	refused("passages = 3", "1: unknown option \"passages\" at the top "
				"level; it belongs in context {}");
	refused("provider a { modle = x }\nwokers = 3",
		"1: unknown option \"modle\" in provider {}; did you mean "
		"\"model\"?\n"
		"2: unknown option \"wokers\" at the top level; did you mean "
		"\"workers\"?");
}

static void wrong_values_are_refused_with_what_is_allowed(void **state)
{
	(void)state;
	refused("workers = many",
		"1: workers: found \"many\"; allowed: a whole number from 0 "
		"to 256");
	refused("workers = 257",
		"1: workers: found \"257\"; allowed: a whole number from 0 to "
		"256");
	refused("workers = -1",
		"1: workers: found \"-1\"; allowed: a whole number from 0 to "
		"256");
	refused("workers = 4;",
		"1: workers: found \"4;\"; allowed: a whole number from 0 to "
		"256");
	refused("workers = \"\"", "1: workers: found \"\"; allowed: a whole "
				  "number from 0 to 256");
	refused("workers = 99999999999999999999",
		"1: workers: found \"99999999999999999999\"; allowed: a whole "
		"number from 0 to 256");
	refused("workers = {1, 2}",
		"1: \"workers\" takes one value, found a list");
	refused("\n\nlog_level = verbose",
		"3: log_level: found \"verbose\"; allowed: error, warn, info, "
		"debug");
	refused("log_questions = maybe",
		"1: log_questions: found \"maybe\"; allowed: yes or no");
	refused("listen_mode = 0999",
		"1: listen_mode: found \"0999\"; allowed: octal permissions "
		"such as 0660, at most 0777");
	refused("drain_timeout = 3d",
		"1: drain_timeout: found \"3d\"; allowed: a duration from 0 "
		"to 1h, such as 30 (seconds), \"500ms\", \"30s\" or \"5m\"");
	refused("limits {\n body = 1000000000T }",
		"2: body: found \"1000000000T\"; allowed: a size from 1K to "
		"256M, such as 65536, \"64K\" or \"8M\"");
	refused("limits { body = 99999999999999G }",
		"1: body: found \"99999999999999G\"; allowed: a size from 1K "
		"to 256M, such as 65536, \"64K\" or \"8M\"");
	refused("listen = {}", "1: listen: found 0 items; allowed: 1 to 8 "
			       "items");
}

static void all_wrong_values_are_named_at_once(void **state)
{
	(void)state;
	refused("workers = x\nlog_level = y",
		"1: workers: found \"x\"; allowed: a whole number from 0 to "
		"256\n"
		"2: log_level: found \"y\"; allowed: error, warn, info, debug");
}

static void what_is_given_twice_is_refused(void **state)
{
	(void)state;
	refused("workers = 1\n\nworkers = 1",
		"3: \"workers\" is given twice; the first is in line 1");
	refused("chat { }\nchat { }",
		"2: chat {} is given twice; the first is in line 1");
	refused("provider \"a\" { }\n\nprovider \"a\" { }",
		"3: provider \"a\" is given twice; the first is in line 1");
	refused("provider \"a\" { model = x\n model = y }",
		"2: \"model\" is given twice; the first is in line 1");
	refused("chat { providers = {\"a\", \"a\"} }\nprovider a { }",
		"1: providers: \"a\" stands there twice");
	refused("listen = {\"unix:/a\",\n\"unix:/a\"}",
		"1: listen: \"unix:/a\" stands there twice");
	config_free(accepted("provider a { model = x } "
			     "provider b { model = x }"));
}

static void missing_braces_are_named_where_they_opened(void **state)
{
	(void)state;
	refused("workers = 1\nchat {\n linger = 3\n",
		"2: chat { is never closed: a } is missing");
	refused("chat {\n linger = 3\n\ncontext {\n passages = 3\n}\n",
		"4: context begins inside chat {}, which began in line 1: a } "
		"is missing");
	refused("provider \"a\" {\n kind = extractive\n"
		"provider \"b\" { }\n",
		"3: provider begins inside provider {}, which began in line "
		"1: a } is missing");
	refused("listen = {\"unix:/a\",\n \"unix:/b\"\n",
		"3: found the end of the file, expected , or } after a value "
		"of a list");
	refused("listen = {\"unix:/a\"\nworkers = 3",
		"2: found \"workers\", expected , or } after a value of a "
		"list");
	refused("listen = {\n", "1: the list of listen is never closed: a } "
				"is missing");
	refused("chat { }\n}\n", "2: found a } that closes nothing");
}

static void variables_are_refused(void **state)
{
	(void)state;
	refused("\ncontext { index = \"${HOME}/a.db\" }",
		"2: found ${: variables are not replaced in this file; write "
		"the value itself (in single quotes if it really has a ${)");
	refused("context { index = /x/${HOME} }",
		"1: found ${: variables are not replaced in this file; write "
		"the value itself (in single quotes if it really has a ${)");
	config_free(accepted("# ${HOME}\n"));
}

static void broken_syntax_is_refused_at_its_line(void **state)
{
	(void)state;
	refused("workers\n", "2: found the end of the file, expected = after "
			     "workers");
	refused("workers =\n\n", "3: found the end of the file, expected a "
				 "value after workers");
	refused("workers = = 3", "1: found =, expected a value after workers");
	refused("= 3", "1: found =, expected the name of an option or a "
		       "section");
	refused("log = \"stderr\nworkers = 3\n",
		"1: this string is not closed on its line: a quote is "
		"missing");
	refused("workers = 3\n/* never closed\n\n",
		"2: this comment is never closed: */ is missing");
	refused("listen += {\"unix:/a\"}",
		"1: found +: there is no +=, an option is given once");
	refused("include(\"other.conf\")",
		"1: found (, which must stand in quotes");
	refused("log = \"a\\x00b\"", "1: unknown escape in a string; allowed: "
				     "\\\" \\\\ \\n \\t");
	refused("workers = 1 2", "1: unknown option \"2\" at the top level");
	refused("chat = 3", "1: \"chat\" is a section: chat { … }");
	refused("chat \"x\" { }", "1: chat {} has no name, found \"x\"");
	refused("chat \"x\" linger = 3",
		"1: found \"linger\", expected { after chat");
	refused("provider { }", "1: a provider needs a name: provider "
				"\"name\" { … }");
	refused("provider \"a/b\" { }",
		"1: found provider \"a/b\"; allowed in its name: 1 to 64 of "
		"A-Z, a-z, 0-9, \".\", \"_\" and \"-\", not beginning with a "
		"dot");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	struct buffer problems;

	(void)state;
	refused("workers = 1\nlog = \"\xff\"",
		"2: found the byte 0xff, which is not UTF-8");
	buffer_init(&problems, 4096);
	assert_null(config_parse(slice_make("a = 1\n\0b", 8), "x", &problems));
	assert_string_equal(buffer_string(&problems),
			    "x:2: found a NUL byte: this is not a text file\n");
	buffer_fini(&problems);
}

static void addresses_are_checked(void **state)
{
	(void)state;
	refused("listen = {\"tcp:0.0.0.0:9000\"}",
		"1: listen: \"tcp:0.0.0.0:9000\" is not a loopback address, "
		"and FastCGI has no password: use a unix socket, or set "
		"allow_remote_tcp = yes");
	config_free(accepted("listen = {\"tcp:0.0.0.0:9000\"} "
			     "allow_remote_tcp = yes"));
	config_free(accepted("listen = {\"tcp:[::1]:9000\", "
			     "\"tcp:127.9.0.1:1\"}"));
	refused("listen = {\"unix:leat.sock\"}",
		"1: listen: found \"unix:leat.sock\"; allowed: "
		"\"unix:/absolute/path\" (at most 96 bytes), "
		"\"tcp:127.0.0.1:9000\" or \"tcp:[::1]:9000\"");
	refused("metrics_allow = {\"10.0.0.0/33\"}",
		"1: metrics_allow: found \"10.0.0.0/33\"; allowed: an address "
		"(\"192.0.2.7\", \"2001:db8::7\") or a network "
		"(\"192.0.2.0/24\", \"2001:db8::/32\")");
	refused("provider a { base_url = \"ftp://x/\" }",
		"1: base_url: found \"ftp://x/\"; allowed: an address such as "
		"\"https://api.openai.com/v1\": http or https, no user name, "
		"no \"?\" or \"#\"");
	refused("cors_origins = {\"https://a.example/\"}",
		"1: cors_origins: found \"https://a.example/\"; allowed: an "
		"origin such as \"https://www.example.org\" (no path, no "
		"slash at the end), or \"*\"");
	refused("mount = \"ask\"",
		"1: mount: found \"ask\"; allowed: a path such as \"/ask\": "
		"with a slash in front, none at the end, no \"//\", \"..\", "
		"\"?\", \"#\" or space");
}

static void a_wrong_header_is_not_shown(void **state)
{
	(void)state;
	refused("provider a { headers = {\"Authorization Bearer sk-123\"} }",
		"1: headers: found \"…\"; allowed: \"Name: value\", and not "
		"Host, Content-Length, Content-Type, Transfer-Encoding or "
		"Connection");
}

static void a_wrong_address_shows_no_password(void **state)
{
	static const char shown[] =
	    "1: base_url: found \"…\"; allowed: an address such as "
	    "\"https://api.openai.com/v1\": http or https, no user name, no "
	    "\"?\" or \"#\"";

	(void)state;
	refused("provider a { base_url = \"https://me:sk-1@x/\" }", shown);
	refused("provider a { base_url = \"https://x/?key=sk-1\" }", shown);
}

static void contradictions_are_refused(void **state)
{
	(void)state;
	refused("chat { providers = {\"opnai\"} }\nprovider openai { }",
		"1: providers: there is no provider \"opnai\" {} in this "
		"file");
	refused("provider q {\n kind = extractive\n model = x }",
		"3: model: provider \"q\" is of kind extractive, which has no "
		"such option");
	refused("limits {\n body = 8M\n held = 4M }",
		"3: held: found 4194304 bytes, less than one request of "
		"params and body may have (8454144)");
}

static void many_problems_end_with_a_word(void **state)
{
	struct buffer text;
	struct buffer problems;
	size_t lines = 0;

	(void)state;
	buffer_init(&text, 64 * 1024);
	for (int i = 0; i < 30; i++)
		buffer_append_string(&text, "qqqqqq = 1\n");
	assert_null(parse(buffer_string(&text), &problems));
	for (size_t i = 0; i < problems.len; i++)
		lines += problems.data[i] == '\n';
	assert_int_equal(lines, 21);
	assert_non_null(strstr(buffer_string(&problems), ": and more\n"));
	buffer_fini(&problems);
	buffer_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_file_has_every_default),
	    cmocka_unit_test(the_documented_example_is_read),
	    cmocka_unit_test(durations_and_sizes_have_units),
	    cmocka_unit_test(comments_may_stand_anywhere),
	    cmocka_unit_test(strings_may_have_escapes_and_single_quotes),
	    cmocka_unit_test(relative_paths_count_from_the_files_folder),
	    cmocka_unit_test(a_list_of_one_needs_no_braces),
	    cmocka_unit_test(a_byte_order_mark_and_crlf_do_no_harm),
	    cmocka_unit_test(unknown_names_are_refused_with_the_nearest_one),
	    cmocka_unit_test(wrong_values_are_refused_with_what_is_allowed),
	    cmocka_unit_test(all_wrong_values_are_named_at_once),
	    cmocka_unit_test(what_is_given_twice_is_refused),
	    cmocka_unit_test(missing_braces_are_named_where_they_opened),
	    cmocka_unit_test(variables_are_refused),
	    cmocka_unit_test(broken_syntax_is_refused_at_its_line),
	    cmocka_unit_test(bytes_that_are_no_text_are_refused),
	    cmocka_unit_test(addresses_are_checked),
	    cmocka_unit_test(a_wrong_header_is_not_shown),
	    cmocka_unit_test(a_wrong_address_shows_no_password),
	    cmocka_unit_test(contradictions_are_refused),
	    cmocka_unit_test(many_problems_end_with_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
