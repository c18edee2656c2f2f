/* SPDX-License-Identifier: ISC */
#include "config/config_check.h"

#include <string.h>

#include "config/option_check.h"

static unsigned line_of(const struct config_scan *scan,
			enum option_section section, const char *name,
			unsigned provider)
{
	return config_scan_line(scan, options_find(section, name), provider);
}

static void check_listen(const struct config *config,
			 const struct config_scan *scan,
			 struct problems *problems)
{
	unsigned line = line_of(scan, SECTION_TOP, "listen", 0);
	char *const *items = config->listen.items;

	for (size_t i = 0; i < config->listen.count; i++) {
		for (size_t j = 0; j < i; j++)
			if (!strcmp(items[i], items[j]))
				problems_add(
				    problems, line,
				    "listen: \"%s\" stands there twice",
				    items[i]);
		if (!config->allow_remote_tcp &&
		    !strncmp(items[i], "tcp:", 4) &&
		    !option_check_is_loopback(items[i] + 4))
			problems_add(
			    problems, line,
			    "listen: \"%s\" is not a loopback address, and "
			    "FastCGI has no password: use a unix socket, or "
			    "set allow_remote_tcp = yes",
			    items[i]);
	}
}

/* `quotes` has no address and no key: whoever sets them means another kind. */
static void check_extractive(const struct config_scan *scan, unsigned provider,
			     const char *name, struct problems *problems)
{
	for (size_t i = 0; i < scan->found_count; i++) {
		const struct config_found *found = &scan->found[i];

		if (found->spec->section == SECTION_PROVIDER &&
		    found->provider == provider &&
		    strcmp(found->spec->name, "kind") != 0)
			problems_add(
			    problems, found->line,
			    "%s: provider \"%s\" is of kind extractive, which "
			    "has no such option",
			    found->spec->name, name);
	}
}

static void check_chat_providers(const struct config *config,
				 const struct config_scan *scan,
				 struct problems *problems)
{
	unsigned line = line_of(scan, SECTION_CHAT, "providers", 0);
	const struct config_list *list = &config->chat.providers;

	for (size_t i = 0; i < list->count; i++) {
		if (!config_find_provider(config, list->items[i]))
			problems_add(
			    problems, line,
			    "providers: there is no provider \"%s\" {} in "
			    "this file",
			    list->items[i]);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(list->items[i], list->items[j]))
				problems_add(
				    problems, line,
				    "providers: \"%s\" stands there twice",
				    list->items[i]);
	}
}

static void check_sizes(const struct config *config,
			const struct config_scan *scan,
			struct problems *problems)
{
	const struct config_limits *limits = &config->limits;
	unsigned line = line_of(scan, SECTION_LIMITS, "held", 0);

	if (!line)
		line = line_of(scan, SECTION_LIMITS, "body", 0);
	if (!line)
		line = line_of(scan, SECTION_LIMITS, "params", 0);
	if (limits->held_bytes < limits->body_bytes + limits->params_bytes)
		problems_add(
		    problems, line,
		    "held: found %zu bytes, less than one request of params "
		    "and body may have (%zu)",
		    limits->held_bytes,
		    limits->body_bytes + limits->params_bytes);
	if (config->chat.max_event_bytes > config->chat.max_answer_bytes)
		problems_add(
		    problems, line_of(scan, SECTION_CHAT, "max_event", 0),
		    "max_event: found %zu bytes, more than max_answer (%zu)",
		    config->chat.max_event_bytes,
		    config->chat.max_answer_bytes);
}

void config_check(const struct config *config, const struct config_scan *scan,
		  struct problems *problems)
{
	check_listen(config, scan, problems);
	check_chat_providers(config, scan, problems);
	check_sizes(config, scan, problems);
	for (unsigned i = 0; i < config->provider_count; i++)
		if (config->providers[i].kind == KIND_EXTRACTIVE)
			check_extractive(scan, i, config->providers[i].name,
					 problems);
}
