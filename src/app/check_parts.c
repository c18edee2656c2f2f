/* SPDX-License-Identifier: ISC */
#include "app/check_parts.h"

#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"
#include "config/config_secret.h"
#include "config/option_check.h"
#include "context/site_retriever.h"
#include "io/http.h"
#include "io/loop.h"

static void describe_age(time_t since, char *out, size_t size)
{
	long long seconds = (long long)(time(NULL) - since);

	if (seconds < 0)
		snprintf(out, size, "made in the future");
	else if (seconds < 120)
		snprintf(out, size, "made %lld seconds ago", seconds);
	else if (seconds < 7200)
		snprintf(out, size, "made %lld minutes ago", seconds / 60);
	else if (seconds < 172800)
		snprintf(out, size, "made %lld hours ago", seconds / 3600);
	else
		snprintf(out, size, "made %lld days ago", seconds / 86400);
}

static void report_index(struct check_report *report, const char *path,
			 struct retriever *retriever)
{
	const char *why = NULL;
	long passages = retriever->ops->size(retriever, &why);
	struct stat status;
	char age[64];

	if (passages < 0 || stat(path, &status) != 0) {
		check_report_add(report, CHECK_WARN, "index",
				 "%s: %s Answers will have no passages.", path,
				 why ? why : strerror(errno));
		return;
	}
	describe_age(status.st_mtime, age, sizeof(age));
	if (status.st_mode & 002)
		check_report_add(report, CHECK_FAIL, "index",
				 "%s can be changed by everybody (mode %04o): "
				 "chmod o-w",
				 path, (unsigned)status.st_mode & 07777);
	else
		check_report_add(report, passages ? CHECK_OK : CHECK_WARN,
				 "index", "%s: %ld passages, %.1f MiB, %s",
				 path, passages,
				 (double)status.st_size / 1048576, age);
}

void check_parts_index(struct check_report *report, const struct config *config)
{
	struct site_retriever_options options = {.path = config->context.index};
	struct retriever *retriever;
	struct loop *loop;

	if (!config->context.index[0]) {
		check_report_add(report, CHECK_OK, "index",
				 "none is configured");
		return;
	}
	loop = loop_new();
	retriever = site_retriever_new(loop, &options);
	report_index(report, options.path, retriever);
	retriever->ops->free(retriever);
	loop_free(loop);
}

static const char *everybody(const struct config_list *networks)
{
	for (size_t i = 0; i < networks->count; i++) {
		const char *slash = strchr(networks->items[i], '/');

		if (slash && !strcmp(slash, "/0"))
			return networks->items[i];
	}
	return NULL;
}

void check_parts_visitors(struct check_report *report,
			  const struct config *config)
{
	const char *all = everybody(&config->trusted_proxies);
	unsigned limit = config->limits.streams_per_address;

	if (all)
		check_report_add(
		    report, CHECK_WARN, "trusted_proxies",
		    "%s believes everybody: a visitor can write any address "
		    "into X-Forwarded-For, and is neither counted nor kept "
		    "from metrics: list your proxies alone",
		    all);
	if (limit == 0)
		check_report_add(report, CHECK_WARN, "streams_per_address",
				 "0: one visitor may take every stream there "
				 "is");
	else if (config->trusted_proxies.count == 0)
		check_report_add(
		    report, CHECK_OK, "streams_per_address",
		    "%u for each visitor; behind a proxy or a CDN with a "
		    "public address, list it in trusted_proxies, or its "
		    "visitors share them",
		    limit);
}

static void name_subject(char *out, const struct config_provider *provider)
{
	snprintf(out, CHECK_SUBJECT_SIZE, "provider %s", provider->name);
}

static void check_provider(struct check_report *report,
			   const struct config_provider *provider)
{
	char subject[CHECK_SUBJECT_SIZE];
	const char *from = CONFIG_SECRET_VARIABLE;

	name_subject(subject, provider);
	if (provider->kind == KIND_EXTRACTIVE) {
		check_report_add(report, CHECK_OK, subject,
				 "quotes passages; needs no key");
		return;
	}
	if (!strncmp(provider->base_url, "http:", 5) && provider->key &&
	    !option_check_is_loopback_url(provider->base_url))
		check_report_add(report, CHECK_WARN, subject,
				 "the key goes to %s unencrypted: use https",
				 provider->base_url);
	if (provider->key_file[0])
		from = provider->key_file;
	check_report_add(report, CHECK_OK, subject, "%s, model %s, %s%s",
			 provider->base_url, provider->model,
			 provider->key ? "key from " : "without a key",
			 provider->key ? from : "");
}

void check_parts_providers(struct check_report *report,
			   const struct config *config)
{
	for (size_t i = 0; i < config->provider_count; i++)
		check_provider(report, &config->providers[i]);
}

/* One request to one provider. */
struct probe {
	struct check_report *report;
	const struct config_provider *provider;
	struct loop *loop;
	struct http_headers *headers;
	struct http_request *request;
	char url[2200];
	struct timer timer;
	unsigned *open_count;
	bool is_late;
};

static void on_headers(void *state, const struct http_response *response)
{
	(void)state;
	(void)response;
}

static void on_data(void *state, struct slice data)
{
	(void)state;
	(void)data;
}

static void report_answer(struct probe *probe, const char *subject, int status)
{
	struct check_report *report = probe->report;

	if (status == 401 || status == 403)
		check_report_add(report, CHECK_FAIL, subject,
				 "%s refuses the key (status %d)", probe->url,
				 status);
	else if (status >= 500)
		check_report_add(report, CHECK_WARN, subject,
				 "%s answers with status %d", probe->url,
				 status);
	else
		check_report_add(report, CHECK_OK, subject,
				 "%s answers (status %d)", probe->url, status);
}

static void on_done(void *state, const struct http_result *result)
{
	struct probe *probe = state;
	char subject[CHECK_SUBJECT_SIZE];

	name_subject(subject, probe->provider);
	probe->request = NULL;
	timer_stop(&probe->timer);
	if (result->status)
		report_answer(probe, subject, result->status);
	else if (probe->is_late)
		check_report_add(probe->report, CHECK_FAIL, subject,
				 "%s does not answer", probe->url);
	else
		check_report_add(probe->report, CHECK_FAIL, subject,
				 "%s cannot be reached: %s", probe->url,
				 result->detail);
	if (--*probe->open_count == 0)
		loop_stop(probe->loop);
}

static void on_late(void *state)
{
	struct probe *probe = state;

	probe->is_late = true;
	http_request_cancel(probe->request);
}

static void add_headers(struct probe *probe)
{
	const struct config_provider *provider = probe->provider;
	char line[8300];

	if (provider->key) {
		snprintf(line, sizeof(line), "Bearer %s", provider->key);
		http_headers_add(probe->headers, "Authorization", line);
	}
	for (size_t i = 0; i < provider->headers.count; i++) {
		const char *text = provider->headers.items[i];
		size_t len = strcspn(text, ":");

		if (text[len] != ':' || len >= sizeof(line))
			continue;
		memcpy(line, text, len);
		line[len] = '\0';
		text += len + 1;
		http_headers_add(probe->headers, line,
				 text + strspn(text, " \t"));
	}
	explicit_bzero(line, sizeof(line));
}

static void start_probe(struct probe *probe, struct http_client *client)
{
	const struct config_provider *provider = probe->provider;
	struct http_request_options options = {
	    .url = probe->url,
	    .connect_timeout_ms = provider->connect_timeout_ms,
	    .ca_file = provider->ca_file[0] ? provider->ca_file : NULL,
	    .sink = {on_headers, on_data, on_done, probe},
	};

	snprintf(probe->url, sizeof(probe->url), "%s/models",
		 provider->base_url);
	probe->headers = http_headers_new();
	add_headers(probe);
	options.headers = probe->headers;
	timer_init(&probe->timer, probe->loop, on_late, probe);
	timer_start(&probe->timer, (uint64_t)provider->connect_timeout_ms * 2);
	++*probe->open_count;
	probe->request = http_request_start(client, &options);
}

void check_parts_connect(struct check_report *report,
			 const struct config *config)
{
	struct loop *loop = loop_new();
	struct http_client_options options = {.loop = loop,
					      .user_agent =
						  "leat/" PACKAGE_VERSION,
					      .is_short_lived = true};
	struct http_client *client = http_client_new(&options);
	struct probe *probes =
	    memory_zalloc(config->provider_count * sizeof(*probes));
	unsigned open_count = 0;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < config->provider_count; i++) {
		probes[i] = (struct probe){.report = report,
					   .provider = &config->providers[i],
					   .loop = loop,
					   .open_count = &open_count};
		if (config->providers[i].kind == KIND_OPENAI)
			start_probe(&probes[i], client);
	}
	if (open_count)
		loop_run(loop);
	for (size_t i = 0; i < config->provider_count; i++)
		http_headers_free(probes[i].headers);
	memory_free(probes);
	http_client_free(client);
	loop_free(loop);
}
