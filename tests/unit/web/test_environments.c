/* SPDX-License-Identifier: ISC */
/*
 * What the web servers hand over, captured (tests/data/environments), is one
 * request: web/request.c and web/mount.c.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "web/request.h"

enum { PAIRS_MAX = 40, LINE_SIZE = 400 };

/* One request in one file. */
struct capture {
	char file[64];
	char what[64];
	bool is_refused; /* by the web server itself */
	char lines[PAIRS_MAX][LINE_SIZE];
	char *pairs[PAIRS_MAX + 1];
	size_t count;
};

static struct expected {
	const char *what;
	const char *method;
	const char *query;
	const char *tail;
	bool may_be_refused; /* read from the raw address, it is doubtful */
	bool needs_mount;    /* it names no route */
} expected[] = {
    {"plain", "GET", "y=z", "chat/x", false, false},
    {"page", "GET", "", "", false, true},
    {"absolute", "GET", "y=z", "chat/x", false, false},
    {"slashes", "GET", "", "chat/x", false, false},
    {"dots", "GET", "", "chat/x", true, false},
    {"escaped dots", "GET", "", "chat/x", true, false},
    {"escaped letter", "GET", "", "chat/a b", false, false},
    {"escaped slash", "GET", "", "chat/x", true, false},
    {"escaped NUL", NULL, NULL, NULL, true, false},
    {"small method", "get", "", "chat/x", false, false},
    {"odd method", "PROPFIND", "", "chat/x", false, false},
    {"upload", "POST", "", "chat", false, false},
    {"chunked", "POST", "", "chat", false, false},
    {"HTTP/1.0", "GET", "y=z", "chat/x", false, false},
};

enum { EXPECTED_COUNT = sizeof expected / sizeof expected[0] };

static bool names_route(struct slice segment)
{
	return slice_is(segment, "chat") || slice_is(segment, "search");
}

static const struct expected *find(const struct capture *capture)
{
	for (int i = 0; i < EXPECTED_COUNT; i++)
		if (!strcmp(expected[i].what, capture->what))
			return &expected[i];
	fail_msg("%s: what is \"%s\"?", capture->file, capture->what);
	return NULL;
}

static bool is(struct slice text, const char *wanted)
{
	return slice_equal(text, slice_of(wanted));
}

static void check_headers(const struct capture *capture,
			  const struct request *request,
			  const struct expected *wanted)
{
	/* RFC 9112, section 3.2.2. */
	const char *host = strcmp(wanted->what, "absolute") == 0
			       ? "evil.example"
			       : "site.example";

	if (!is(request->method, wanted->method) ||
	    !is(request->query_string, wanted->query) ||
	    !is(request->authorization, "Bearer t") ||
	    !is(request->last_event_id, "turn.1") || !is(request->host, host) ||
	    request_is_https(request) || request_is_forwarded(request))
		fail_msg("%s, %s: something is missing", capture->file,
			 capture->what);
	if (!strcmp(wanted->what, "upload") &&
	    (!is(request->content_length, "3") ||
	     !is(request->content_type, "text/x")))
		fail_msg("%s: no length or type", capture->file);
	assert_int_equal(request_hides_leaving(request),
			 text_starts_with(request->server_software, "Apache"));
	assert_true(request->server_software.len > 0);
	assert_true(text_starts_with(request->protocol, "HTTP/1."));
}

static void check_place(const struct capture *capture, struct request *request,
			const struct expected *wanted, const char *mount)
{
	bool is_ours;

	request->mount_input.option = slice_of(mount);
	is_ours = mount_resolve(&request->mount_input, &request->arena,
				names_route, &request->place);
	if (!is_ours &&
	    (wanted->may_be_refused || (wanted->needs_mount && !mount[0])))
		return;
	if (!is_ours)
		fail_msg("%s, %s: it is not found (mount \"%s\")",
			 capture->file, capture->what, mount);
	if (!is(request->place.mount, "/api") ||
	    !is(request->place.tail, wanted->tail))
		fail_msg("%s, %s: mount %.*s, tail %.*s", capture->file,
			 capture->what, (int)request->place.mount.len,
			 request->place.mount.data,
			 (int)request->place.tail.len,
			 request->place.tail.data);
}

static void check(const struct capture *capture)
{
	const struct expected *wanted = find(capture);
	struct request *request = request_new();

	request_set_params(request, capture->pairs);
	check_headers(capture, request, wanted);
	check_place(capture, request, wanted, "");
	check_place(capture, request, wanted, "/api");
	request_free(request);
}

static void take_line(struct capture *capture, const char *line)
{
	if (line[0] == '!') {
		capture->is_refused = true;
		return;
	}
	assert_true(capture->count < PAIRS_MAX);
	strcpy(capture->lines[capture->count], line);
	capture->pairs[capture->count] = capture->lines[capture->count];
	capture->pairs[++capture->count] = NULL;
}

static unsigned end_capture(const struct capture *capture)
{
	if (capture->what[0] && !capture->is_refused)
		check(capture);
	return capture->what[0] && !capture->is_refused;
}

/* The number of requests that reached a program. */
static unsigned check_file(const char *folder, const char *name)
{
	static struct capture capture;
	char path[500], line[LINE_SIZE];
	unsigned count = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	memset(&capture, 0, sizeof capture);
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#') {
			take_line(&capture, line);
			continue;
		}
		count += end_capture(&capture);
		memset(&capture, 0, sizeof capture);
		snprintf(capture.file, sizeof capture.file, "%s", name);
		snprintf(capture.what, sizeof capture.what, "%.60s", line + 2);
	}
	count += end_capture(&capture);
	fclose(file);
	return count;
}

static void one_request_is_the_same_behind_every_server(void **state)
{
	static const char folder[] = TEST_DATA "/environments";
	struct dirent *entry;
	unsigned files = 0;
	DIR *opened;

	(void)state;
	opened = opendir(folder);
	assert_non_null(opened);
	while ((entry = readdir(opened))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".txt") != 0)
			continue;
		files++;
		/* Some servers refuse what others let through. */
		assert_true(check_file(folder, entry->d_name) >= 11);
	}
	closedir(opened);
	assert_int_equal(files, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_request_is_the_same_behind_every_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
