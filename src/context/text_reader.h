/* SPDX-License-Identifier: ISC */
/*
 * Plain text to blocks: paragraphs end at empty lines, list items begin with
 * a mark, indented stretches are code, headings are underlined with = or -
 * or begin with '#'.
 */
#ifndef LEAT_CONTEXT_TEXT_READER_H
#define LEAT_CONTEXT_TEXT_READER_H

#include "base/slice.h"
#include "context/document.h"

/* `text` is UTF-8. */
void text_reader_read(struct document *document, struct slice text);

#endif
