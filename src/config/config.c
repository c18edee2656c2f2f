/* SPDX-License-Identifier: ISC */
/*
 * The only home of libconfuse. Every option is a text to it: types, ranges
 * and words for what is wrong are those of our own table.
 */
#include "config/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/config_check.h"
#include "config/config_scan.h"
#include "config/config_secret.h"
#include "config/option_value.h"

/* One reading of one file. */
struct reading {
	struct config *config;
	struct config_scan scan;
	struct problems problems;
	const char *folder; /* relative paths start here; "" or ends with / */
};

/* libconfuse hands its messages to a function without state. */
static struct problems *confuse_problems;

static void on_confuse_error(cfg_t *cfg, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void on_confuse_error(cfg_t *cfg, const char *format, va_list arguments)
{
	char sentence[300];

	vsnprintf(sentence, sizeof(sentence), format, arguments);
	problems_add(confuse_problems, cfg ? (unsigned)cfg->line : 0, "%s",
		     sentence);
}

static size_t make_options(cfg_opt_t *out, enum option_section section)
{
	size_t count = 0;

	for (size_t i = 0; i < options_table_count; i++) {
		const struct option_spec *spec = &options_table[i];
		const char *name = spec->name;

		if (spec->section != section)
			continue;
		if (spec->type == OPTION_LIST)
			out[count++] =
			    (cfg_opt_t)CFG_STR_LIST(name, NULL, CFGF_NODEFAULT);
		else
			out[count++] =
			    (cfg_opt_t)CFG_STR(name, NULL, CFGF_NODEFAULT);
	}
	return count;
}

enum { OPTIONS_ROOM = 80 };

static cfg_t *parse_values(struct reading *reading)
{
	cfg_opt_t parts[SECTION_COUNT][OPTIONS_ROOM];
	size_t top_count = make_options(parts[SECTION_TOP], SECTION_TOP);
	cfg_opt_t *top = parts[SECTION_TOP];
	cfg_t *cfg;
	int result;

	for (int i = SECTION_TOP + 1; i < SECTION_COUNT; i++) {
		enum option_section section = (enum option_section)i;
		const char *name = options_section_name(section);
		size_t count = make_options(parts[i], section);

		parts[i][count] = (cfg_opt_t)CFG_END();
		top[top_count++] = (cfg_opt_t)CFG_SEC(
		    name, parts[i],
		    section == SECTION_PROVIDER ? CFGF_MULTI | CFGF_TITLE
						: CFGF_NONE);
	}
	top[top_count] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE);
	confuse_problems = &reading->problems;
	cfg_set_error_function(cfg, on_confuse_error);
	result = cfg_parse_buf(cfg, buffer_string(&reading->scan.plain));
	if (result != CFG_SUCCESS && reading->problems.count == 0)
		problems_add(&reading->problems, 0, "cannot be read");
	if (result == CFG_SUCCESS)
		return cfg;
	cfg_free(cfg);
	return NULL;
}

static void *base_of(struct config *config, const struct config_found *found)
{
	if (found->spec->section == SECTION_PROVIDER)
		return &config->providers[found->provider];
	return config;
}

/* A path counts from the file's folder, wherever the process stands. */
static void resolve_path(const struct reading *reading, char **path)
{
	char *whole;

	if ((*path)[0] == '/' || (*path)[0] == '\0' || !reading->folder[0])
		return;
	if (asprintf(&whole, "%s%s", reading->folder, *path) < 0)
		abort();
	memory_free(*path);
	*path = memory_strdup(whole);
	free(whole);
}

/* A header may hold a key, an address a password or a key: what is wrong with
 * it goes to an error log. */
static bool may_be_secret(const struct option_spec *spec, const char *text)
{
	return !strcmp(spec->name, "headers") ||
	       (!strcmp(spec->name, "base_url") && strpbrk(text, "@?#"));
}

static void report_value(struct reading *reading,
			 const struct config_found *found, const char *text,
			 const char *allowed)
{
	bool is_secret = may_be_secret(found->spec, text);

	problems_add(&reading->problems, found->line,
		     "%s: found \"%.80s%s\"; allowed: %s", found->spec->name,
		     is_secret ? "…" : text,
		     !is_secret && strlen(text) > 80 ? "…" : "", allowed);
}

static void set_list(struct reading *reading, cfg_t *section,
		     const struct config_found *found)
{
	const struct option_spec *spec = found->spec;
	struct config_list list = {.count = cfg_size(section, spec->name)};
	struct buffer allowed;
	size_t bad;
	bool is_set;

	buffer_init(&allowed, OPTIONS_ALLOWED_SIZE);
	list.items = memory_zalloc((list.count + 1) * sizeof(*list.items));
	for (unsigned i = 0; i < list.count; i++)
		list.items[i] = cfg_getnstr(section, spec->name, i);
	is_set = option_value_set_list(spec, base_of(reading->config, found),
				       &list, &bad, &allowed);
	if (!is_set && bad < list.count)
		report_value(reading, found, list.items[bad],
			     buffer_string(&allowed));
	else if (!is_set)
		problems_add(&reading->problems, found->line,
			     "%s: found %zu items; allowed: %s", spec->name,
			     list.count, buffer_string(&allowed));
	buffer_fini(&allowed);
	memory_free(list.items);
}

static void set_scalar(struct reading *reading, cfg_t *section,
		       const struct config_found *found)
{
	const char *text = cfg_getstr(section, found->spec->name);
	void *base = base_of(reading->config, found);
	struct buffer allowed;

	buffer_init(&allowed, OPTIONS_ALLOWED_SIZE);
	if (!option_value_set(found->spec, base, text ? text : "", &allowed))
		report_value(reading, found, text ? text : "",
			     buffer_string(&allowed));
	else if (found->spec->type == OPTION_PATH)
		resolve_path(reading,
			     (char **)((char *)base + found->spec->offset));
	buffer_fini(&allowed);
}

static void set_values(struct reading *reading, cfg_t *cfg)
{
	const struct config_scan *scan = &reading->scan;

	for (size_t i = 0; i < scan->found_count; i++) {
		const struct config_found *found = &scan->found[i];
		const char *name = options_section_name(found->spec->section);
		cfg_t *section = cfg;

		if (found->spec->section == SECTION_PROVIDER)
			section = cfg_getnsec(cfg, name, found->provider);
		else if (found->spec->section != SECTION_TOP)
			section = cfg_getsec(cfg, name);
		if (found->spec->type == OPTION_LIST)
			set_list(reading, section, found);
		else
			set_scalar(reading, section, found);
	}
}

static struct config *config_new(void)
{
	struct config *config = memory_zalloc(sizeof(*config));

	for (int i = 0; i < SECTION_COUNT; i++)
		if (i != SECTION_PROVIDER)
			option_value_set_defaults((enum option_section)i,
						  config);
	config->providers =
	    memory_zalloc(CONFIG_PROVIDERS_MAX * sizeof(*config->providers));
	return config;
}

static struct config_provider *add_provider(struct config *config,
					    const char *name, unsigned line)
{
	struct config_provider *provider =
	    &config->providers[config->provider_count++];

	provider->name = memory_strdup(name);
	provider->line = line;
	option_value_set_defaults(SECTION_PROVIDER, provider);
	return provider;
}

static void add_providers(struct reading *reading, cfg_t *cfg)
{
	const struct config_scan *scan = &reading->scan;

	for (unsigned i = 0; i < cfg_size(cfg, "provider"); i++)
		add_provider(reading->config,
			     cfg_title(cfg_getnsec(cfg, "provider", i)),
			     scan->provider_lines[i]);
}

/* Without a provider, answers are quotes. */
static void complete_providers(struct config *config)
{
	struct config_list *list = &config->chat.providers;

	for (size_t i = 0; i < config->provider_count; i++) {
		char *url = config->providers[i].base_url;
		size_t len = strlen(url);

		while (len && url[len - 1] == '/')
			url[--len] = '\0';
	}
	if (config->provider_count == 0)
		add_provider(config, "quotes", 0)->kind = KIND_EXTRACTIVE;
	if (list->count)
		return;
	memory_free(list->items);
	list->items =
	    memory_zalloc((config->provider_count + 1) * sizeof(*list->items));
	for (size_t i = 0; i < config->provider_count; i++)
		list->items[list->count++] =
		    memory_strdup(config->providers[i].name);
}

/* The scan agrees with libconfuse, or there is a fault in one of them: then
 * no value may be taken for another's. */
static bool sections_agree(struct reading *reading, cfg_t *cfg)
{
	if (cfg_size(cfg, "provider") == reading->scan.provider_count)
		return true;
	problems_add(&reading->problems, 0, "cannot be read");
	return false;
}

static struct config *read_text(struct slice text, const char *name,
				const char *folder, struct buffer *out)
{
	struct reading reading = {.config = config_new(),
				  .problems = {.out = out, .name = name},
				  .folder = folder};
	cfg_t *cfg = NULL;

	if (config_scan(&reading.scan, text, &reading.problems))
		cfg = parse_values(&reading);
	if (cfg && sections_agree(&reading, cfg)) {
		add_providers(&reading, cfg);
		set_values(&reading, cfg);
		if (reading.problems.count == 0)
			config_check(reading.config, &reading.scan,
				     &reading.problems);
	}
	if (cfg)
		cfg_free(cfg);
	config_scan_fini(&reading.scan);
	if (reading.problems.count) {
		config_free(reading.config);
		return NULL;
	}
	complete_providers(reading.config);
	return reading.config;
}

struct config *config_parse(struct slice text, const char *path,
			    struct buffer *problems)
{
	const char *slash = strrchr(path, '/');
	char *folder =
	    memory_strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	struct config *config = read_text(text, path, folder, problems);

	memory_free(folder);
	if (config)
		config->path = memory_strdup(path);
	return config;
}

char *config_find(const char *given)
{
	static const char *const places[] = {"leat.conf",
					     LEAT_SYSCONFDIR "/leat/leat.conf"};
	const char *variable = getenv("LEAT_CONFIG");

	if (given)
		return memory_strdup(given);
	if (variable && *variable)
		return memory_strdup(variable);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return memory_strdup(places[i]);
	return NULL;
}

/* A key in the environment and no file at all: that is enough to ask a
 * model, with quotes where it fails. */
static struct config *load_without_file(void)
{
	struct config *config = config_new();
	const char *key = getenv(CONFIG_SECRET_VARIABLE);

	if (key && *key) {
		add_provider(config, "openai", 0);
		add_provider(config, "quotes", 0)->kind = KIND_EXTRACTIVE;
	}
	complete_providers(config);
	return config;
}

static struct config *load_file(const char *path, struct buffer *out)
{
	struct problems problems = {.out = out, .name = path};
	struct buffer text;
	struct config *config = NULL;
	char *whole = realpath(path, NULL);

	buffer_init(&text, 2 * 1024 * 1024);
	if (!whole || !config_secret_read_text(whole, &text))
		problems_add(&problems, 0, "cannot be read: %s",
			     strerror(errno));
	else
		config = config_parse(buffer_slice(&text), whole, out);
	if (text.data)
		explicit_bzero(text.data, text.len);
	buffer_fini(&text);
	free(whole);
	return config;
}

struct config *config_load_public(const char *path, struct buffer *problems)
{
	return path ? load_file(path, problems) : load_without_file();
}

struct config *config_load(const char *path, struct buffer *problems)
{
	struct config *config = config_load_public(path, problems);

	if (config && !config_secret_load(config, problems)) {
		config_free(config);
		config = NULL;
	}
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->provider_count; i++) {
		struct config_provider *provider = &config->providers[i];

		if (provider->key)
			explicit_bzero(provider->key, strlen(provider->key));
		memory_free(provider->key);
		memory_free(provider->name);
		option_value_free(SECTION_PROVIDER, provider);
	}
	memory_free(config->providers);
	memory_free(config->chat.system);
	memory_free(config->path);
	for (int i = 0; i < SECTION_COUNT; i++)
		if (i != SECTION_PROVIDER)
			option_value_free((enum option_section)i, config);
	memory_free(config);
}

const struct config_provider *config_find_provider(const struct config *config,
						   const char *name)
{
	for (size_t i = 0; i < config->provider_count; i++)
		if (!strcmp(config->providers[i].name, name))
			return &config->providers[i];
	return NULL;
}
