/* SPDX-License-Identifier: ISC */
/*
 * What a running pool knows of its index, told in the log: without one, or
 * with a broken one, everything goes on, and only this says why answers are
 * poor. Every worker looks, so that none keeps a replaced file open; the
 * first one tells.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "core/retriever.h"
#include "serve/worker_private.h"

static void tell(const char *path, const struct worker_index *index)
{
	if (index->passages < 0)
		log_warn("context", "%s: answering without passages: %s", path,
			 index->why);
	else
		log_info("context", "%s: %ld passages", path, index->passages);
}

void worker_index_look(struct worker *worker)
{
	struct retriever *retriever = worker->assembly.retriever;
	struct worker_index *known = &worker->index;
	struct worker_index now = {.is_known = true};
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
	if (worker->args.place.slot == 0)
		tell(worker->config->context.index, known);
}
