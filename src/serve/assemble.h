/* SPDX-License-Identifier: ISC */
/*
 * The composition root: the one place that names concrete providers, the
 * retriever and policies, and fills the option structs of modules from the
 * configuration. Used by a worker and by `leat ask`.
 *
 * The configuration must live as long as what was made from it only where a
 * module says so; here nothing keeps a pointer into it but options of the
 * server (assemble_server_options()), which server_new() copies.
 */
#ifndef LEAT_SERVE_ASSEMBLE_H
#define LEAT_SERVE_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/ids.h"

struct chat;
struct config;
struct http_client;
struct loop;
struct metrics;
struct provider;
struct quoter;
struct retriever;
struct server_options;
struct word_weights;

struct assemble_options {
	const struct config *config; /* with its keys */
	struct metrics *metrics;     /* outlives the assembly */
	struct turn_place self;
	bool is_short_lived; /* one turn, then gone */
};

struct assembly {
	struct loop *loop;
	struct http_client *http; /* NULL: no provider needs it */
	struct word_weights *weights;
	struct retriever *retriever; /* NULL: no index is configured */
	struct quoter *quoter;
	struct provider **providers; /* as configured */
	size_t provider_count;
	struct provider *first; /* wraps those of chat {}, in their order */
	struct chat *chat;
};

/* False and a fault: a provider cannot be made. Nothing is left then. */
bool assemble_init(struct assembly *assembly,
		   const struct assemble_options *options, struct fault *fault);
/* Every turn, request and search has ended. */
void assemble_fini(struct assembly *assembly);

/* Borrows texts of the configuration. */
void assemble_server_options(const struct config *config,
			     struct server_options *options);

#endif
