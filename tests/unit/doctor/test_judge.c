/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/memory.h"
#include "doctor/judge.h"

struct bench {
	struct measures *measures;
	struct findings *findings;
};

static const struct delays steady = {
    .shape = DELAY_STEADY, .count = 41, .arrivals = 41, .span_ms = 2000};

static struct measure_answer answered(int status)
{
	return (struct measure_answer){
	    .is_done = true, .status = status, .http = 11};
}

static void set_stream(struct measure_stream *stream)
{
	stream->answer = answered(200);
	strcpy(stream->answer.type, "text/event-stream");
	strcpy(stream->cache_control, "no-cache, no-transform");
	stream->wanted = stream->received = 40;
	stream->has_end = true;
	stream->delays = steady;
}

/* Everything measured, and everything well, behind this server. */
static void set_well(struct bench *bench, const char *software,
		     const char *process)
{
	struct measures *measures = bench->measures;

	memset(measures, 0, sizeof(*measures));
	memset(bench->findings, 0, sizeof(*bench->findings));
	strcpy(measures->url, "https://a.example/ask");
	strcpy(measures->base, "https://a.example/ask");
	strcpy(measures->site, "https://a.example");
	measures->is_https = measures->selftest.is_https = true;
	measures->reach = answered(200);
	measures->is_leat = true;
	strcpy(measures->selftest.software, software);
	strcpy(measures->selftest.process, process);
	strcpy(measures->selftest.protocol, "HTTP/1.1");
	snprintf(measures->signs.server, MEASURE_TEXT_SIZE, "%s", software);
	measures->selftest.body_max = 8388608;
	measures->selftest.heartbeat_ms = 10000;
	set_stream(&measures->plain);
	set_stream(&measures->gzip);
	set_stream(&measures->http2);
	for (int i = 0; i < 4; i++)
		set_stream(&measures->together[i]);
	measures->together_count = 4;
	measures->idle = (struct measure_idle){.is_done = true,
					       .silent_s = 12,
					       .has_survived = true,
					       .status = 200};
	measures->leaving_writing =
	    (struct measure_leaving){.is_done = true,
				     .is_known = true,
				     .has_noticed = true,
				     .noticed_ms = 200};
	measures->leaving_silent = measures->leaving_writing;
	measures->request = (struct measure_request){.answer = answered(200),
						     .has_authorization = true,
						     .has_last_event_id = true,
						     .is_body_whole = true};
	measures->origin = answered(200);
	measures->chunked = answered(200);
	measures->is_chunked_whole = true;
	measures->body = (struct measure_body){
	    .is_done = true, .largest = 8388608, .beyond = answered(413)};
	strcpy(measures->body.beyond.code, "too_large");
	measures->secrets.is_done = true;
	measures->secrets.tried = 100;
}

static const struct finding *judge(struct bench *bench, const char *id)
{
	memset(bench->findings, 0, sizeof(*bench->findings));
	judge_all(bench->measures, bench->findings);
	for (size_t i = 0; i < bench->findings->count; i++)
		if (!strcmp(bench->findings->items[i].id, id))
			return &bench->findings->items[i];
	return NULL;
}

static bool names(const struct finding *finding, const char *line)
{
	for (size_t i = 0; finding && i < finding->remedy_count; i++)
		if (strstr(finding->remedies[i].line, line) ||
		    strstr(finding->remedies[i].why, line))
			return true;
	return false;
}

static void assert_mends(struct bench *bench, const char *id,
			 enum finding_level level, const char *line)
{
	const struct finding *finding = judge(bench, id);

	assert_non_null(finding);
	assert_int_equal(finding->level, level);
	if (!names(finding, line))
		fail_msg("%s does not name %s", id, line);
}

static int set_up(void **state)
{
	struct bench *bench = memory_zalloc(sizeof(*bench));

	bench->measures = memory_zalloc(sizeof(*bench->measures));
	bench->findings = finding_list_new();
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	memory_free(bench->measures);
	finding_list_free(bench->findings);
	memory_free(bench);
	return 0;
}

/* What each server needs, and what it is called there. */
static const struct server_row {
	const char *software;
	const char *process;
	const char *buffering;
	const char *compression;
	const char *idle;
	const char *body;
	const char *authorization;
	const char *secret;
} servers[] = {
    {"nginx/1.22.1", "pool", "fastcgi_buffering off", "gzip off",
     "fastcgi_read_timeout", "client_max_body_size", "HTTP_AUTHORIZATION",
     "return 404"},
    {"nginx/1.22.1", "cgi", "NO_BUFFERING 1", "gzip off",
     "fastcgi_read_timeout", "client_max_body_size", "HTTP_AUTHORIZATION",
     "return 404"},
    {"Apache/2.4", "pool", "flushpackets=on", "no-gzip", "timeout=150",
     "LimitRequestBody", "CGIPassAuth On", "Require all denied"},
    {"Apache/2.4", "alone", "FcgidOutputBufferSize 0", "no-gzip",
     "FcgidIOTimeout", "FcgidMaxRequestLen", "CGIPassAuth On",
     "Require all denied"},
    {"Apache/2.4", "cgi", "no-gzip", "no-gzip", "CGIDScriptTimeout",
     "LimitRequestBody", "CGIPassAuth On", "Require all denied"},
    {"lighttpd/1.4", "pool", "server.stream-response-body = 2",
     "deflate.mimetypes", "read-timeout", "server.max-request-size",
     "Authorization", "url.access-deny"},
    {"lighttpd/1.4", "cgi", "server.stream-response-body = 2",
     "deflate.mimetypes", "read-timeout", "server.max-request-size",
     "Authorization", "url.access-deny"},
    {"Caddy", "pool", "buffering", "compress", "idle timeout", "8 MiB",
     "Authorization", "move the file"},
};

enum { SERVER_COUNT = sizeof(servers) / sizeof(*servers) };

static void a_good_site_has_neither_failure_nor_warning(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < SERVER_COUNT; i++) {
		set_well(bench, servers[i].software, servers[i].process);
		assert_non_null(judge(bench, "stream"));
		assert_int_equal(bench->findings->failures, 0);
		assert_int_equal(bench->findings->warnings, 0);
		for (size_t n = 0; n < bench->findings->count; n++)
			assert_int_equal(bench->findings->items[n].remedy_count,
					 0);
	}
}

static void each_server_is_told_its_own_line(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < SERVER_COUNT; i++) {
		const struct server_row *row = &servers[i];
		struct measures *measures = bench->measures;

		set_well(bench, row->software, row->process);
		measures->plain.delays.shape = DELAY_END;
		assert_mends(bench, "stream", FINDING_FAIL, row->buffering);
		set_well(bench, row->software, row->process);
		measures->gzip.delays.shape = DELAY_BATCHES;
		strcpy(measures->gzip.encoding, "gzip");
		assert_mends(bench, "gzip", FINDING_FAIL, row->compression);
		set_well(bench, row->software, row->process);
		measures->idle.has_survived = false;
		measures->idle.cut_ms = 3000;
		assert_mends(bench, "idle", FINDING_FAIL, row->idle);
		set_well(bench, row->software, row->process);
		measures->body.largest = 131072;
		measures->body.smallest = 132096;
		measures->body.refused = answered(500);
		assert_mends(bench, "body", FINDING_FAIL, row->body);
		set_well(bench, row->software, row->process);
		measures->request.has_authorization = false;
		assert_mends(bench, "authorization", FINDING_FAIL,
			     row->authorization);
		set_well(bench, row->software, row->process);
		measures->secrets.count = 1;
		measures->secrets.found[0].what = "a key";
		assert_mends(bench, "secret", FINDING_FAIL, row->secret);
	}
}

static void every_problem_has_a_remedy_on_every_server(void **state)
{
	static const enum remedy_problem always[] = {
	    PROBLEM_BUFFERING,	   PROBLEM_COMPRESSION, PROBLEM_IDLE,
	    PROBLEM_BODY,	   PROBLEM_STREAMS,	PROBLEM_LONG,
	    PROBLEM_AUTHORIZATION, PROBLEM_HEADERS,	PROBLEM_AWAY,
	    PROBLEM_LAST_EVENT_ID, PROBLEM_MOUNT,	PROBLEM_PROGRAM,
	    PROBLEM_SECRET};
	struct remedy remedies[REMEDIES_MAX];

	(void)state;
	for (int kind = SERVER_UNKNOWN; kind <= SERVER_LIGHTTPD_CGI; kind++)
		for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
			assert_true(remedy_find(remedies, always[i],
						(enum server_kind)kind,
						FRONT_NONE) > 0);
}

static void behind_a_second_nginx_the_swallowed_header_is_named_first(
    void **state)
{
	struct bench *bench = *state;
	const struct finding *finding;

	set_well(bench, "nginx/1.22.1", "pool");
	strcpy(bench->measures->selftest.protocol, "HTTP/1.0");
	bench->measures->plain.delays.shape = DELAY_END;
	finding = judge(bench, "stream");
	assert_non_null(finding);
	assert_string_equal(finding->remedies[0].line,
			    "fastcgi_pass_header X-Accel-Buffering;");
	assert_true(names(finding, "proxy_buffering off"));
}

static void what_holds_every_stream_is_explained_once(void **state)
{
	struct bench *bench = *state;
	const struct finding *finding;

	set_well(bench, "Apache", "pool");
	bench->measures->plain.delays.shape = DELAY_END;
	bench->measures->gzip.delays.shape = DELAY_END;
	finding = judge(bench, "gzip");
	assert_int_equal(finding->level, FINDING_FAIL);
	assert_int_equal(finding->remedy_count, 0);
}

static void apache_may_take_a_heartbeat_to_notice_and_nginx_may_not(
    void **state)
{
	struct bench *bench = *state;

	set_well(bench, "Apache", "pool");
	bench->measures->leaving_silent.noticed_ms = 10200;
	assert_int_equal(judge(bench, "leaving-silent")->level, FINDING_OK);
	set_well(bench, "nginx", "pool");
	bench->measures->leaving_silent.noticed_ms = 10200;
	assert_mends(bench, "leaving-silent", FINDING_WARN,
		     "fastcgi_ignore_client_abort off");
	set_well(bench, "lighttpd/1.4", "pool");
	bench->measures->leaving_silent.has_noticed = false;
	assert_mends(bench, "leaving-silent", FINDING_FAIL,
		     "tcp-fin-propagate");
}

static void a_site_that_is_not_there_is_explained_by_how_it_failed(void **state)
{
	struct bench *bench = *state;
	struct measures *measures = bench->measures;

	memset(measures, 0, sizeof(*measures));
	measures->reach = (struct measure_answer){.is_done = true,
						  .failure = HTTP_TLS_FAILED};
	assert_non_null(strstr(judge(bench, "reach")->text, "certificate"));
	measures->reach.failure = HTTP_NAME_UNKNOWN;
	assert_non_null(strstr(judge(bench, "reach")->text, "DNS"));
	assert_int_equal(bench->findings->count, 1);
}

static void a_server_without_leat_is_explained_by_its_status(void **state)
{
	struct bench *bench = *state;
	struct measures *measures = bench->measures;

	memset(measures, 0, sizeof(*measures));
	strcpy(measures->signs.server, "nginx");
	measures->reach = answered(502);
	assert_mends(bench, "leat", FINDING_FAIL, "systemctl start leat");
	measures->reach = answered(404);
	assert_mends(bench, "leat", FINDING_FAIL, "include snippets/leat.conf");
	strcpy(measures->signs.server, "Apache");
	measures->reach = answered(503);
	assert_mends(bench, "leat", FINDING_FAIL, "AH01079");
	measures->reach = answered(200);
	measures->reach.is_program = true;
	assert_mends(bench, "leat", FINDING_FAIL, "SetHandler cgi-script");
	measures->reach = answered(404);
	measures->healthz = answered(200);
	assert_non_null(strstr(judge(bench, "leat")->text, "routes_off"));
}

static void a_refusal_in_other_words_is_only_a_warning(void **state)
{
	struct bench *bench = *state;

	set_well(bench, "nginx", "pool");
	bench->measures->body.beyond.code[0] = '\0';
	assert_mends(bench, "too-large", FINDING_WARN, "error_page 413");
}

static void a_site_whose_host_is_changed_refuses_its_own_pages(void **state)
{
	struct bench *bench = *state;

	set_well(bench, "nginx", "pool");
	strcpy(bench->measures->selftest.protocol, "HTTP/1.0");
	bench->measures->origin = answered(403);
	assert_mends(bench, "origin", FINDING_FAIL,
		     "proxy_set_header Host $http_host;");
}

static void a_changed_cache_header_is_seen(void **state)
{
	struct bench *bench = *state;

	set_well(bench, "Apache", "pool");
	strcpy(bench->measures->plain.cache_control, "max-age=3600");
	assert_mends(bench, "headers", FINDING_FAIL, "ExpiresActive Off");
}

static void what_was_not_measured_is_not_mentioned(void **state)
{
	struct bench *bench = *state;

	set_well(bench, "nginx", "pool");
	bench->measures->idle.is_done = false;
	bench->measures->http2.answer.is_done = false;
	bench->measures->together_count = 0;
	assert_null(judge(bench, "idle"));
	assert_null(judge(bench, "http2"));
	assert_null(judge(bench, "together"));
	assert_null(judge(bench, "long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_site_has_neither_failure_nor_warning),
	    cmocka_unit_test(each_server_is_told_its_own_line),
	    cmocka_unit_test(every_problem_has_a_remedy_on_every_server),
	    cmocka_unit_test(
		behind_a_second_nginx_the_swallowed_header_is_named_first),
	    cmocka_unit_test(what_holds_every_stream_is_explained_once),
	    cmocka_unit_test(
		apache_may_take_a_heartbeat_to_notice_and_nginx_may_not),
	    cmocka_unit_test(
		a_site_that_is_not_there_is_explained_by_how_it_failed),
	    cmocka_unit_test(a_server_without_leat_is_explained_by_its_status),
	    cmocka_unit_test(a_refusal_in_other_words_is_only_a_warning),
	    cmocka_unit_test(a_changed_cache_header_is_seen),
	    cmocka_unit_test(
		a_site_whose_host_is_changed_refuses_its_own_pages),
	    cmocka_unit_test(what_was_not_measured_is_not_mentioned),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
