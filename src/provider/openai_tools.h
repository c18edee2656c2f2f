/* SPDX-License-Identifier: ISC */
/*
 * The tool calls of one answer: fragments that servers number, name and
 * repeat in different ways become fragments with an index, whose id and name
 * come once.
 */
#ifndef LEAT_PROVIDER_OPENAI_TOOLS_H
#define LEAT_PROVIDER_OPENAI_TOOLS_H

#include "core/event.h"
#include "provider/text_join.h"

struct json;

enum { OPENAI_TOOLS_MAX = 64, OPENAI_TOOL_ID_MAX = 64 };

struct openai_tools {
	uint32_t count;	 /* indexes in use */
	uint32_t last;	 /* the one that the last fragment belonged to */
	uint64_t named;	 /* bit per index: its name was told */
	uint64_t filled; /* bit per index: it has arguments */
	char last_id[OPENAI_TOOL_ID_MAX];
	struct text_join join; /* of the last one's arguments */
};

/* Emits the fragment (an item of tool_calls) through `emit`. False when
 * there are too many calls. */
struct openai_tools_sink {
	void (*emit)(void *state, const struct event *event);
	void *state;
	struct buffer *scratch;
};

bool openai_tools_feed(struct openai_tools *tools, const struct json *item,
		       const struct openai_tools_sink *sink);
/* A call without arguments gets "{}": some servers leave them out. */
void openai_tools_end(struct openai_tools *tools,
		      const struct openai_tools_sink *sink);

#endif
