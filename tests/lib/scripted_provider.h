/* SPDX-License-Identifier: ISC */
/*
 * A provider that does what the test tells it to, when it tells it to: one
 * call at a time.
 */
#ifndef LEAT_TESTS_SCRIPTED_PROVIDER_H
#define LEAT_TESTS_SCRIPTED_PROVIDER_H

#include "core/provider.h"

struct scripted_provider {
	struct provider base;
	const char *allowed_model; /* beside none; may be NULL */
	int starts;
	int cancels;
	char asked_model[64];		  /* of the last start */
	const struct provider_sink *sink; /* NULL: no call runs */
};

void scripted_provider_init(struct scripted_provider *provider,
			    const char *name);
bool scripted_provider_content(struct scripted_provider *provider,
			       const char *text);
bool scripted_provider_emit(struct scripted_provider *provider,
			    const struct event *event);
void scripted_provider_end(struct scripted_provider *provider);
void scripted_provider_fail(struct scripted_provider *provider,
			    enum error_code code);

#endif
