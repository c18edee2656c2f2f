/* SPDX-License-Identifier: ISC */
#include "serve/assemble.h"

#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "chat/chat.h"
#include "config/config.h"
#include "context/quote.h"
#include "context/site_retriever.h"
#include "context/word_weights.h"
#include "core/quoter.h"
#include "io/http.h"
#include "io/loop.h"
#include "policy/fallback.h"
#include "pool/descriptors.h"
#include "provider/extractive.h"
#include "provider/openai.h"
#include "web/server.h"

enum { HEADERS_MAX = 16 };

/* "Name: value" in two; the text is the arena's. */
static struct openai_header split_header(struct arena *arena, const char *text)
{
	size_t len = strcspn(text, ":");
	const char *value = text + len + (text[len] == ':');

	while (*value == ' ' || *value == '\t')
		value++;
	return (struct openai_header){.name = arena_strndup(arena, text, len),
				      .value = value};
}

static struct provider *make_openai(struct assembly *assembly,
				    const struct config *config,
				    const struct config_provider *from,
				    struct fault *fault)
{
	struct openai_header headers[HEADERS_MAX];
	struct openai_options options = {
	    .name = from->name,
	    .base_url = from->base_url,
	    .key = from->key,
	    .model = from->model,
	    .models = (const char *const *)from->models.items,
	    .model_count = from->models.count,
	    .headers = headers,
	    .connect_timeout_ms = from->connect_timeout_ms,
	    .first_token_timeout_ms = from->first_token_timeout_ms,
	    .idle_timeout_ms = from->idle_timeout_ms,
	    .ca_file = from->ca_file[0] ? from->ca_file : NULL,
	    .max_tokens = from->max_tokens,
	    .max_event_bytes = config->limits.upstream_event_bytes,
	};
	struct provider *provider;
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < from->headers.count && i < HEADERS_MAX; i++)
		headers[options.header_count++] =
		    split_header(&arena, from->headers.items[i]);
	provider = openai_new(assembly->http, assembly->loop, &options, fault);
	arena_fini(&arena);
	return provider;
}

static struct provider *make_provider(struct assembly *assembly,
				      const struct config *config,
				      const struct config_provider *from,
				      struct fault *fault)
{
	if (from->kind == KIND_EXTRACTIVE)
		return extractive_new(assembly->loop, assembly->quoter,
				      from->name);
	return make_openai(assembly, config, from, fault);
}

static bool make_providers(struct assembly *assembly,
			   const struct config *config, struct fault *fault)
{
	assembly->providers =
	    memory_zalloc(config->provider_count * sizeof(struct provider *));
	for (size_t i = 0; i < config->provider_count; i++) {
		struct provider *provider = make_provider(
		    assembly, config, &config->providers[i], fault);

		if (!provider)
			return false;
		assembly->providers[assembly->provider_count++] = provider;
	}
	return true;
}

/* What chat {} names, in its order, as one provider. */
static void make_first(struct assembly *assembly, const struct config *config)
{
	struct provider *chosen[CONFIG_PROVIDERS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < config->chat.providers.count; i++) {
		const char *name = config->chat.providers.items[i];

		for (size_t j = 0; j < assembly->provider_count; j++)
			if (!strcmp(assembly->providers[j]->name, name))
				chosen[count++] = assembly->providers[j];
	}
	assembly->first = fallback_new(chosen, count);
}

static bool needs_http(const struct config *config)
{
	for (size_t i = 0; i < config->provider_count; i++)
		if (config->providers[i].kind == KIND_OPENAI)
			return true;
	return false;
}

/* A process that answers many has libcurl before the first one asks. */
static bool make_http(struct assembly *assembly,
		      const struct assemble_options *options,
		      struct fault *fault)
{
	struct http_client_options http = {
	    .loop = assembly->loop,
	    .metrics = options->metrics,
	    .user_agent = "leat/" PACKAGE_VERSION,
	    .is_short_lived = options->is_short_lived,
	};

	if (!needs_http(options->config))
		return true;
	assembly->http = http_client_new(&http);
	return options->is_short_lived ||
	       http_client_prepare(assembly->http, fault);
}

static void make_context(struct assembly *assembly, const struct config *config)
{
	struct site_retriever_options site = {
	    .path = config->context.index,
	    .max_passages = (int)config->context.passages,
	    .max_characters = (int)config->context.characters,
	};

	assembly->weights = word_weights_new();
	site.weights = assembly->weights;
	if (config->context.index[0])
		assembly->retriever = site_retriever_new(assembly->loop, &site);
	assembly->quoter = quote_new(assembly->weights);
}

static void make_chat(struct assembly *assembly,
		      const struct assemble_options *options)
{
	const struct config_chat *chat = &options->config->chat;
	struct chat_options chat_options = {
	    .system = chat->system,
	    .journal = {.max_answer_bytes = chat->max_answer_bytes,
			.max_events = chat->max_events,
			.max_event_bytes = chat->max_event_bytes},
	    .linger_ms = chat->linger_ms,
	    .recall_timeout_ms = chat->recall_timeout_ms,
	    .total_timeout_ms = chat->total_timeout_ms,
	    .max_readers = chat->max_readers,
	    .max_turns = options->config->limits.turns_per_worker,
	    .snippet_bytes = options->config->context.snippet_bytes,
	    .logs_questions = options->config->log_questions,
	};
	struct chat_parts parts = {
	    .loop = assembly->loop,
	    .metrics = options->metrics,
	    .provider = assembly->first,
	    .providers = assembly->providers,
	    .provider_count = assembly->provider_count,
	    .retriever = assembly->retriever,
	    .self = options->self,
	};

	assembly->chat = chat_new(&chat_options, &parts);
}

bool assemble_init(struct assembly *assembly,
		   const struct assemble_options *options, struct fault *fault)
{
	memset(assembly, 0, sizeof(*assembly));
	assembly->loop = loop_new();
	make_context(assembly, options->config);
	if (!make_http(assembly, options, fault) ||
	    !make_providers(assembly, options->config, fault)) {
		assemble_fini(assembly);
		return false;
	}
	make_first(assembly, options->config);
	make_chat(assembly, options);
	return true;
}

void assemble_fini(struct assembly *assembly)
{
	chat_free(assembly->chat);
	if (assembly->first)
		assembly->first->ops->free(assembly->first);
	for (size_t i = 0; i < assembly->provider_count; i++)
		assembly->providers[i]->ops->free(assembly->providers[i]);
	memory_free(assembly->providers);
	if (assembly->quoter)
		assembly->quoter->free(assembly->quoter);
	if (assembly->retriever)
		assembly->retriever->ops->free(assembly->retriever);
	word_weights_free(assembly->weights);
	http_client_free(assembly->http);
	loop_free(assembly->loop);
	memset(assembly, 0, sizeof(*assembly));
}

static void copy_list(const char **to, const struct config_list *from)
{
	for (size_t i = 0; i < from->count && i < SERVER_LIST_MAX; i++)
		to[i] = from->items[i];
}

/* Every process of this installation must come to the same one. */
static const char *notes_dir(const struct config *config)
{
	const char *temporary = getenv("TMPDIR");

	if (access(config->runtime_dir, W_OK | X_OK) == 0)
		return config->runtime_dir;
	return temporary && temporary[0] == '/' ? temporary : P_tmpdir;
}

void assemble_server_options(const struct config *config,
			     struct server_options *options)
{
	const struct config_limits *limits = &config->limits;

	*options = (struct server_options){
	    .mount = config->mount,
	    .max_params_bytes = limits->params_bytes,
	    .max_body_bytes = limits->body_bytes,
	    .max_held_bytes = limits->held_bytes,
	    .max_unwritten_bytes = limits->unwritten_bytes,
	    .request_timeout_ms = limits->request_timeout_ms,
	    .heartbeat_ms = limits->heartbeat_ms,
	    .write_timeout_ms = limits->write_timeout_ms,
	    .long_poll_ms = config->chat.long_poll_ms,
	    .answer_timeout_ms = config->chat.answer_timeout_ms,
	    .max_streams = limits->streams_per_worker,
	    .max_all_streams = limits->streams,
	    .max_unanswered = descriptors_streams(),
	    .max_streams_per_address = limits->streams_per_address,
	    .max_query_bytes = limits->query_bytes,
	    .max_messages = limits->messages,
	    .max_selftests = limits->selftests,
	    .selftest_timeout_ms = limits->selftest_time_ms,
	    .notes_dir = notes_dir(config),
	    .allow_system_role = config->chat.allow_system_role,
	};
	if (options->max_streams == 0)
		options->max_streams = descriptors_streams();
	copy_list(options->cors_origins, &config->cors_origins);
	copy_list(options->metrics_allow, &config->metrics_allow);
	copy_list(options->trusted_proxies, &config->trusted_proxies);
	copy_list(options->routes_off, &config->routes_off);
}
