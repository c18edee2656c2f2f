/* SPDX-License-Identifier: ISC */
/*
 * The short way through a chunk: most of them bring a few letters of content
 * and nothing else, and parsing each into a tree of objects costs more than
 * all else that leat does with it in user space.
 *
 * It knows one shape, exactly, and refuses everything that it would have to
 * judge: those chunks go through json_parse(). What it takes means the same
 * there. Pure, and without memory of its own.
 */
#ifndef LEAT_PROVIDER_OPENAI_CHUNK_H
#define LEAT_PROVIDER_OPENAI_CHUNK_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

struct openai_chunk {
	/* Empty: none. Not checked to be UTF-8, as with json_parse(). */
	struct slice content;
	struct slice model;
};

/* False: not that shape, or not JSON. The content lies in the text, or in
 * scratch (which is cleared) when it had escapes. */
bool openai_chunk_read(struct openai_chunk *chunk, struct slice text,
		       struct buffer *scratch);

#endif
