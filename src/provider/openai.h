/* SPDX-License-Identifier: ISC */
/*
 * The provider for any server that speaks OpenAI's Chat Completions.
 *
 * One upstream request per call (a second one only when the first was
 * refused for a request field that this upstream turns out not to know).
 * Deadlines: connection; first token (from the start of the call to the
 * first content, reasoning or tool call); idle (without a byte since).
 */
#ifndef LEAT_PROVIDER_OPENAI_H
#define LEAT_PROVIDER_OPENAI_H

#include <stddef.h>

#include "core/provider.h"

struct http_client;
struct loop;

struct openai_header {
	const char *name;
	const char *value;
};

struct openai_options {
	const char *name;
	const char *base_url; /* "https://api.openai.com/v1" */
	const char *key;      /* NULL or "": none is sent; wiped on free */
	const char *model;
	const char *const *models; /* what a client may ask for; "*": any */
	size_t model_count;
	const struct openai_header *headers;
	size_t header_count;
	unsigned connect_timeout_ms;	 /* 0: 5 s */
	unsigned first_token_timeout_ms; /* 0: 60 s */
	unsigned idle_timeout_ms;	 /* 0: 30 s */
	const char *ca_file;		 /* NULL: the system's */
	unsigned max_tokens;		 /* of an answer; 0: no limit is sent */
	size_t max_event_bytes;		 /* of one event; 0: 1 MiB */
};

/* Options are copied; client and loop outlive the provider. NULL and a fault
 * when a header or the key cannot be sent as a header. */
struct provider *openai_new(struct http_client *client, struct loop *loop,
			    const struct openai_options *options,
			    struct fault *fault);

#endif
