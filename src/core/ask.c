/* SPDX-License-Identifier: ISC */
#include "core/ask.h"

#include <math.h>

#include "base/memory.h"

struct ask *ask_new(void)
{
	struct ask *ask = memory_zalloc(sizeof *ask);

	arena_init(&ask->arena);
	ask->temperature = NAN;
	ask->top_p = NAN;
	ask->wants_context = true;
	return ask;
}

void ask_free(struct ask *ask)
{
	if (!ask)
		return;
	arena_fini(&ask->arena);
	memory_free(ask);
}
