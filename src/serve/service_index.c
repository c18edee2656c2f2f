/* SPDX-License-Identifier: ISC */
/*
 * What a running process knows of its index, told in the log: without one, or
 * with a broken one, everything goes on, and only this says why answers are
 * poor. Every worker of a pool looks, so that none keeps a replaced file
 * open; the first one tells.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "core/retriever.h"
#include "serve/service.h"

static void tell(const char *path, const struct service_index *index)
{
	if (index->passages < 0)
		log_warn("context", "%s: answering without passages: %s", path,
			 index->why);
	else
		log_info("context", "%s: %ld passages", path, index->passages);
}

void service_index_look(struct service *service)
{
	struct retriever *retriever = service->assembly.retriever;
	struct service_index *known = &service->index;
	struct service_index now = {.is_known = true};
	const char *why = NULL;

	if (!retriever)
		return;
	now.passages = retriever->ops->size(retriever, &why);
	if (now.passages < 0 && why)
		snprintf(now.why, sizeof now.why, "%s", why);
	if (known->is_known && known->passages == now.passages &&
	    !strcmp(known->why, now.why))
		return;
	*known = now;
	if (!service->is_quiet)
		tell(service->config->context.index, known);
}
