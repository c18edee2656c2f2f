/* SPDX-License-Identifier: ISC */
/*
 * Writes an index (context/index_format.h) into an empty file: documents one
 * after the other, then finish(). Not for use after a failure.
 */
#ifndef LEAT_CONTEXT_INDEX_WRITER_H
#define LEAT_CONTEXT_INDEX_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "context/document.h"

struct index_writer;

/* NULL and a fault. `cancelled` is borrowed and may be NULL: operations fail
 * soon after it was set. */
struct index_writer *index_writer_new(const char *path,
				      const atomic_bool *cancelled,
				      struct fault *fault);
/* Without finish(): what was written is no index. */
void index_writer_free(struct index_writer *writer);

/* All passages of a document; its address is complete but for the anchor.
 * False and a fault: the writer cannot go on. */
bool index_writer_add(struct index_writer *writer,
		      const struct document *document, struct slice url,
		      struct fault *fault);
/* Makes the file an index; nothing can be added any more. */
bool index_writer_finish(struct index_writer *writer, struct fault *fault);
size_t index_writer_passages(const struct index_writer *writer);

#endif
