/* SPDX-License-Identifier: ISC */
/*
 * One file becomes a document: opened carefully, converted to UTF-8, read by
 * the reader of its kind.
 */
#ifndef LEAT_CONTEXT_DOCUMENT_READER_H
#define LEAT_CONTEXT_DOCUMENT_READER_H

#include <stdatomic.h>
#include <stddef.h>

#include "context/document.h"
#include "context/file_list.h"

struct document_source {
	const char *path;
	enum file_kind kind;
	size_t max_bytes;
	const atomic_bool *cancelled; /* may be NULL */
};

/* NULL and *read_bytes, or the reason to skip it (which lives until the next
 * call). The document must be initialised and stays the caller's. */
const char *document_reader_read(struct document *document,
				 const struct document_source *source,
				 size_t *read_bytes);

#endif
