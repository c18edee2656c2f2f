/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/mount.h"

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static bool names_route(struct slice segment)
{
	return slice_is(segment, "chat") || slice_is(segment, "search") ||
	       slice_is(segment, "healthz");
}

/* NULL stands for a parameter that is absent. */
struct set_up {
	const char *what;
	const char *leat_mount;
	const char *option;
	const char *script_name;
	const char *path_info;
	const char *request_uri;
	const char *mount; /* NULL: the address is none of ours */
	const char *tail;
};

static bool resolve(const struct set_up *from, struct mount_place *place)
{
	struct mount_input input = {.leat_mount = slice_of(from->leat_mount),
				    .option = slice_of(from->option),
				    .script_name = slice_of(from->script_name),
				    .path_info = slice_of(from->path_info),
				    .request_uri = slice_of(from->request_uri)};

	return mount_resolve(&input, &arena, names_route, place);
}

static void check(const struct set_up *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mount_place place;
		bool is_ours = resolve(&cases[i], &place);

		if (is_ours != (cases[i].mount != NULL))
			fail_msg("%s: %s", cases[i].what,
				 is_ours ? "taken" : "refused");
		if (is_ours && (!slice_is(place.mount, cases[i].mount) ||
				!slice_is(place.tail, cases[i].tail)))
			fail_msg("%s: mount \"%.*s\" tail \"%.*s\"",
				 cases[i].what, (int)place.mount.len,
				 place.mount.data, (int)place.tail.len,
				 place.tail.data);
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(cases)[0])

static void every_web_server_names_the_same_place(void **state)
{
	static const struct set_up cases[] = {
	    {"nginx, plain parameters", NULL, NULL, "/api/chat/x", NULL,
	     "/api/chat/x?y=z", "/api", "chat/x"},
	    {"nginx, split path info", NULL, NULL, "/api", "/chat/x",
	     "/api/chat/x?y=z", "/api", "chat/x"},
	    {"nginx, our parameter", "/ask", NULL, "/ask/chat", NULL,
	     "/ask/chat", "/ask", "chat"},
	    {"an alias of mod_fcgid", NULL, NULL, "/api", "/chat/x",
	     "/api/chat/x", "/api", "chat/x"},
	    {"a rewrite of mod_fcgid", NULL, NULL, "/fcgid/chat.fcgi", NULL,
	     "/api/chat/x?y=z", "/api", "chat/x"},
	    {"a rewrite and our parameter", "/api", NULL, "/fcgid/chat.fcgi",
	     NULL, "/api/chat/x", "/api", "chat/x"},
	    {"mod_proxy_fcgi, ProxyPass", NULL, NULL, "/api/chat/x", NULL,
	     "/api/chat/x", "/api", "chat/x"},
	    {"mod_proxy_fcgi, SetHandler", NULL, NULL, "/api", "/chat/x",
	     "/api/chat/x", "/api", "chat/x"},
	    {"lighttpd", NULL, NULL, "/api", "/chat/x", "/api/chat/x", "/api",
	     "chat/x"},
	    {"a slash too many", NULL, NULL, "/api/", "/chat", "/api/chat",
	     "/api", "chat"},
	    {"a slash alone", NULL, NULL, "/api/", "/", "/api/", "/api", ""},
	    {"the document root", NULL, NULL, "", "/chat", "/chat", "", "chat"},
	};

	(void)state;
	CHECK(cases);
}

static void any_path_before_a_route_is_the_mount(void **state)
{
	static const struct set_up cases[] = {
	    {"functions", NULL, NULL, "/.netlify/functions/chat", NULL,
	     "/.netlify/functions/chat", "/.netlify/functions", "chat"},
	    {"api", NULL, NULL, "/api/chat", NULL, NULL, "/api", "chat"},
	    {"ask", NULL, NULL, "/ask/chat", NULL, NULL, "/ask", "chat"},
	    {"root", NULL, NULL, "/chat", NULL, NULL, "", "chat"},
	    {"leftmost", NULL, NULL, "/a/chat/search", NULL, NULL, "/a",
	     "chat/search"},
	    {"trailing slash", NULL, NULL, "/a/chat/", NULL, NULL, "/a",
	     "chat"},
	    {"part of a name", NULL, NULL, "/a/chatter", NULL, NULL, NULL,
	     NULL},
	    {"no route", NULL, NULL, "/a/b", NULL, "/a/b", NULL, NULL},
	    {"nothing", NULL, NULL, NULL, NULL, NULL, NULL, NULL},
	};

	(void)state;
	CHECK(cases);
}

static void the_parameter_wins_over_the_option_over_the_rest(void **state)
{
	static const struct set_up cases[] = {
	    {"parameter", "/ask", "/other", "/ask/chat", NULL, NULL, "/ask",
	     "chat"},
	    {"option", NULL, "/ask", "/ask/search/chat", NULL, NULL, "/ask",
	     "search/chat"},
	    {"over path info", "/a/b", NULL, "/a", "/b/chat", NULL, "/a/b",
	     "chat"},
	    {"slash at its end", "/ask/", NULL, "/ask/chat", NULL, NULL, "/ask",
	     "chat"},
	    {"root", "/", NULL, "/chat", NULL, NULL, "", "chat"},
	    {"not under it", "/ask", NULL, "/asking/chat", NULL, "/asking/chat",
	     NULL, NULL},
	    {"elsewhere", "/ask", NULL, "/chat", NULL, "/chat", NULL, NULL},
	};

	(void)state;
	CHECK(cases);
}

static void the_page_is_at_the_mount(void **state)
{
	static const struct set_up cases[] = {
	    {"with slash", "/ask", NULL, "/ask/", NULL, NULL, "/ask", ""},
	    {"without", "/ask", NULL, "/ask", NULL, NULL, "/ask", ""},
	    {"path info", NULL, NULL, "/ask", "/", NULL, "/ask", ""},
	    {"root", "/", NULL, "/", NULL, NULL, "", ""},
	};
	struct mount_place place;

	(void)state;
	CHECK(cases);
	resolve(&cases[0], &place);
	assert_true(place.has_slash);
	resolve(&cases[1], &place);
	assert_false(place.has_slash);
}

static void slashes_are_collapsed(void **state)
{
	static const struct set_up cases[] = {
	    {"script name", NULL, NULL, "//api///chat//x", NULL, NULL, "/api",
	     "chat/x"},
	    {"under the mount", "/ask", NULL, "//ask//chat", NULL, NULL, "/ask",
	     "chat"},
	    {"raw address", NULL, NULL, "/x.fcgi", NULL, "//api//chat?a=//b",
	     "/api", "chat"},
	};

	(void)state;
	CHECK(cases);
}

static void a_raw_address_is_read_as_a_server_would(void **state)
{
	static const struct set_up cases[] = {
	    {"absolute form", NULL, NULL, "/x.fcgi", NULL,
	     "http://evil.example/api/chat/x", "/api", "chat/x"},
	    {"absolute form of nothing", NULL, NULL, "/x.fcgi", NULL,
	     "http://evil.example", NULL, NULL},
	    {"authority form", NULL, NULL, "/x.fcgi", NULL, "evil.example:443",
	     NULL, NULL},
	    {"fragment", NULL, NULL, "/x.fcgi", NULL, "/api/chat#/search",
	     "/api", "chat"},
	    {"query", NULL, NULL, "/x.fcgi", NULL, "/api/x?/chat", NULL, NULL},
	    {"escapes", NULL, NULL, "/x.fcgi", NULL, "/api/%63hat/a%20b",
	     "/api", "chat/a b"},
	    {"plus", NULL, NULL, "/x.fcgi", NULL, "/api/chat/a+b", "/api",
	     "chat/a+b"},
	    {"decoded once", NULL, NULL, "/x.fcgi", NULL, "/api/chat/%2563",
	     "/api", "chat/%63"},
	};

	(void)state;
	CHECK(cases);
}

static void what_could_mean_another_place_is_refused(void **state)
{
	static const struct set_up cases[] = {
	    {"dots", NULL, NULL, "/x.fcgi", NULL, "/api/chat/../x", NULL, NULL},
	    {"one dot", NULL, NULL, "/x.fcgi", NULL, "/api/./chat", NULL, NULL},
	    {"escaped dots", NULL, NULL, "/x.fcgi", NULL, "/api/chat/%2e%2e/x",
	     NULL, NULL},
	    {"half escaped", NULL, NULL, "/x.fcgi", NULL, "/api/.%2E/chat",
	     NULL, NULL},
	    {"escaped slash", NULL, NULL, "/x.fcgi", NULL, "/api%2Fchat", NULL,
	     NULL},
	    {"small escaped slash", NULL, NULL, "/x.fcgi", NULL,
	     "/api/chat%2fx", NULL, NULL},
	    {"escaped NUL", NULL, NULL, "/x.fcgi", NULL, "/api/chat%00", NULL,
	     NULL},
	    {"broken escape", NULL, NULL, "/x.fcgi", NULL, "/api/chat/%4", NULL,
	     NULL},
	    {"dots in the script name", "/ask", NULL, "/ask/../chat", NULL,
	     NULL, NULL, NULL},
	    {"dots in path info", "/ask", NULL, "/ask", "/chat/..", NULL, NULL,
	     NULL},
	};

	(void)state;
	CHECK(cases);
	assert_true(resolve(&(struct set_up){.script_name = "/a..b/chat/.x"},
			    &(struct mount_place){.has_slash = false}));
}

/* RewriteRule ^ask/(.*)$ /cgi-bin/leat.cgi/$1 in a .htaccess, and the like. */
static void behind_a_rewritten_program_path_info_counts(void **state)
{
	static const struct set_up cases[] = {
	    {"no mount known", NULL, NULL, "/cgi-bin/leat.cgi", "/chat/x",
	     "/ask/chat/x", "/cgi-bin/leat.cgi", "chat/x"},
	    {"parameter", "/ask", NULL, "/cgi-bin/leat.cgi", "/chat/x",
	     "/ask/chat/x", "/ask", "chat/x"},
	    {"option", NULL, "/ask", "/cgi-bin/leat.cgi", "//chat//x/",
	     "/ask/chat/x", "/ask", "chat/x"},
	    {"the page", "/ask", NULL, "/cgi-bin/leat.cgi", "/", "/ask/",
	     "/ask", ""},
	    {"a mount that is no path", "ask/..", NULL, "/x.cgi", "/chat",
	     "/chat", NULL, NULL},
	    {"dots", "/ask", NULL, "/cgi-bin/leat.cgi", "/chat/../x",
	     "/ask/chat", NULL, NULL},
	    {"not a path", "/ask", NULL, "/cgi-bin/leat.cgi", "chat",
	     "/ask/chat", NULL, NULL},
	    {"no path info: the raw address", "/ask", NULL, "/ask.fcgi", NULL,
	     "/ask/chat?x", "/ask", "chat"},
	};

	(void)state;
	CHECK(cases);
}

/* What the server's access rules saw is what counts. */
static void a_program_in_the_folder_that_is_its_mount_is_no_part_of_it(
    void **state)
{
	static const struct set_up cases[] = {
	    {"a rewrite in .htaccess", "/ask", NULL, "/ask/leat.cgi", "/chat",
	     "/ask/chat", "/ask", "chat"},
	    {"the page", "/ask", NULL, "/ask/leat.cgi", "/", "/ask/", "/ask",
	     ""},
	    {"by the option", NULL, "/ask/", "/ask/leat.cgi", "/chat/x/stream",
	     "/ask/chat/x/stream", "/ask", "chat/x/stream"},
	    {"a folder with a route's name", "/ask", NULL, "/ask/chat",
	     "/x/stream", "/ask/chat/x/stream", "/ask", "chat/x/stream"},
	    {"the program without more", "/ask", NULL, "/ask/leat.cgi", NULL,
	     "/ask/leat.cgi", "/ask", "leat.cgi"},
	};

	(void)state;
	CHECK(cases);
}

static void the_raw_address_is_not_asked_when_path_info_is_there(void **state)
{
	static const struct set_up cases[] = {
	    {"raw differs", "/ask", NULL, "/other", "/x", "/ask/chat", "/ask",
	     "x"},
	    {"raw is of another route", NULL, NULL, "/ask", "/healthz",
	     "/ask/chat", "/ask", "healthz"},
	    {"both fit", NULL, NULL, "/api/chat", NULL, "/b/search", "/api",
	     "chat"},
	};

	(void)state;
	CHECK(cases);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(every_web_server_names_the_same_place),
	    EACH(any_path_before_a_route_is_the_mount),
	    EACH(the_parameter_wins_over_the_option_over_the_rest),
	    EACH(the_page_is_at_the_mount),
	    EACH(slashes_are_collapsed),
	    EACH(a_raw_address_is_read_as_a_server_would),
	    EACH(what_could_mean_another_place_is_refused),
	    EACH(behind_a_rewritten_program_path_info_counts),
	    EACH(a_program_in_the_folder_that_is_its_mount_is_no_part_of_it),
	    EACH(the_raw_address_is_not_asked_when_path_info_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
