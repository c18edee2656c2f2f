/* SPDX-License-Identifier: ISC */
/*
 * Character references (`&amp;`, `&#8217;`) to the characters they mean.
 */
#ifndef LEAT_CONTEXT_HTML_ENTITY_H
#define LEAT_CONTEXT_HTML_ENTITY_H

#include "base/buffer.h"
#include "base/slice.h"

/* Appends what one reference, with its '&' and ';', stands for; one that
 * nobody knows is appended as it is. */
void html_entity_append(struct buffer *out, struct slice reference);

#endif
