/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "doctor/probe.h"

enum { PAGE_MAX = 65536, HOPS_MAX = 4 };

/* Where owners mount it, below the address that was given. */
static const char *const usual_mounts[] = {
    "", "/ask", "/api", "/chat", "/leat", "/.netlify/functions"};

/* Without what follows the path, and without a slash at its end. */
static void set_base(struct measures *measures, const char *url)
{
	size_t len = strcspn(url, "?#");
	const char *host = strstr(url, "://");
	size_t site_len;

	while (len && url[len - 1] == '/')
		len--;
	snprintf(measures->base, sizeof(measures->base), "%.*s", (int)len, url);
	site_len = host ? (size_t)(host + 3 - url) : 0;
	site_len += strcspn(url + site_len, "/?#");
	snprintf(measures->site, sizeof(measures->site), "%.*s", (int)site_len,
		 url);
	measures->is_https = !strncasecmp(url, "https:", 6);
}

bool probe_reach_read_url(struct probe *probe)
{
	struct measures *measures = probe->measures;
	const char *given = probe->options->url;
	const char *scheme_end = strstr(given, "://");
	bool has_scheme = scheme_end && strcspn(given, "/?#") ==
					    (size_t)(scheme_end - given) + 1;

	if (has_scheme && strncasecmp(given, "http://", 7) != 0 &&
	    strncasecmp(given, "https://", 8) != 0)
		return false;
	if (strlen(given) + 9 > MEASURE_URL_SIZE - 200 ||
	    given[strcspn(given, " \t\r\n\"<>\\")])
		return false;
	snprintf(measures->url, sizeof(measures->url), "%s%s",
		 has_scheme ? "" : "https://", given);
	set_base(measures, measures->url);
	snprintf(measures->url, sizeof(measures->url), "%s", measures->base);
	return strlen(measures->site) > strlen("https://");
}

static unsigned read_number(const struct json *object, const char *name)
{
	int64_t number = 0;

	json_integer(json_member(object, name), &number);
	return number < 0 ? 0 : (unsigned)number;
}

/* False: this is not what selftest says. */
static bool read_selftest(struct measures *measures, struct slice text)
{
	struct json *root = json_parse(text, &json_limits_upstream, NULL);
	struct measure_selftest *selftest = &measures->selftest;
	const struct json *request = json_member(root, "request");
	const struct json *limits = json_member(root, "limits");
	int64_t body = 0;

	probe_copy_string(root, "leat", selftest->version);
	probe_copy_string(root, "server", selftest->software);
	probe_copy_string(root, "process", selftest->process);
	probe_copy_string(root, "mount", selftest->mount);
	probe_copy_string(request, "protocol", selftest->protocol);
	json_boolean(json_member(request, "https"), &selftest->is_https);
	json_boolean(json_member(request, "forwarded"),
		     &selftest->was_forwarded);
	json_integer(json_member(limits, "body"), &body);
	selftest->body_max = body > 0 ? (uint64_t)body : 0;
	selftest->heartbeat_ms = read_number(limits, "heartbeat_ms");
	selftest->streams_at_once = read_number(limits, "selftest");
	selftest->stream_max_ms = read_number(limits, "selftest_ms");
	json_free(root);
	return selftest->version[0] && request;
}

static void on_head(void *state, const struct http_response *response)
{
	struct measure_signs *signs = state;

	probe_copy_header(response, "Server", signs->server);
	probe_copy_header(response, "Via", signs->via);
	probe_copy_header(response, "CF-RAY", signs->cf_ray);
	probe_copy_header(response, "X-Varnish", signs->x_varnish);
}

/* Asks base/selftest. */
static void ask_selftest(struct probe *probe, struct measure_answer *answer)
{
	struct measures *measures = probe->measures;
	char url[MEASURE_URL_SIZE];
	struct visit_options options = {.url = url,
					.deadline_ms = PROBE_DEADLINE_MS,
					.body_max = PAGE_MAX,
					.is_http_2 = true,
					.on_head = on_head,
					.state = &measures->signs};
	struct visit visit;

	probe_url(probe, "selftest", url);
	visit_start(&visit, &probe->visitor, &options);
	visit_wait(&visit);
	*answer = visit.answer;
	answer->is_program =
	    text_starts_with(buffer_slice(&visit.body), "\177ELF");
	measures->is_leat = answer->status == 200 &&
			    read_selftest(measures, buffer_slice(&visit.body));
	visit_fini(&visit);
}

/* To https, to www., to another mount: the new base, if it is one. */
static bool follow(struct probe *probe, const struct measure_answer *answer)
{
	static const char tail[] = "/selftest";
	struct measures *measures = probe->measures;
	char url[MEASURE_URL_SIZE];
	size_t len;

	if (answer->status < 300 || answer->status > 399)
		return false;
	if (answer->location[0] == '/' && answer->location[1] != '/')
		snprintf(url, sizeof(url), "%.*s%.*s", 1000, measures->site,
			 1000, answer->location);
	else
		snprintf(url, sizeof(url), "%s", answer->location);
	len = strcspn(url, "?#");
	if (strncasecmp(url, "http", 4) != 0 || len < sizeof(tail) ||
	    strncmp(url + len - sizeof(tail) + 1, tail, sizeof(tail) - 1) != 0)
		return false;
	url[len - sizeof(tail) + 1] = '\0';
	set_base(measures, url);
	return true;
}

static bool try_base(struct probe *probe, const char *base,
		     struct measure_answer *answer)
{
	set_base(probe->measures, base);
	for (int hop = 0; hop < HOPS_MAX; hop++) {
		ask_selftest(probe, answer);
		if (!follow(probe, answer))
			break;
	}
	return probe->measures->is_leat;
}

/* An answer that says more than "nothing is here": a server error may be
 * leat's. */
static bool says_more(const struct measure_answer *answer)
{
	return answer->status >= 500 || answer->is_program ||
	       (answer->status >= 400 && answer->code[0]);
}

static void ask_healthz(struct probe *probe)
{
	char url[MEASURE_URL_SIZE];
	struct visit_options options = {
	    .url = url, .deadline_ms = PROBE_DEADLINE_MS, .body_max = 1024};
	struct visit visit;

	probe_url(probe, "healthz", url);
	visit_start(&visit, &probe->visitor, &options);
	visit_wait(&visit);
	probe->measures->healthz = visit.answer;
	/* A page for every address is not leat's answer. */
	if (!text_starts_with(buffer_slice(&visit.body), "{\"ok\":"))
		probe->measures->healthz.status = 0;
	visit_fini(&visit);
}

static void look_around(struct probe *probe)
{
	struct measures *measures = probe->measures;
	struct measure_answer best = {0};
	char best_base[MEASURE_URL_SIZE];
	size_t count = sizeof(usual_mounts) / sizeof(*usual_mounts);

	snprintf(best_base, sizeof(best_base), "%s", measures->url);
	for (size_t i = 0; i < count; i++) {
		struct measure_answer answer;
		char base[MEASURE_URL_SIZE];

		snprintf(base, sizeof(base), "%.*s%s", MEASURE_URL_SIZE - 100,
			 measures->url, usual_mounts[i]);
		if (try_base(probe, base, &answer)) {
			measures->reach = answer;
			return;
		}
		if (i == 0 || (says_more(&answer) && !says_more(&best))) {
			best = answer;
			snprintf(best_base, sizeof(best_base), "%s",
				 measures->base);
		}
		if (!answer.status || probe->visitor.signal_number)
			break;
	}
	measures->reach = best;
	set_base(measures, best_base);
}

void probe_reach(struct probe *probe)
{
	look_around(probe);
	if (!probe->measures->is_leat && probe->measures->reach.status)
		ask_healthz(probe);
}
